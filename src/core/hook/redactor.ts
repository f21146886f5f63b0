import { createError } from '../errors.ts'
import type { Digest } from '../ports.ts'
import type { StateValue } from '../state/value.ts'
import { hmacSha256 } from './hmac.ts'
import type { Soon } from './in-turn.ts'
import { cleanValue, type Mark, type Secrets } from './secret-cleaner.ts'
import { createSecretHint } from './secret-hint.ts'
import { createSecrecy } from './secret-names.ts'
import { createSecretShapes } from './secret-shapes.ts'

export interface RedactionOptions {
  /** Names of fields that are secret beside the known ones, in any spelling: `ssn`, `cardNumber`. */
  readonly fields?: readonly string[]
  /** Texts that are secret beside the known shapes. */
  readonly patterns?: readonly RegExp[]
  /** What is left alone: a field by its name, given as text; a secret by its own text, given as a pattern. */
  readonly allow?: readonly (string | RegExp)[]
  /** What stands where a secret was. @defaultValue '[REDACTED]' */
  readonly replacement?: string
  /** Adds a keyed hash, by which equal secrets are seen to be equal, but cannot be guessed without the key. */
  readonly hash?: { readonly key: Uint8Array; readonly digest: Digest }
}

/** Takes secrets out of values. Deterministic; what it gave holds nothing more to take out. */
export interface Redactor {
  /** The value itself where it holds no secret, else a copy without; a promise only where a hash is to be made. */
  redact(value: StateValue): Soon<StateValue>
  /** Whether a value may hold a secret, by its text of JSON. False is certain: {@link redact} would give it back as it is. */
  mayHold(text: string): boolean
}

export const REPLACEMENT = '[REDACTED]'

/** Hexadecimal digits of a secret's hash that are shown: enough to tell the secrets of one database apart. */
export const HASH_DIGITS = 16

/** @throws INVALID_ARGUMENT for an empty replacement. */
export function createRedactor(options: RedactionOptions = {}): Redactor {
  const { fields = [], patterns = [], allow = [], replacement = REPLACEMENT, hash } = options
  if (replacement === '') {
    throw createError('INVALID_ARGUMENT', 'The replacement of redaction is empty; give a text that shows.', {
      path: 'replacement',
    })
  }
  const names = allow.filter((item) => typeof item === 'string')
  const texts = allow
    .filter((item) => item instanceof RegExp)
    .map(({ source, flags }) => new RegExp(source, flags.replace(/[gy]/g, '')))
  const secrecyOf = createSecrecy(fields, names)
  const secrets: Secrets = {
    secrecyOf,
    groups: createSecretShapes(secrecyOf, fields, patterns),
    isKept: (text) => isMark(text, replacement) || texts.some((pattern) => pattern.test(text)),
  }
  const mayHold = createSecretHint(fields, patterns)
  if (hash === undefined) return { redact: (value) => cleanValue(value, secrets, () => replacement), mayHold }

  return {
    mayHold,
    redact(value) {
      const found = new Set<string>()
      cleanValue(value, secrets, (secret) => {
        found.add(secret)
        return replacement
      })
      if (found.size === 0) return value
      return marksOf(found, replacement, hash).then((mark) => cleanValue(value, secrets, mark))
    },
  }
}

/** A mark is no secret, so that redacting again changes nothing. */
function isMark(text: string, replacement: string): boolean {
  if (!text.startsWith(replacement)) return text === ''
  const rest = text.slice(replacement.length)
  return rest === '' || /^:[0-9a-f]{16}$/.test(rest)
}

async function marksOf(
  found: ReadonlySet<string>,
  replacement: string,
  { key, digest }: NonNullable<RedactionOptions['hash']>,
): Promise<Mark> {
  const marks = new Map<string, string>()
  for (const secret of found) {
    const digits = await hmacSha256(digest, key, new TextEncoder().encode(secret))
    marks.set(secret, `${replacement}:${digits.slice(0, HASH_DIGITS)}`)
  }
  return (secret) => marks.get(secret) ?? replacement
}
