import { canonicalText } from '../state/canonical.ts'
import { isList, sameValue } from '../state/same-value.ts'
import type { StateValue } from '../state/value.ts'
import { type CompareRules, compileRules } from './compare-rules.ts'
import type { Severity } from './severity.ts'

/** Where two values differ: a path of keys and indexes, dotted, empty for the whole. */
export interface Difference {
  readonly path: string
  /** null where there is none; `missing` says so. */
  readonly expected: StateValue
  readonly got: StateValue
  readonly missing?: 'expected' | 'got'
  /**
   * `critical` where a value is of another kind, `major` where it is another one or gone, `minor` where it was added or
   * stands elsewhere in its list, `info` where a text differs in spaces or capitals alone; unless a rule says otherwise.
   */
  readonly severity: Severity
}

/** More differences than this say no more than these. */
export const MAX_DIFFERENCES = 20

/** Texts are shown to people, who need the place of the difference and not the whole. */
const MAX_TEXT = 200

/** Characters of a list or an object that a report tells whole. */
const MAX_TOLD = 1_000

/** Nothing is overlooked. */
const NO_RULES = compileRules()

/** Compares two values and names each difference by its path, at most {@link MAX_DIFFERENCES}. */
export function compareValues(
  expected: StateValue,
  got: StateValue,
  rules: CompareRules = NO_RULES,
): readonly Difference[] {
  const differences: Difference[] = []
  walk(expected, got, '', rules, differences)
  return differences
}

function walk(
  expected: StateValue,
  got: StateValue,
  path: string,
  rules: CompareRules,
  found: Difference[],
): void {
  if (found.length >= MAX_DIFFERENCES || sameValue(expected, got) || rules.isIgnored(path)) return
  const differs = (severity: Severity) =>
    found.push({ path, ...shown(expected, got), severity: rules.severityOf(path, severity) })
  const sides = membersOfBoth(expected, got)
  if (!sides) {
    differs(severityOf(expected, got))
    return
  }
  if (isList(expected) && isList(got) && expected.length === got.length) {
    const items = [expected, got].map((list) => itemTexts(list, path, rules))
    const [inOrder, sorted] = [items.map(String), items.map((texts) => String(texts.toSorted()))]
    if (inOrder[0] === inOrder[1]) return
    if (sorted[0] === sorted[1]) {
      if (!rules.isUnordered(path)) differs('minor')
      return
    }
  }
  for (const key of new Set([...sides.expected.keys(), ...sides.got.keys()])) {
    if (found.length >= MAX_DIFFERENCES) return
    const [a, b] = [sides.expected.get(key), sides.got.get(key)]
    const place = below(path, key)
    if (a !== undefined && b !== undefined) walk(a, b, place, rules, found)
    else if (!rules.isIgnored(place))
      found.push({
        path: place,
        ...shown(a ?? null, b ?? null),
        missing: a === undefined ? 'expected' : 'got',
        severity: rules.severityOf(place, a === undefined ? 'minor' : 'major'),
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

function below(path: string, key: string | number): string {
  return path === '' ? String(key) : `${path}.${key}`
}

/** The items of a list as they are to be compared: their number stays, whatever is ignored. */
function itemTexts(list: readonly StateValue[], path: string, rules: CompareRules): readonly string[] {
  return list.map((item, at) => canonicalText(whatCounts(item, below(path, at), rules) ?? null))
}

/** What the rules leave of a value, with lists in one order where theirs does not count; undefined for nothing. */
function whatCounts(value: StateValue, path: string, rules: CompareRules): StateValue | undefined {
  if (rules.isIgnored(path)) return undefined
  const members = membersOf(value)
  if (members === undefined) return value
  if (isList(value)) {
    const items = value.map((item, at) => whatCounts(item, below(path, at), rules) ?? null)
    return rules.isUnordered(path) ? items.toSorted(byText) : items
  }
  return Object.fromEntries(
    [...members].flatMap(([key, member]) => {
      const left = whatCounts(member, below(path, key), rules)
      return left === undefined ? [] : [[key, left]]
    }),
  )
}

function byText(a: StateValue, b: StateValue): number {
  const [one, other] = [canonicalText(a), canonicalText(b)]
  return one < other ? -1 : Number(one > other)
}

function severityOf(expected: StateValue, got: StateValue): Severity {
  if (kindOf(expected) !== kindOf(got)) return 'critical'
  if (typeof expected === 'string' && typeof got === 'string' && plain(expected) === plain(got)) return 'info'
  return 'major'
}

function kindOf(value: StateValue): string {
  if (value === null) return 'null'
  if (typeof value !== 'object') return typeof value
  if (value instanceof Uint8Array) return 'bytes'
  return isList(value) ? 'list' : 'object'
}

function plain(text: string): string {
  return text.replace(/\s+/g, ' ').trim().toLowerCase()
}

function shown(expected: StateValue, got: StateValue): { expected: StateValue; got: StateValue } {
  if (typeof expected === 'string' && typeof got === 'string') {
    const start = Math.max(0, firstDifference(expected, got) - MAX_TEXT / 4)
    return { expected: excerpt(expected, start), got: excerpt(got, start) }
  }
  return { expected: short(expected), got: short(got) }
}

/** A value as a report tells it: of a large one the beginning of its text, since a report may hold thousands. */
export function toldValue(value: StateValue): StateValue {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  const text = canonicalText(value)
  return text.length > MAX_TOLD ? excerpt(text, 0) : value
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
