import { createError, type HoldfastError } from '../errors.ts'
import { LONE_SURROGATE } from '../state/text.ts'

/** Characters of a name at most, counted as JavaScript does: UTF-16 code units. */
export const MAX_NAME_CHARACTERS = 255

const CONTROL = /\p{Control}/u

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
  if (LONE_SURROGATE.test(name)) throw invalid('holds half a surrogate pair, which no text encoding can keep')
  if (composed.length > MAX_NAME_CHARACTERS) throw invalid(`has ${composed.length} characters`)
  return composed
}

function invalid(reason: string): HoldfastError {
  return createError(
    'INVALID_NAME',
    `The artifact's name ${reason}; give one of 1 to ${MAX_NAME_CHARACTERS} characters without control characters.`,
    { path: 'name', reason },
  )
}
