import type { StateValue } from './value.ts'

/** Freezes a value in depth and gives it back; the content of byte arrays stays as it is, which nothing can freeze. */
export function freezeValue(value: StateValue): StateValue {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || Object.isFrozen(value))
    return value
  for (const item of Object.values(value)) freezeValue(item)
  return Object.freeze(value)
}
