import type { ArtifactRecord } from '../artifact/record.ts'
import type { EventId, SessionId } from '../ids.ts'
import type { Log } from '../ports.ts'
import { sessionAt } from '../session/past.ts'
import type { Status } from '../session/status.ts'
import type { StateValue } from '../state/value.ts'
import { compareValues } from './comparator.ts'
import { shownState } from './state.ts'

/** One place in the state that is another one at the second of two moments. */
export interface StateDifference {
  readonly kind: 'added' | 'removed' | 'changed'
  /** Dotted, from the key on; keys of scopes as `agent:planner/progress`. */
  readonly path: string
  /** null where there was none. */
  readonly from: StateValue
  /** null where there is none. */
  readonly to: StateValue
}

/** How a session differs between two of its moments. */
export interface SessionDiff {
  readonly from: EventId
  readonly to: EventId
  /** By key; of each key the first 20. */
  readonly state: readonly StateDifference[]
  /** Absent where it is the same. */
  readonly status?: { readonly from: Status; readonly to: Status }
  readonly artifacts: {
    readonly added: readonly ArtifactRecord[]
    readonly removed: readonly ArtifactRecord[]
  }
}

/**
 * Compares a session right after one event with the session right after another. Which of the two is older does not
 * matter: what is added in one direction is removed in the other.
 *
 * @throws SESSION_NOT_FOUND, EVENT_NOT_FOUND
 */
export async function diffSession(log: Log, id: SessionId, from: EventId, to: EventId): Promise<SessionDiff> {
  const [a, b] = await Promise.all([sessionAt(log, id, from), sessionAt(log, id, to)])
  const [before, after] = [shownState(a.state), shownState(b.state)]
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  const without = (those: readonly ArtifactRecord[], others: readonly ArtifactRecord[]) =>
    those.filter((one) => !others.some((other) => other.id === one.id))
  return {
    from,
    to,
    state: keys.flatMap((key) => differencesOf(member(before, key), member(after, key))),
    ...(a.record.status === b.record.status
      ? {}
      : { status: { from: a.record.status, to: b.record.status } }),
    artifacts: {
      added: without(b.artifacts, a.artifacts),
      removed: without(a.artifacts, b.artifacts),
    },
  }
}

type Values = { readonly [key: string]: StateValue }

function member(values: Values, key: string): Values {
  const value = Object.hasOwn(values, key) ? values[key] : undefined
  return value === undefined ? {} : { [key]: value }
}

function differencesOf(before: Values, after: Values): readonly StateDifference[] {
  return compareValues(before, after).map(({ path, expected, got, missing }) => ({
    kind: missing === undefined ? 'changed' : missing === 'expected' ? 'added' : 'removed',
    path,
    from: expected,
    to: got,
  }))
}
