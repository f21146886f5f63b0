import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRedactor } from '../../../src/core/hook/redactor.ts'
import type { StateValue } from '../../../src/core/state/value.ts'
import { nodeDigest } from './harness.ts'

const letters = 'aB3dE6gH9jK2'.repeat(6)

/** Pieces that shapes are made of, so that random texts come close to them, overlap them and cut them off. */
const piece = fc.oneof(
  fc.constantFrom(
    ...[
      'password',
      'apiKey',
      'token',
      'max_tokens',
      'authorization',
      'Bearer ',
      'Basic ',
      'pwd',
      'secret',
      '--token ',
    ],
    ...[
      '=',
      ': ',
      ':',
      ' = ',
      '"',
      "'",
      '\\"',
      '`',
      ' ',
      '\n',
      ';',
      '&',
      ',',
      '@',
      '/',
      '://',
      '.',
      '[',
      ']',
      '(',
      '{',
    ],
    ...[
      `sk-${letters}`,
      `ghp_${letters}`,
      'AKIAIOSFODNN7EXAMPLE',
      `AIza${letters}`,
      'eyJhbGciOiJub25lIn0',
      '.eyJzdWIiOiIxIn0.',
    ],
    ...[
      '-----BEGIN PRIVATE KEY-----\n',
      '-----END PRIVATE KEY-----',
      letters,
      'hunter2',
      '[REDACTED]',
      'https',
      'user',
    ],
  ),
  fc.string({ maxLength: 6 }),
)
const text = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(''))
const name = fc.oneof(
  fc.constantFrom('password', 'token', 'credentials', 'name', 'key', 'value', '$type', 'note'),
  fc.constantFrom(
    'inputTokens',
    'accessTokens',
    'REFRESH\n_"TOKENS',
    'auth tokens',
    'bearerTokens',
    'tokenSum',
  ),
  text,
)
const { value } = fc.letrec<{ value: StateValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    text,
    fc.integer(),
    fc.constantFrom(null, true),
    fc.uint8Array({ maxLength: 3 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4 }),
  ),
}))

describe('redaction', () => {
  test('RD20 of a text of JSON that holds no sign of a secret, nothing is taken out', () => {
    const options = fc.record({
      fields: fc.array(fc.constantFrom('ssn', 'cardNumber', 'card number', 'note', 'größe', '-'), {
        maxLength: 2,
      }),
      patterns: fc.constantFrom([], [], [/hunter\d/], [/^user$/]),
    })
    const named = fc.oneof(
      value,
      fc.tuple(name, value).map(([key, one]) => ({ [key]: one })),
    )
    fc.assert(
      fc.property(named, options, (given, chosen) => {
        fc.pre(!holdsBytes(given))
        const redactor = createRedactor(chosen)
        if (!redactor.mayHold(JSON.stringify(given))) expect(redactor.redact(given)).toBe(given)
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    { fields: ['cardNumber'], given: { card_NUMBER: 4 } },
    { fields: ['größe'], given: { GRÖSSE: 'x', größe: 4 } },
    { fields: [], given: { to\u212aen: 'x' } },
    { fields: ['pin'], given: { pİn: 'x', PIN: 4 } },
    { patterns: [/^x$/], given: 'x' },
    { fields: [], given: ['a', { name: 'DB_PASSWORD', value: 'x' }] },
    { fields: [], given: `"${`sk-${letters}`}"` },
    { fields: [], given: 'https://a:b4@c' },
    { fields: [], given: { accessTokens: ['x'] } },
    { fields: [], given: { 'refresh\n "\\_TOKENS': { a: 'x' } } },
    { fields: ['tokens'], given: { tokens: 4 } },
  ])('RD20 what holds one is looked at: $given', ({ given, ...options }) => {
    expect(createRedactor(options).mayHold(JSON.stringify(given))).toBe(true)
  })

  test('RD20 counts of tokens are passed over', () => {
    const { mayHold } = createRedactor()
    const usage = {
      inputTokens: 1,
      output_tokens: 2,
      'max-tokens': 3,
      tokensPerSecond: 4,
      note: 'access to 5 tokens',
    }
    expect(mayHold(JSON.stringify(usage))).toBe(false)
    expect(mayHold(JSON.stringify({ ...usage, token: 'x' }))).toBe(true)
  })

  test('RD20 signs that are written by their number are looked at', () => {
    const { mayHold } = createRedactor()
    expect(mayHold('"plain, \\"quoted\\", \\n broken \\\\ and ünïcode"')).toBe(false)
    for (const text of ['"\\u0070assword=x1"', '"https:\\/\\/a:b4@c"']) expect(mayHold(text)).toBe(true)
  })

  test('RD6 redacting again changes nothing, and the same value gives the same', () => {
    fc.assert(
      fc.property(value, (given) => {
        const redactor = createRedactor()
        const once = redactor.redact(given)
        expect(once).not.toBeInstanceOf(Promise)
        if (once instanceof Promise) return
        expect(redactor.redact(once)).toBe(once)
        expect(createRedactor().redact(given)).toEqual(once)
      }),
      { numRuns: 2_000, verbose: true },
    )
  })

  test('RD6 so it is with a hash', async () => {
    const options = { hash: { key: new Uint8Array([1, 2, 3]), digest: nodeDigest } }
    await fc.assert(
      fc.asyncProperty(value, async (given) => {
        const redactor = createRedactor(options)
        const once = await redactor.redact(given)
        expect(await redactor.redact(once)).toEqual(once)
        expect(await createRedactor(options).redact(given)).toEqual(once)
      }),
      { numRuns: 300, verbose: true },
    )
  })

  test('RD6 a key by its shape never stands in what is recorded, whatever stands around it', () => {
    const key = `sk-proj-${letters}`
    fc.assert(
      fc.property(text, text, (before, after) => {
        const clean = createRedactor().redact(`${before} ${key} ${after}`)
        expect(clean).not.toContain(key)
      }),
      { numRuns: 1_000, verbose: true },
    )
  })

  test.each([
    ['hyphens', 'a-'],
    ['words', 'password '],
    ['names', 'token_'],
    ['signs', 'a=='],
    ['quotation marks', 'token="'],
    ['schemes', 'a.a://'],
    ['options', '--a-a-a-'],
    ['bearers', 'bearer '],
    ['begun keys', '-----BEGIN PRIVATE KEY-----\n'],
    ['headers', '-----BEGIN PRIVATE KEY-----\nProc-Type: 4\n'],
    ['begun web tokens', 'eyJhbGciOi.eyJhbGciOi'],
    ['long words', 'x'],
    ['prefixes', 'sk-'],
  ])('RD16 a text of %s made to be slow is read in time proportional to its length', (_what, part) => {
    const long = part.repeat(Math.ceil(300_000 / part.length))
    expect(typeof createRedactor().redact(long)).toBe('string')
  })
})

function holdsBytes(value: StateValue): boolean {
  if (value instanceof Uint8Array) return true
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsBytes)
}
