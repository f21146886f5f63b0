import * as Y from 'yjs'

/** Merging many updates at once costs by the square of their number; by sixty-four it does not. */
const MERGED_AT_ONCE = 64

/** One update (v1) that says what all of them say. */
export function mergeUpdates(updates: readonly Uint8Array[]): Uint8Array {
  let level = updates
  while (level.length > 1) {
    const next: Uint8Array[] = []
    for (let at = 0; at < level.length; at += MERGED_AT_ONCE)
      next.push(Y.mergeUpdates(level.slice(at, at + MERGED_AT_ONCE)))
    level = next
  }
  return level[0] ?? EMPTY_UPDATE
}

/** No structs, no deletions. */
const EMPTY_UPDATE = Uint8Array.of(0, 0)
