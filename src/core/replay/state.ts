import { assertGoing } from '../artifact/byte-source.ts'
import { createError } from '../errors.ts'
import { type SessionId, sessionStream } from '../ids.ts'
import type { Log } from '../ports.ts'
import { openState } from '../session/open.ts'
import { lastEvent, sessionAt } from '../session/past.ts'
import { valuesOf } from '../state/fold.ts'
import { splitEntryKey } from '../state/scope.ts'
import type { StateValue } from '../state/value.ts'
import { compareValues, type Difference } from './comparator.ts'
import { assertKnown, type ReplayOptions, verdictOf } from './exact.ts'
import { createStepGatherer, readFrames } from './frames.ts'
import type { ReplayReport } from './report.ts'

/** How often the comparison begins anew where other tabs write meanwhile. */
const MAX_ATTEMPTS = 5

/**
 * Replays the state: folds every recorded event anew, in clock order, and compares the outcome with the state as the
 * session shows it. Up to an older event there is nothing that it could be compared with. Stores nothing.
 *
 * @throws SESSION_NOT_FOUND, EVENT_NOT_FOUND; CONFLICT where other tabs never stop writing; ABORTED
 */
export async function replayState(
  log: Log,
  session: SessionId,
  options: ReplayOptions = {},
): Promise<ReplayReport> {
  const { to, signal } = options
  await assertKnown(log, session, to)
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    assertGoing(signal)
    const newest = await lastEvent(log, session)
    const until = to ?? newest.id
    const past = await sessionAt(log, session, until)
    const entries = await openState(log, sessionStream(session))
    if ((await lastEvent(log, session)).id !== newest.id) continue
    const isNewest = until === newest.id
    const differences = isNewest ? compareValues(shownState(valuesOf(entries)), shownState(past.state)) : []
    return report(await countSteps(log, session, { ...options, to: until }), differences, until, isNewest)
  }
  throw createError('CONFLICT', `Session ${session} was written to all the while; replay it again later.`, {
    id: session,
  })
}

type Counted = Pick<ReplayReport, 'events' | 'steps'>

async function countSteps(log: Log, session: SessionId, { to, onProgress }: ReplayOptions): Promise<Counted> {
  const gatherer = createStepGatherer()
  let events = 0
  let answered = 0
  for await (const batch of readFrames(log, session, to)) {
    for (const event of batch) answered += gatherer.take(event, undefined).length
    events += batch.length
    onProgress?.(events, null)
  }
  const rest = gatherer.end()
  const unfinished = rest.filter(({ end }) => end === undefined).length
  return {
    events,
    steps: { rerun: 0, answered: answered + rest.length - unfinished, withheld: 0, unfinished, missing: [] },
  }
}

/** By keys as people read them: `agent:planner/progress`. */
function shownState(values: Readonly<Record<string, StateValue>>): StateValue {
  const shown = Object.entries(values).map(([entryKey, value]) => {
    const { scope, key } = splitEntryKey(entryKey)
    return [scope === undefined ? key : `${scope}/${key}`, value]
  })
  return Object.fromEntries(shown)
}

function report(
  counted: Counted,
  differences: readonly Difference[],
  eventId: NonNullable<ReplayOptions['to']>,
  isCompared: boolean,
): ReplayReport {
  const divergences = differences.map(({ path, expected, got }) => {
    const [subject = ''] = path.split('.')
    return { kind: 'state', subject, eventId, path, expected, got } as const
  })
  return {
    mode: 'state',
    ...counted,
    hooks: { rerun: 0, withheld: 0, missing: [] },
    divergences,
    verdict: verdictOf(isCompared ? 1 : 0, divergences),
  }
}
