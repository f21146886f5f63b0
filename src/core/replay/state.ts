import type { EventId, SessionId } from '../ids.ts'
import { sessionStream } from '../ids.ts'
import type { Log } from '../ports.ts'
import { openState } from '../session/open.ts'
import { lastEvent, sessionAt } from '../session/past.ts'
import { valuesOf } from '../state/fold.ts'
import { compareValues } from './comparator.ts'
import type { ReplayReport } from './report.ts'
import { readStepFrames } from './step-frames.ts'

/**
 * State replay: folds every recorded event anew, in clock order, and compares the outcome with the state as the session
 * shows it. Up to an older event there is nothing it could be compared with.
 */
export async function replayState(
  log: Log,
  session: SessionId,
  options: { readonly to?: EventId; readonly signal?: AbortSignal } = {},
): Promise<ReplayReport> {
  const newest = await lastEvent(log, session)
  const to = options.to ?? newest.id
  const [past, recording, entries] = await Promise.all([
    sessionAt(log, session, to),
    readStepFrames(log, session, to, options.signal),
    openState(log, sessionStream(session)),
  ])
  const isNewest = to === newest.id
  const differences = isNewest ? compareValues(valuesOf(entries), past.state) : []
  const unfinished = recording.steps.filter(({ end }) => end === undefined).length
  return {
    mode: 'state',
    events: recording.events,
    steps: { rerun: 0, answered: recording.steps.length - unfinished, unfinished, missing: [] },
    hooks: { rerun: 0, withheld: 0, missing: [] },
    divergences: differences.map(({ path, expected, got }) => ({
      kind: 'state',
      subject: path.split('.')[0] ?? '',
      eventId: to,
      path,
      expected,
      got,
    })),
    verdict: differences.length > 0 ? 'diverged' : isNewest ? 'same' : 'nothing to check',
  }
}
