import type { StateValue } from '../state/value.ts'

/** Deeper values are refused: they come from outside, and every later walk over them is recursive. */
export const MAX_JSON_DEPTH = 64

export type JsonObject = { readonly [key: string]: StateValue }

export type JsonResult =
  | { readonly ok: true; readonly value: StateValue }
  | { readonly ok: false; readonly reason: string }

/** Parses JSON from outside into a value that can be stored, or says in a phrase why not. */
export function parseJson(text: string): JsonResult {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { ok: false, reason: 'it is not JSON' }
  }
  if (isStorable(value, 0)) return { ok: true, value }
  return { ok: false, reason: `it nests deeper than ${MAX_JSON_DEPTH} or holds a number that is too large` }
}

export function isJsonObject(value: StateValue | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  )
}

export function isJsonArray(value: StateValue | undefined): value is readonly StateValue[] {
  return Array.isArray(value)
}

/** The object without these keys. Own keys only, so a `__proto__` in the source stays data. */
export function without(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)))
}

export function isEmpty(object: JsonObject): boolean {
  return Object.keys(object).length === 0
}

export function textOf(value: StateValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function countOf(value: StateValue | undefined): number | undefined {
  return typeof value === 'number' && value >= 0 ? value : undefined
}

/** JSON.parse makes numbers like 1e999 infinite, which no store takes. */
function isStorable(value: unknown, depth: number): value is StateValue {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || value === null) return true
  if (depth >= MAX_JSON_DEPTH) return false
  return Object.values(value).every((inner) => isStorable(inner, depth + 1))
}
