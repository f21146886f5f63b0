import * as decoding from 'lib0/decoding'
import { createError } from '../core/errors.ts'

/** Awareness is what a cursor needs; more of it is no cursor. */
const MAX_BYTES = 64 * 1024
const MAX_CLIENTS = 1_000

/**
 * Looks at an awareness update before it is applied: y-protocols stops halfway at what it cannot read.
 * @throws INVALID_VALUE, VALUE_TOO_LARGE
 */
export function checkAwareness(update: Uint8Array): void {
  if (update.length > MAX_BYTES)
    throw createError(
      'VALUE_TOO_LARGE',
      `An awareness update has ${update.length} bytes where ${MAX_BYTES} are the limit.`,
      {
        path: 'awareness',
      },
    )
  try {
    const decoder = decoding.createDecoder(update)
    const count = decoding.readVarUint(decoder)
    if (count > MAX_CLIENTS) throw new Error(`It speaks of ${count} clients.`)
    for (let left = count; left > 0; left -= 1) {
      decoding.readVarUint(decoder)
      decoding.readVarUint(decoder)
      JSON.parse(decoding.readVarString(decoder))
    }
    if (decoding.hasContent(decoder)) throw new Error('It does not end where its content does.')
  } catch (cause) {
    throw createError('INVALID_VALUE', 'An awareness update cannot be read.', { path: 'awareness' }, cause)
  }
}
