/**
 * Values that stand aside take their time until they are stored. What is written to their keys after them waits for them, so
 * that it comes after them, and finds that its key is a sensitive one.
 */
import type { StreamId } from '../core/ids.ts'
import type { WriteState } from '../core/session/input.ts'
import { placeOf } from '../core/session/place.ts'
import { entryKeyOf } from '../core/state/scope.ts'

export type InAsideOrder = <Result>(input: WriteState, write: () => Promise<Result>) => Promise<Result>

export function createAsideOrder(): InAsideOrder {
  /** By stream and key of the entry, the last write that somebody would have to wait for. */
  const pending = new Map<string, Promise<void>>()

  return (input, write) => {
    // What is no list of changes is refused where it is written.
    if (!isList(input.changes)) return write()
    const isAside = hasAside(input)
    if (pending.size === 0 && !isAside) return write()
    const { stream } = placeOf(input.target)
    const keys = input.changes.map((change) => keyOf(stream, entryKeyOf(change)))
    const before = keys.flatMap((key) => pending.get(key) ?? [])
    if (before.length === 0 && !isAside) return write()
    const writing = Promise.all(before).then(write)
    const over = writing.then(
      () => {},
      () => {},
    )
    for (const key of keys) pending.set(key, over)
    void over.then(() => {
      for (const key of keys) if (pending.get(key) === over) pending.delete(key)
    })
    return writing
  }
}

function isList(changes: unknown): boolean {
  return Array.isArray(changes) && changes.every((change) => typeof change === 'object' && change !== null)
}

function hasAside({ changes }: WriteState): boolean {
  return changes.some((change) => change.class !== undefined && change.class !== 'standard')
}

function keyOf(stream: StreamId, entryKey: string): string {
  return JSON.stringify([stream, entryKey])
}
