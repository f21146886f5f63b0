import { createError } from '../errors.ts'

/** Longest pattern, in characters: as long as the longest event type. */
export const MAX_PATTERN_CHARACTERS = 128

/** Compiled patterns kept for the next call; pages ask for the same few again and again. */
const CACHE_SIZE = 500

export type Matcher = (name: string) => boolean

const cache = new Map<string, Matcher>()

/**
 * A pattern as a test of names: of event types, of steps (`tool:sql@1`), of state keys. A star stands for one or more
 * characters, wherever it stands: `*`, `step.*`, `*.failed`, `a.*.b`, `tool:*`.
 *
 * @throws INVALID_ARGUMENT for an empty pattern or one of more than 128 characters.
 */
export function compilePattern(pattern: string): Matcher {
  const known = cache.get(pattern)
  if (known !== undefined) return known
  const matcher = matcherOf(pattern)
  if (cache.size >= CACHE_SIZE) cache.clear()
  cache.set(pattern, matcher)
  return matcher
}

/** Any of these patterns as one test; without a list every name fits, with an empty list none. */
export function compilePatterns(patterns: readonly string[] | undefined): Matcher {
  if (patterns === undefined) return () => true
  const matchers = patterns.map(compilePattern)
  const [only] = matchers
  if (matchers.length === 1 && only !== undefined) return only
  return (name) => matchers.some((matches) => matches(name))
}

function matcherOf(pattern: string): Matcher {
  if (typeof pattern !== 'string' || pattern === '' || pattern.length > MAX_PATTERN_CHARACTERS) {
    throw createError(
      'INVALID_ARGUMENT',
      `${JSON.stringify(pattern)} is no pattern; give 1 to ${MAX_PATTERN_CHARACTERS} characters, such as 'step.*'.`,
      { path: 'types', pattern },
    )
  }
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return (name) => name === pattern
  return (name) => fits(name, first, rest, last)
}

/**
 * Takes each part at its first place after the one before, which finds a fit where there is one and never goes back:
 * a regular expression of many stars takes quadratic time and more on a long name.
 */
function fits(name: string, first: string, middle: readonly string[], last: string): boolean {
  if (!name.startsWith(first)) return false
  let end = first.length
  for (const part of middle) {
    const at = name.indexOf(part, end + 1)
    if (at < 0) return false
    end = at + part.length
  }
  return end < name.length - last.length && name.endsWith(last)
}
