import type { WriterId } from '../core/ids.ts'
import type { Entropy } from '../core/ports.ts'

/** A new writer: the last two groups of a random UUID, new at each start, so that two lives never share their numbers. */
export function newWriterId(entropy: Entropy): WriterId {
  const bytes = entropy.randomBytes(8)
  // The variant bits of RFC 9562, which stand at the head of the first group.
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 4)}-${hex.slice(4)}` as WriterId
}
