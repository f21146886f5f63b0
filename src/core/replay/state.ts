import { assertGoing } from '../artifact/byte-source.ts'
import { createError } from '../errors.ts'
import { type EventId, type SessionId, sessionStream } from '../ids.ts'
import type { Log } from '../ports.ts'
import { openState } from '../session/open.ts'
import { lastEvent, sessionAt } from '../session/past.ts'
import { valuesOf } from '../state/fold.ts'
import { splitEntryKey } from '../state/scope.ts'
import type { StateValue } from '../state/value.ts'
import { compareValues, type Difference } from './comparator.ts'
import type { CompareRules } from './compare-rules.ts'
import type { Divergence } from './report.ts'

/** How often the comparison begins anew where other tabs write meanwhile. */
const MAX_ATTEMPTS = 5

/** What a state replay came to. */
export interface ComparedState {
  readonly divergences: readonly Divergence[]
  /** false up to an older event: there is nothing that it could be compared with. */
  readonly isCompared: boolean
}

/**
 * Folds every recorded event anew, in clock order, and compares the outcome with the state as the session shows it.
 *
 * @throws SESSION_NOT_FOUND, EVENT_NOT_FOUND; CONFLICT where other tabs never stop writing; ABORTED
 */
export async function compareState(
  log: Log,
  session: SessionId,
  rules: CompareRules,
  { to, signal }: { readonly to?: EventId | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<ComparedState> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    assertGoing(signal)
    const newest = await lastEvent(log, session)
    const until = to ?? newest.id
    const past = await sessionAt(log, session, until)
    const entries = await openState(log, sessionStream(session))
    if ((await lastEvent(log, session)).id !== newest.id) continue
    if (until !== newest.id) return { divergences: [], isCompared: false }
    const differences = compareValues(shownState(valuesOf(entries)), shownState(past.state), rules)
    return { divergences: differences.map((one) => divergence(one, until)), isCompared: true }
  }
  throw createError('CONFLICT', `Session ${session} was written to all the while; replay it again later.`, {
    id: session,
  })
}

/** By keys as people read them: `agent:planner/progress`. */
export function shownState(values: Readonly<Record<string, StateValue>>): {
  readonly [key: string]: StateValue
} {
  const shown = Object.entries(values).map(([entryKey, value]) => {
    const { scope, key } = splitEntryKey(entryKey)
    return [scope === undefined ? key : `${scope}/${key}`, value]
  })
  return Object.fromEntries(shown)
}

function divergence({ path, expected, got, severity }: Difference, eventId: EventId): Divergence {
  const [subject = ''] = path.split('.')
  return { kind: 'state', subject, eventId, path, expected, got, severity }
}
