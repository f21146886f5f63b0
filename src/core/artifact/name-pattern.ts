import { createError } from '../errors.ts'
import { MAX_NAME_CHARACTERS } from './names.ts'

/**
 * A name, or a pattern in which each `*` stands for any characters or none (`*.svg`, `report*`), as a test of names.
 * Composed (NFC), as names are.
 *
 * @throws INVALID_ARGUMENT for an empty pattern or one of more than 255 characters.
 */
export function compileNamePattern(pattern: string): (name: string) => boolean {
  if (typeof pattern !== 'string' || pattern === '' || pattern.length > MAX_NAME_CHARACTERS) {
    throw createError('INVALID_ARGUMENT', `A name to look for has 1 to ${MAX_NAME_CHARACTERS} characters.`, {
      path: 'name',
    })
  }
  const [first = '', ...rest] = pattern.normalize('NFC').split('*')
  const last = rest.pop()
  if (last === undefined) return (name) => name === first
  return (name) => fits(name, first, rest, last)
}

/** Each part at its first place after the one before: never goes back, whatever the pattern. */
function fits(name: string, first: string, middle: readonly string[], last: string): boolean {
  if (!name.startsWith(first)) return false
  let at = first.length
  for (const part of middle) {
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= name.length - last.length && name.endsWith(last)
}
