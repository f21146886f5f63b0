import type { StateValue } from '../state/value.ts'

/** Deeper values are refused: they come from outside, and every later walk over them is recursive. */
export const MAX_JSON_DEPTH = 64

export type JsonObject = { readonly [key: string]: StateValue }

export type JsonResult =
  | { readonly ok: true; readonly value: StateValue }
  | { readonly ok: false; readonly reason: string }

/**
 * Parses JSON from outside into a value that can be stored, or says in a phrase why not. An integer that a number cannot
 * hold exactly, as ids of 64 bits are, becomes its own digits as a string.
 */
export function parseJson(text: string): JsonResult {
  let value: unknown
  try {
    value = JSON.parse(text)
    if (INEXACT.test(text)) value = JSON.parse(quoteInexact(text))
  } catch {
    return { ok: false, reason: 'it is not JSON' }
  }
  if (isStorable(value, 0)) return { ok: true, value }
  return { ok: false, reason: `it nests deeper than ${MAX_JSON_DEPTH} or holds a number that is too large` }
}

/** Fewer digits are always exact. */
const INEXACT = /\d{16}/
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const INTEGER = /^-?\d{16,}$/
const QUOTE = '"'

/** The text of valid JSON, with quotes around each integer that a number would change. */
function quoteInexact(text: string): string {
  let out = ''
  let copied = 0
  let at = 0
  while (at < text.length) {
    if (text[at] === QUOTE) {
      at = endOfString(text, at)
      continue
    }
    NUMBER.lastIndex = at
    const [token] = NUMBER.exec(text) ?? []
    if (token === undefined) {
      at += 1
      continue
    }
    if (INTEGER.test(token) && !isExact(token)) {
      out += `${text.slice(copied, at)}"${token}"`
      copied = at + token.length
    }
    at += token.length
  }
  return out + text.slice(copied)
}

/** Where the string goes on that begins here: after its closing quote. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf(QUOTE, start + 1); end >= 0; end = text.indexOf(QUOTE, end + 1)) {
    let escapes = 0
    while (text[end - 1 - escapes] === '\\') escapes += 1
    if (escapes % 2 === 0) return end + 1
  }
  return text.length
}

function isExact(integer: string): boolean {
  const number = Number(integer)
  return Number.isFinite(number) && BigInt(number) === BigInt(integer)
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
