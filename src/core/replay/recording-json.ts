import { toHex } from '../hook/hex.ts'
import { isList } from '../state/same-value.ts'
import type { StateValue } from '../state/value.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Marks bytes, and an object of the app's own that has this key. */
const BYTES = '$bytes'
const OBJECT = '$object'

/** A state value as JSON: bytes as hexadecimal digits in a marked object. */
export function toJson(value: StateValue): Json {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return { [BYTES]: toHex(value) }
  if (isList(value)) return value.map(toJson)
  const members = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]))
  return Object.hasOwn(value, BYTES) || Object.hasOwn(value, OBJECT) ? { [OBJECT]: members } : members
}

export function fromJson(json: Json): StateValue {
  if (typeof json !== 'object' || json === null) return json
  if (isJsonList(json)) return json.map(fromJson)
  const { [BYTES]: bytes, [OBJECT]: object } = json
  if (typeof bytes === 'string') return bytesOf(bytes)
  return Object.fromEntries(
    Object.entries(isMembers(object) ? object : json).map(([key, item]) => [key, fromJson(item)]),
  )
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16))
}

function isJsonList(json: Json): json is readonly Json[] {
  return Array.isArray(json)
}

function isMembers(json: Json | undefined): json is { readonly [key: string]: Json } {
  return typeof json === 'object' && json !== null && !isJsonList(json)
}
