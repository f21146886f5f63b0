import type { StateValue } from './value.ts'

/** Says whether two state values are equal in depth; the order of an object's keys does not count. */
export function sameValue(a: StateValue | undefined, b: StateValue | undefined): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Uint8Array || b instanceof Uint8Array) return sameBytes(a, b)
  if (isList(a) || isList(b)) return isList(a) && isList(b) && sameList(a, b)
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && sameValue(a[key], b[key]))
}

/** `Array.isArray` does not see that a readonly array is one. */
export function isList(value: StateValue): value is readonly StateValue[] {
  return Array.isArray(value)
}

function sameList(a: readonly StateValue[], b: readonly StateValue[]): boolean {
  return a.length === b.length && a.every((item, at) => sameValue(item, b[at]))
}

function sameBytes(a: unknown, b: unknown): boolean {
  if (!(a instanceof Uint8Array && b instanceof Uint8Array)) return false
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}
