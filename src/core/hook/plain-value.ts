import { VALUE_DEPTH_LIMIT } from '../state/admit.ts'
import type { StateValue } from '../state/value.ts'

/**
 * Copies a value that a hook answered. What may be recorded is JSON plus bytes; a copy, because the hook keeps its own
 * and may change it later. No limit of size: that belongs to whoever stores the value.
 *
 * @throws TypeError naming the path of what cannot be recorded.
 */
export function copyPlain(value: unknown, path: string, depth = 0): StateValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      if (!Number.isFinite(value)) throw unfit(path, String(value))
      return value === 0 ? 0 : value
    case 'object':
      return value === null ? null : copyObject(value, path, depth)
    default:
      throw unfit(path, typeof value)
  }
}

/** As {@link copyPlain}, for what must be an object of such values. */
export function copyRecord(value: unknown, path: string): Readonly<Record<string, StateValue>> {
  if (!isPlainObject(value)) throw unfit(path, 'no plain object')
  return copyMembers(value, path, 0)
}

export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const proto: unknown = Object.getPrototypeOf(value)
  // Object.prototype of another frame is the end of its chain too.
  return proto === null || proto === Object.prototype || Object.getPrototypeOf(proto) === null
}

function copyObject(value: object, path: string, depth: number): StateValue {
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (depth >= VALUE_DEPTH_LIMIT)
    throw unfit(path, `a cycle, or nested deeper than ${VALUE_DEPTH_LIMIT} levels`)
  if (Array.isArray(value))
    return Array.from(value, (item, at) => copyPlain(item, `${path}.${at}`, depth + 1))
  if (isPlainObject(value)) return copyMembers(value, path, depth)
  throw unfit(path, 'an object of a class')
}

function copyMembers(value: Readonly<Record<string, unknown>>, path: string, depth: number) {
  const entries = Object.entries(value).map(
    ([key, item]) => [key, copyPlain(item, `${path}.${key}`, depth + 1)] as const,
  )
  return Object.fromEntries(entries)
}

function unfit(path: string, what: string): TypeError {
  return new TypeError(`answered ${what} at ${path}, which cannot be recorded`)
}
