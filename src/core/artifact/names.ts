import { createError } from '../errors.ts'

/** Characters (Unicode code points) of a name at most. */
export const MAX_NAME_CHARACTERS = 255

const CONTROL = /\p{Cc}/u
/** With the flag `u` a paired surrogate is one character of its own, so this finds halves that stand alone. */
const LONE_SURROGATE = /\p{Cs}/u

/**
 * The name as it is stored: in Unicode's composed form (NFC), so that equal names are equal text. All else is data: a
 * slash, two dots or a drive letter mean nothing here, because no key and no path is ever built from a name.
 *
 * @throws INVALID_NAME with `{ path, reason }` when it is empty, longer than 255 characters, or holds control
 * characters or half a surrogate pair.
 */
export function parseArtifactName(name: unknown): string {
  if (typeof name !== 'string') throw invalid('is not a string')
  const composed = name.normalize('NFC')
  if (composed === '') throw invalid('is empty')
  if (CONTROL.test(composed)) throw invalid('holds a control character')
  if (LONE_SURROGATE.test(composed))
    throw invalid('holds half a surrogate pair, which no text encoding can keep')
  const characters = countCharacters(composed)
  if (characters > MAX_NAME_CHARACTERS) throw invalid(`has ${characters} characters`)
  return composed
}

function countCharacters(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}

function invalid(reason: string) {
  return createError(
    'INVALID_NAME',
    `The artifact's name ${reason}; give one of 1 to ${MAX_NAME_CHARACTERS} characters without control characters.`,
    { path: 'name', reason },
  )
}
