import type { Clock, EventId, WriterId } from '../../src/core/ids.ts'
import { clockAt, idAt } from '../../src/core/ids.ts'
import type { Delta, Entry } from '../../src/core/state/delta.ts'
import type { StateValue } from '../../src/core/state/value.ts'

/** The stamp of one tick of one writer, as events have it. */
export function stamp(tick: number, writer = 0): EventId {
  return idAt((clockAt(1_700_000_000_000) + tick) as Clock, writerId(writer))
}

export function writerId(writer: number): WriterId {
  return `8000-${String(writer).padStart(12, '0')}` as WriterId
}

export function entry(key: string, value: StateValue | undefined, tick: number, writer = 0): Entry {
  const at = stamp(tick, writer)
  return value === undefined ? { key, at } : { key, value, at }
}

export function delta(key: string, value: StateValue | undefined, tick: number, writer = 0): Delta {
  return { map: 'state', ...entry(key, value, tick, writer) }
}

export function byKey(entries: Iterable<Entry>): readonly Entry[] {
  return [...entries].sort((a, b) => (a.key < b.key ? -1 : 1))
}
