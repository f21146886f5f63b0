import { isList, sameValue } from '../state/same-value.ts'
import type { StateValue } from '../state/value.ts'

/** Where two values differ: a path of keys and indexes, dotted, empty for the whole. */
export interface Difference {
  readonly path: string
  /** null where there is none; `missing` says so. */
  readonly expected: StateValue
  readonly got: StateValue
  readonly missing?: 'expected' | 'got'
}

/** More differences than this say no more than these. */
export const MAX_DIFFERENCES = 20

/** Texts are shown to people, who need the place of the difference and not the whole. */
const MAX_TEXT = 200

/** Compares two values and names each difference by its path, at most {@link MAX_DIFFERENCES}. */
export function compareValues(expected: StateValue, got: StateValue): readonly Difference[] {
  const differences: Difference[] = []
  walk(expected, got, [], differences)
  return differences
}

type Path = readonly (string | number)[]

function walk(expected: StateValue, got: StateValue, path: Path, found: Difference[]): void {
  if (found.length >= MAX_DIFFERENCES || sameValue(expected, got)) return
  const sides = membersOfBoth(expected, got)
  if (!sides) {
    found.push({ path: path.join('.'), ...shown(expected, got) })
    return
  }
  for (const key of new Set([...sides.expected.keys(), ...sides.got.keys()])) {
    if (found.length >= MAX_DIFFERENCES) return
    const [a, b] = [sides.expected.get(key), sides.got.get(key)]
    if (a !== undefined && b !== undefined) walk(a, b, [...path, key], found)
    else
      found.push({
        path: [...path, key].join('.'),
        ...shown(a ?? null, b ?? null),
        missing: a === undefined ? 'expected' : 'got',
      })
  }
}

/** The members of two objects or two lists; undefined where the values are not of one kind. */
function membersOfBoth(expected: StateValue, got: StateValue) {
  const [a, b] = [membersOf(expected), membersOf(got)]
  return a && b && isList(expected) === isList(got) ? { expected: a, got: b } : undefined
}

function membersOf(value: StateValue): ReadonlyMap<string | number, StateValue> | undefined {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return undefined
  return isList(value) ? new Map(value.map((item, at) => [at, item])) : new Map(Object.entries(value))
}

function shown(expected: StateValue, got: StateValue): { expected: StateValue; got: StateValue } {
  if (typeof expected === 'string' && typeof got === 'string') {
    const start = Math.max(0, firstDifference(expected, got) - MAX_TEXT / 4)
    return { expected: excerpt(expected, start), got: excerpt(got, start) }
  }
  return { expected: short(expected), got: short(got) }
}

function firstDifference(a: string, b: string): number {
  let at = 0
  while (at < a.length && a[at] === b[at]) at += 1
  return at
}

function excerpt(text: string, start: number): string {
  const part = text.slice(start, start + MAX_TEXT)
  return `${start > 0 ? '…' : ''}${part}${start + MAX_TEXT < text.length ? '…' : ''}`
}

function short(value: StateValue): StateValue {
  if (typeof value === 'string') return excerpt(value, 0)
  if (value instanceof Uint8Array) return `${value.length} bytes`
  return value
}
