import { InputError } from '../../index.ts'

/** Texts from the whole to its part: `[document, 'snapshot', hash]`. */
export type Key = readonly string[]

/** Longest name of an artifact, in UTF-16 code units. */
const MAX_NAME_CHARACTERS = 255

/**
 * The name under which a key's bytes are stored. Each part ends in a slash, so the name of a key begins that of every
 * longer one and of no other. What is no plain ASCII is escaped: names are composed (NFC), and keys must stay apart.
 *
 * @throws INVALID_NAME
 */
export function nameOfKey(folder: string, key: Key): string {
  assertKey(key)
  const name = [folder, ...key].map((part) => `${escaped(part, key)}/`).join('')
  if (name.length > MAX_NAME_CHARACTERS) {
    throw invalid(
      key,
      `takes ${name.length} characters as a name, with the folder and all that is escaped, where ${MAX_NAME_CHARACTERS} are the most. Give a shorter one`,
    )
  }
  return name
}

/** The key that {@link nameOfKey} made the name of. */
export function keyOfName(folder: string, name: string): string[] {
  const parts = name.slice(escaped(folder, [folder]).length + 1).split('/')
  return parts.slice(0, -1).map(decodeURIComponent)
}

function assertKey(key: unknown): asserts key is Key {
  if (Array.isArray(key) && key.every((part) => typeof part === 'string')) return
  throw new InputError(
    'INVALID_NAME',
    'A key is a list of strings, as ["document", "snapshot"]; this one is not.',
    { key },
  )
}

/** `*` would be taken for any characters where names are looked for. */
function escaped(part: string, key: Key): string {
  if (/\p{Surrogate}/u.test(part)) throw invalid(key, 'holds half a surrogate pair. Give whole characters')
  return encodeURIComponent(part).replaceAll('*', '%2A')
}

function invalid(key: Key, reason: string): InputError {
  return new InputError('INVALID_NAME', `The key ${JSON.stringify(key)} ${reason}.`, { key })
}
