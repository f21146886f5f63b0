import { type EventId, type RunId, type SessionId, timeOfId, writerOfId } from '../ids.ts'
import type { RunBlock, RunRow } from '../run/record.ts'
import type { EventDataByType, EventType } from '../timeline/catalog.ts'
import type { StoredEvent } from '../timeline/event.ts'

/** What the events of a session say of its runs. */
export interface FoldedRuns {
  readonly runs: readonly RunRow[]
  /** Of each name and key, the run that was begun last. */
  readonly named: readonly { readonly name: string; readonly key: string; readonly run: RunId }[]
}

/** @param events in order of arrival: that is how the changes of a run were decided, whatever the clocks of its tabs */
export function foldRuns(sessionId: SessionId, events: readonly StoredEvent[]): FoldedRuns {
  const byId = new Map<RunId, RunRow>()
  const named = new Map<string, FoldedRuns['named'][number]>()
  const change = (id: RunId, event: StoredEvent, told: (run: RunRow) => RunRow) => {
    const run = byId.get(id)
    if (run !== undefined) byId.set(id, { ...told(run), updatedAt: timeOfId(event.id) })
  }
  for (const event of events) {
    switch (event.type) {
      case 'run.started': {
        const run = begun(sessionId, event)
        byId.set(run.id, run)
        const { name, key } = run
        if (key !== undefined) named.set(JSON.stringify([name, key]), { name, key, run: run.id })
        break
      }
      case 'run.resumed': {
        const { runId, epoch } = dataOf(event, 'run.resumed')
        change(runId, event, ({ blocked: _, ...run }) => {
          return { ...run, status: 'running', epoch, owner: writerOfId(event.id) }
        })
        break
      }
      case 'run.completed': {
        const { runId, result } = dataOf(event, 'run.completed')
        change(runId, event, (run) => ({ ...run, status: 'done', result }))
        break
      }
      case 'run.failed': {
        const { runId, error } = dataOf(event, 'run.failed')
        change(runId, event, (run) => ({ ...run, status: 'failed', error }))
        break
      }
      case 'run.blocked': {
        const { runId, ...block } = dataOf(event, 'run.blocked')
        change(runId, event, (run) => ({ ...run, status: 'blocked', blocked: block as RunBlock }))
        break
      }
      case 'run.cancelled': {
        const { runId } = dataOf(event, 'run.cancelled')
        change(runId, event, (run) => ({ ...run, status: 'cancelled', epoch: run.epoch + 1 }))
        break
      }
    }
  }
  return { runs: [...byId.values()], named: [...named.values()] }
}

/**
 * The row that a run should have: what its events tell, and of the present row what none of them does. Who owns it and
 * how often it was resumed in vain, only the row knows, as long as it is the row of the same epoch.
 */
export function withUntold(told: RunRow, present: RunRow | undefined): RunRow {
  if (present?.epoch !== told.epoch) return told
  const { owner, resumes, blocked } = present
  const block = told.blocked && blocked ? { ...blocked, ...told.blocked } : told.blocked
  return { ...told, owner, resumes, ...(block && { blocked: block }) }
}

function begun(sessionId: SessionId, event: StoredEvent): RunRow {
  const { runId, name, key } = dataOf(event, 'run.started')
  const at = timeOfId(event.id)
  return {
    id: runId,
    sessionId,
    correlationId: event.correlationId,
    name,
    ...(key === undefined ? {} : { key }),
    status: 'running',
    owner: writerOfId(event.id),
    epoch: 1,
    startedBy: event.id satisfies EventId,
    createdAt: at,
    updatedAt: at,
    resumes: 0,
  }
}

/** A stored row says by its type what its data is; this is the one place where the fold of runs believes it. */
function dataOf<Type extends EventType>(event: StoredEvent, _type: Type): EventDataByType[Type] {
  return event.data as EventDataByType[Type]
}
