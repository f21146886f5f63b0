import { createError, type HoldfastError } from '../errors.ts'

/** Largest artifact: what the oldest supported browsers take in one Blob. The origin's quota usually says no earlier. */
export const MAX_ARTIFACT_BYTES = 2_147_483_648

export function contentTooLarge(limitBytes: number): HoldfastError {
  return createError(
    'VALUE_TOO_LARGE',
    `The content has more than ${limitBytes} bytes, the most that one artifact can have; store it in parts.`,
    { path: 'content', limitBytes },
  )
}
