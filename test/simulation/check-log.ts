/** What every log has to be like, whatever was tried: each thing was allowed when it arrived, and happened once. */
import type { CommitRow } from '../../src/core/commit.ts'
import { STORE_STREAM } from '../../src/core/ids.ts'
import { PERMISSIONS, type Status, statusAfter, type Verb } from '../../src/core/session/status.ts'
import type { StoredEvent } from '../../src/core/timeline/event.ts'
import type { DatabaseContent } from '../../src/testing/database-content.ts'

const VERB_BY_TYPE: Readonly<Record<string, Verb>> = {
  'session.suspended': 'suspend',
  'session.resumed': 'resume',
  'session.completed': 'complete',
  'session.failed': 'fail',
  'session.reopened': 'reopen',
  'session.archived': 'archive',
  'session.unarchived': 'unarchive',
}

const ALLOWED_BY_TYPE: Readonly<Record<string, readonly Status[]>> = {
  'state.changed': PERMISSIONS['state.write'],
  'app.note': PERMISSIONS.emit,
  'artifact.stored': PERMISSIONS['artifact.store'],
  'artifact.edited': PERMISSIONS['artifact.tag'],
  'artifact.deleted': PERMISSIONS['artifact.delete'],
  'session.edited': PERMISSIONS.edit,
  'session.saved': PERMISSIONS.save,
  'session.restored': PERMISSIONS.restore,
  'run.started': PERMISSIONS.run,
}

export function checkLog({ rowsByStream }: DatabaseContent): readonly string[] {
  const problems: string[] = []
  for (const [stream, rows] of rowsByStream) {
    const events = rows.flatMap((row) => row.events)
    if (stream !== STORE_STREAM && !stream.startsWith('/')) problems.push(...checkStatuses(stream, rows))
    problems.push(...checkOnce(stream, events), ...checkRuns(stream, events))
  }
  return problems
}

/**
 * In order of arrival, which is the order in which the operations were decided. Those of one row were decided together,
 * and stand in it by their clocks: what one of them needed may have been so at any moment of the row.
 */
function* checkStatuses(stream: string, rows: readonly CommitRow[]): Iterable<string> {
  let status: Status | undefined
  let archivedFrom: Exclude<Status, 'archived'> | undefined
  for (const { events } of rows) {
    const statuses = new Set(status === undefined ? [] : [status])
    for (const { type, id } of events) {
      const verb = VERB_BY_TYPE[type]
      if (type === 'session.created' && status !== undefined) yield `${stream} was created twice.`
      if (type === 'session.created') status = 'active'
      if (status === undefined) {
        yield `${stream} has ${type} before it was created.`
        return
      }
      if (verb !== undefined) {
        const next = statusAfter({ status, ...(archivedFrom && { archivedFrom }) }, verb)
        if (next === undefined) yield `${stream} has ${type} (${id}) while ${status}.`
        if (next === 'archived' && status !== 'archived') archivedFrom = status
        status = next ?? status
      }
      statuses.add(status)
    }
    for (const { type, id, data } of events) {
      // The deletion of its parent is no edit.
      const isAllowed = ALLOWED_BY_TYPE[type]?.some((allowed) => statuses.has(allowed)) ?? true
      const isOrphaning = (data as { readonly orphaned?: unknown }).orphaned === true
      if (!isAllowed && !isOrphaning) yield `${stream} has ${type} (${id}) while ${[...statuses].join(', ')}.`
    }
  }
}

/** A step is completed once for each start, a run's step once, a run begins and ends once. */
function* checkOnce(stream: string, events: readonly StoredEvent[]): Iterable<string> {
  const seen = new Set<string>()
  for (const event of events) {
    for (const what of namesOf(event)) {
      if (seen.has(what)) yield `${stream} has ${what} twice.`
      seen.add(what)
    }
  }
}

/** Nothing is recorded of a run by one who lost it: not after it ended, nor while nobody owns it. */
function* checkRuns(stream: string, events: readonly StoredEvent[]): Iterable<string> {
  const isRunning = new Map<unknown, boolean>()
  for (const { type, data, id } of events) {
    const { runId } = data as { readonly runId?: unknown }
    if (runId === undefined) continue
    const isOwners = type === 'step.completed' || type === 'run.completed' || type === 'run.failed'
    if (isOwners && isRunning.get(runId) === false)
      yield `${stream} has ${type} (${id}) of ${runId} after it stood still.`
    if (type === 'run.started' || type === 'run.resumed') isRunning.set(runId, true)
    if (['run.completed', 'run.failed', 'run.cancelled', 'run.blocked'].includes(type))
      isRunning.set(runId, false)
  }
}

function namesOf({ type, data }: StoredEvent): readonly string[] {
  const field = (name: string): unknown => (data as Readonly<Record<string, unknown>>)[name]
  switch (type) {
    case 'step.completed':
      return [
        `an end of step ${field('startedId')}`,
        ...(field('runId') === undefined ? [] : [`a result of step ${field('key')} of ${field('runId')}`]),
      ]
    case 'step.failed':
      return [`an end of step ${field('startedId')}`]
    case 'run.started':
      return [`a start of run ${field('runId')}`]
    case 'run.completed':
    case 'run.failed':
    case 'run.cancelled':
      return [`an end of run ${field('runId')}`]
    case 'run.resumed':
      return [`epoch ${field('epoch')} of run ${field('runId')}`]
    case 'session.deleted':
      return [`a deletion of ${field('id')}`]
    default:
      return []
  }
}
