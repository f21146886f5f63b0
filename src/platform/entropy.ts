import type { Entropy } from '../core/ports.ts'

/** What one call of `getRandomValues` gives at most. */
const MAX_BYTES_PER_CALL = 65_536

/** Random bytes from the host's cryptographic generator. */
export function createEntropy(): Entropy {
  return { randomBytes }
}

function randomBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count)
  for (let start = 0; start < count; start += MAX_BYTES_PER_CALL) {
    crypto.getRandomValues(bytes.subarray(start, start + MAX_BYTES_PER_CALL))
  }
  return bytes
}
