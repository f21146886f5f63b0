import type { HeadKey, HeadReader, HeadWrite, RowChange, RowChangeOf } from '../commit.ts'
import { clockOfId, type EventId, type RunId, sessionStream, timeOfId } from '../ids.ts'
import { doing, type Request } from '../request.ts'
import { requireHead, sessionHeadKey } from '../session/head.ts'
import { type Action, assertPermitted } from '../session/status.ts'
import type { EventDataByType } from '../timeline/catalog.ts'
import { observeCause } from '../timeline/correlation.ts'
import type { StoredEvent } from '../timeline/event.ts'
import { type EventFrame, frameOf, makeEvent } from '../timeline/make-event.ts'
import type { StepDeps } from './deps.ts'
import { type RunHead, runHeadKey } from './head.ts'
import type { RunRow } from './record.ts'
import { runRef } from './recording.ts'

type RunEventType =
  | 'run.started'
  | 'run.resumed'
  | 'run.completed'
  | 'run.failed'
  | 'run.blocked'
  | 'run.cancelled'

export type RunEvent = {
  readonly [Type in RunEventType]: { readonly type: Type; readonly data: EventDataByType[Type] }
}[RunEventType]

/** What becomes of a run in one commit: an event, its head row and its row. */
export interface RunDecision {
  readonly event: RunEvent
  readonly head: RunHead
  readonly row: { readonly put: RunRow } | Pick<Extract<RowChangeOf<'runs'>, { change: unknown }>, 'change'>
  readonly heads?: readonly HeadWrite[]
  readonly rows?: readonly RowChange[]
  /** Further events, after the run's own. */
  more?(frame: EventFrame): readonly StoredEvent[]
}

export interface RunChange {
  readonly run: Pick<RunRow, 'id' | 'sessionId' | 'correlationId'> & Partial<Pick<RunRow, 'startedBy'>>
  readonly permission: Action
  readonly heads?: readonly HeadKey[]
  /** Undefined where the heads say that there is nothing to change any more. */
  decide(known: {
    readonly heads: HeadReader
    readonly eventId: EventId
    readonly at: number
  }): RunDecision | undefined
  /** Called when nothing was stored. */
  abandon?(): Promise<void>
}

export type RunOutcome =
  | { readonly kind: 'stored' }
  | { readonly kind: 'unchanged' }
  /** The request had been performed before, on this run. */
  | { readonly kind: 'repeated'; readonly runId: RunId }

/** Commits a change of a run, strictly: who owns a run, and how it ended, survives a power cut. */
export async function commitRun(
  deps: Pick<StepDeps, 'journal' | 'clock'>,
  request: Request,
  change: RunChange,
): Promise<RunOutcome> {
  const { journal, clock } = deps
  const { run, permission } = change
  observeCause(clock, request)
  const causeId = request.causeId ?? run.startedBy
  const frame = { ...frameOf(request, run.correlationId), ...(causeId === undefined ? {} : { causeId }) }
  try {
    const outcome = await journal.commit<'stored' | 'unchanged'>({
      requestId: request.id,
      mayRepeat: request.mayRepeat,
      ...doing(request),
      durability: 'strict',
      heads: [sessionHeadKey(run.sessionId), runHeadKey(run.id), ...(change.heads ?? [])],
      ...(request.signal === undefined ? {} : { signal: request.signal }),
      decide(heads) {
        const session = requireHead(heads, run.sessionId)
        assertPermitted(session, permission)
        clock.observe(clockOfId(session.revision), 'database')
        const eventId = clock.nextId<EventId>()
        const decided = change.decide({ heads, eventId, at: timeOfId(eventId) })
        if (decided === undefined) return { result: 'unchanged', resultId: run.id, writes: [] }
        const { event, head, row } = decided
        const events = [makeEvent(eventId, event.type, event.data, frame), ...(decided.more?.(frame) ?? [])]
        return {
          result: 'stored',
          resultId: run.id,
          writes: [{ stream: sessionStream(run.sessionId), events, refs: [runRef(run.id)] }],
          heads: [{ key: runHeadKey(run.id), value: head }, ...(decided.heads ?? [])],
          rows: [{ table: 'runs', key: run.id, ...row }, ...(decided.rows ?? [])],
        }
      },
    })
    if (outcome.repeated) {
      await change.abandon?.()
      return { kind: 'repeated', runId: outcome.resultId as RunId }
    }
    if (outcome.result === 'unchanged') await change.abandon?.()
    return { kind: outcome.result }
  } catch (error) {
    await change.abandon?.()
    throw error
  }
}
