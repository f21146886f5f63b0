/**
 * Whether a text of JSON may hold anything that redaction takes out: a quick test, so that most values need not be taken
 * apart. All that is secret holds one of the signs below, and none of these signs is written otherwise in JSON.
 */
import { wordsOf } from './secret-names.ts'
import { KEY_HINT, NAME_HINTS, PLACE_HINT } from './secret-shapes.ts'

/**
 * @param fields names that are secret beside the known ones
 * @param patterns texts that are; of those nobody knows what they look for
 */
export function createSecretHint(
  fields: readonly string[],
  patterns: readonly RegExp[],
): (text: string) => boolean {
  // A name is judged by its last words, and each of these stands in it as it is but for its case.
  const last = fields.flatMap((field) => wordsOf(field).slice(-1))
  if (patterns.length > 0 || !last.every((word) => ASCII.test(word))) return () => true
  const names = new RegExp([...NAME_SIGNS, ...last].join('|'), 'i')
  return (text) =>
    KEY_HINT.test(text) || names.test(text) || PLACE_HINT.test(text) || WRITTEN_OTHERWISE.test(text)
}

/** Counts of tokens are in many events and no secret: of names with `tokens` those of two words are, with whatever stands between. */
const TOKEN = String.raw`token(?!s)|(?:access|refresh)(?:\\[bfnrt]|[^a-z0-9])*tokens`
const NAME_SIGNS = NAME_HINTS.map((hint) => (hint === 'token' ? TOKEN : hint))

/** What follows no rules of case of its own. */
const ASCII = /^[a-z0-9]+$/

/** Signs that stand there by their number, or need no backslash, and letters that become others in lower case: the Kelvin sign a k. */
const WRITTEN_OTHERWISE = /\\[u/]|[\u0130\u212a]/
