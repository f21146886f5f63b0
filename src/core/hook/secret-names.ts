/** Which names of fields hold secrets. Names are compared word by word, so `author` and `max_tokens` are none. */

/**
 * - `value`: what stands under it is secret when it is text or bytes; a number is a count (`token: 3`).
 * - `anything`: a number is secret too, like a PIN.
 * - `container`: all text below it is secret.
 */
export type Secrecy = 'value' | 'anything' | 'container'

const SECRECY_BY_NAME: ReadonlyMap<string, Secrecy> = new Map<string, Secrecy>([
  ...each('anything', ['password', 'passwd', 'passphrase', 'passcode', 'pwd']),
  ...each('value', ['secret', 'token', 'authorization', 'cookie', 'credential', 'bearer']),
  ...each('value', [
    'api key',
    'secret key',
    'private key',
    'access key',
    'signing key',
    'encryption key',
    'master key',
    'auth key',
    'account key',
  ]),
  // Written as one word.
  ...each('value', [
    'apikey',
    'secretkey',
    'privatekey',
    'accesskey',
    'authtoken',
    'accesstoken',
    'refreshtoken',
    'clientsecret',
  ]),
  ...each('container', ['credentials', 'secrets', 'passwords', 'cookies', 'api keys', 'apikeys']),
  ...each('container', ['access tokens', 'refresh tokens', 'auth tokens', 'bearer tokens']),
])

/** Words before `token` that make it a place in a list, a mark of a text, or a count. */
const HARMLESS_TOKENS = new Set(
  'page next prev previous continuation sync cancel cancellation eos bos pad unk sep cls mask stop start end special max min total num prompt completion input output cached per first last current'.split(
    ' ',
  ),
)

const KNOWN_LIMIT = 2_000

/** Says how secret a field is by its name alone. */
export type SecrecyOf = (name: string) => Secrecy | undefined

/**
 * @param extra names that are secret too, in any spelling: `ssn`, `cardNumber`
 * @param allowed names that are not
 */
export function createSecrecy(extra: readonly string[], allowed: readonly string[]): SecrecyOf {
  const extraNames = extra.map(wordsOf)
  const allowedNames = new Set(allowed.map((name) => wordsOf(name).join(' ')))
  const known = new Map<string, Secrecy | undefined>()

  return (name) => {
    if (known.has(name)) return known.get(name)
    // Names repeat; those that are data, such as keys of a map, would fill the memory.
    if (known.size >= KNOWN_LIMIT) known.clear()
    const words = wordsOf(name)
    const secrecy = allowedNames.has(words.join(' ')) ? undefined : secrecyOfWords(words, extraNames)
    known.set(name, secrecy)
    return secrecy
  }
}

function secrecyOfWords(
  words: readonly string[],
  extra: readonly (readonly string[])[],
): Secrecy | undefined {
  if (extra.some((name) => endsWith(words, name))) return 'anything'
  const last = words.at(-1) ?? ''
  const before = words.at(-2) ?? ''
  if (last === 'token' && HARMLESS_TOKENS.has(before)) return undefined
  return SECRECY_BY_NAME.get(last) ?? SECRECY_BY_NAME.get(`${before} ${last}`)
}

/** `maxTokens`, `max_tokens`, `MAX-TOKENS` and `Max tokens` are the same two words. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
}

function endsWith(words: readonly string[], end: readonly string[]): boolean {
  return end.length > 0 && end.every((word, at) => words[words.length - end.length + at] === word)
}

function each(secrecy: Secrecy, names: readonly string[]): readonly (readonly [string, Secrecy])[] {
  return names.map((name) => [name, secrecy] as const)
}
