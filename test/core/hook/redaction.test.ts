import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { redactionHooks } from '../../../src/core/hook/redaction.ts'
import { createRedactor, type RedactionOptions } from '../../../src/core/hook/redactor.ts'
import type { StateValue } from '../../../src/core/state/value.ts'
import { realTranscript } from '../../fixtures/transcripts/locate.ts'
import { errorOf, nodeDigest, scope, setUp, stepDraft } from './harness.ts'

const R = '[REDACTED]'

function redact(value: StateValue, options?: RedactionOptions): unknown {
  return createRedactor(options).redact(value)
}

const b64 = (length: number) => 'aZ9+/bY8'.repeat(length).slice(0, length)
const letters = (length: number) => 'aB3dE6gH9jK2'.repeat(length).slice(0, length)
const JWT =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U'
const PEM_BODY = `${b64(64)}\n${b64(64)}\n${b64(20)}==`
const PEM = `-----BEGIN RSA PRIVATE KEY-----\n${PEM_BODY}\n-----END RSA PRIVATE KEY-----`

const KEY = 'sk-ant-api03-SECRETsecretSECRETsecretSECRET0000000001'

test('RD19 a name that is a secret by its shape is redacted, and what stands under each is kept', () => {
  const { redact } = createRedactor()
  const other = KEY.replace(/1$/, '2')
  const used = { byKey: { [KEY]: 3, [other]: 4, apiKey: 'short', plain: 5 } }
  const clean = { byKey: { [R]: 3, [`${R} 2`]: 4, apiKey: R, plain: 5 } }
  expect(redact(used)).toEqual(clean)
  expect(redact(clean)).toBe(clean)
})

describe('keys by their shape', () => {
  const keys: readonly (readonly [string, string])[] = [
    ['OpenAI', `sk-${letters(48)}`],
    ['OpenAI project', `sk-proj-${letters(40)}_${letters(30)}-${letters(20)}`],
    ['OpenAI service account', `sk-svcacct-${letters(60)}`],
    ['Anthropic', `sk-ant-api03-${letters(80)}-${letters(6)}AA`],
    ['Groq', `gsk_${letters(52)}`],
    ['xAI', `xai-${letters(80)}`],
    ['Stripe', `sk_live_${letters(24)}`],
    ['Stripe webhook', `whsec_${letters(32)}`],
    ['AWS', 'AKIAIOSFODNN7EXAMPLE'],
    ['AWS, temporary', 'ASIAIOSFODNN7EXAMPLE'],
    ['GitHub', `ghp_${letters(36)}`],
    ['GitHub OAuth', `gho_${letters(36)}`],
    ['GitHub server', `ghs_${letters(36)}`],
    ['GitHub fine-grained', `github_pat_${letters(22)}_${letters(59)}`],
    ['GitLab', `glpat-${letters(20)}`],
    ['npm', `npm_${letters(36)}`],
    ['Hugging Face', `hf_${letters(34)}`],
    ['Google', `AIza${letters(35)}`],
    ['Google OAuth', `ya29.${letters(60)}`],
    ['Slack bot', `xoxb-${'1234567890'}-${letters(24)}`],
    ['Slack user', `xoxp-${'1234567890'}-${letters(24)}`],
    ['JWT', JWT],
    ['PEM', PEM],
    ['PEM, PKCS 8', PEM.replaceAll('RSA ', '')],
    ['PEM, OpenSSH', PEM.replaceAll('RSA', 'OPENSSH')],
    ['PEM in JSON text', PEM.replaceAll('\n', '\\n')],
    [
      'PEM, encrypted',
      PEM.replace('KEY-----\n', 'KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,01AB\n\n'),
    ],
    ['PEM, cut off', `-----BEGIN PRIVATE KEY-----\n${b64(64)}\n${b64(30)}`],
  ]

  test.each(keys)('RD1 %s: alone, in prose, in quotation marks, in JSON and in a URL', (_name, key) => {
    expect(redact(key)).toBe(R)
    expect(redact(`use ${key} for that`)).toBe(`use ${R} for that`)
    expect(redact(`found "${key}", and ${key}`)).toBe(`found "${R}", and ${R}`)
    expect(redact({ list: [{ note: key }] })).toEqual({ list: [{ note: R }] })
    if (!key.includes('\n'))
      expect(redact(`https://host/path?x=${key}&y=1`)).toBe(`https://host/path?x=${R}&y=1`)
  })
})

describe('secrets by their place', () => {
  const places: readonly (readonly [string, string])[] = [
    ['Authorization: Bearer abcdef1234567890', `Authorization: Bearer ${R}`],
    ['authorization: bearer abc-DEF_123.456~789', `authorization: bearer ${R}`],
    ['"Authorization": "Basic dXNlcjpwYXNz"', `"Authorization": "Basic ${R}"`],
    ["curl -H 'Authorization: token abcdefghij'", `curl -H 'Authorization: token ${R}'`],
    ['password=hunter2', `password=${R}`],
    ['PASSWORD=hunter', `PASSWORD=${R}`],
    ['password=123456', `password=${R}`],
    ['DB_PASSWORD="correct-horse"', `DB_PASSWORD="${R}"`],
    ['Password: hunter2!', `Password: ${R}`],
    ['passphrase: "correct horse battery staple"', `passphrase: "${R}"`],
    ['pwd=Secr3t', `pwd=${R}`],
    ['api_key = abc123def456', `api_key = ${R}`],
    ['apiKey: "abcdef"', `apiKey: "${R}"`],
    ["x-api-key: 'abcdef'", `x-api-key: '${R}'`],
    ['{"client_secret":"abc","user":"ada"}', `{"client_secret":"${R}","user":"ada"}`],
    ['{\\"accessToken\\":\\"abc\\",\\"n\\":1}', `{\\"accessToken\\":\\"${R}\\",\\"n\\":1}`],
    ['aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', `aws_secret_access_key = ${R}`],
    ['GET /callback?code=1&token=abcdef&state=2', `GET /callback?code=1&token=${R}&state=2`],
    ['export GITHUB_TOKEN=abcdef; ls', `export GITHUB_TOKEN=${R}; ls`],
    ['postgres://ada:hunter2@db.local:5432/app', `postgres://ada:${R}@db.local:5432/app`],
    ['redis://:hunter2@cache/0', `redis://:${R}@cache/0`],
    ['mysqldump --password s3cret app', `mysqldump --password ${R} app`],
    ['deploy --api-key abc123 --verbose', `deploy --api-key ${R} --verbose`],
    ['Set-Cookie: sid=abc123; Path=/', `Set-Cookie: ${R}; Path=/`],
  ]

  test.each(places)('RD2 %s', (text, expected) => {
    expect(redact(text)).toBe(expected)
  })

  test.each([
    // Names that only look alike.
    'author: Ada Lovelace1',
    'max_tokens=4096, total_tokens: 123456',
    '"max_tokens": "4096"',
    'tokenizer: cl100k_base',
    'nextPageToken=abcdef123',
    'eos_token: "</s>"',
    'secretary=Jane123',
    'authority=example1.com',
    'keyboard: qwerty1',
    'primary_key=id12345',
    'public_key: abc123def',
    // Code and types.
    'apiKey = await getApiKeyForModel(model);',
    'apiKey = args[++i];',
    'let token = this.session.token2;',
    'password: string',
    'secret: Uint8Array',
    'token: Token | undefined',
    'connect({ password, token })',
    'connect(password=password, token=config.api_token)',
    'apiKey: "OPENAI_API_KEY"',
    'password=$DB_PASSWORD',
    `password=${'$'}{secrets.PASSWORD}`,
    `password: "${'$'}{{ secrets.PASSWORD }}"`,
    'password=<your password>',
    'api_key="your-api-key-here"',
    'token=null',
    'export ANTHROPIC_API_KEY=sk-ant-...',
    'password: "Password is required"',
    'pwd=process.cwd()',
    'PWD=/home/ada/project',
    'OLDPWD=~/project',
    'pwd: C:\\Users\\ada',
    // Prose.
    'bearer tokens are checked by the authorization server',
    'The password must have 8 characters. The token expires.',
    'Basic understanding of secrets: read chapter 3.',
    'pass --token to log in',
    // Shapes that only look alike.
    'task-sk-folding-circle-container-animation',
    'sk-folding-circle-container-animation',
    'risk-assessment-2024-final-report-version-12',
    'AKIA',
    'BRAZILASIAPACIFICREGION',
    'hf_load_pretrained_model_from_disk_or_hub',
    'npm_config_registry_default_value_when_unset',
    'eyJhbGciOiJIUzI1NiJ9',
    'ghp_',
    'xoxo-love-and-kisses-from-all-of-us',
    '-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOC\n-----END PUBLIC KEY-----',
    'the line -----BEGIN PRIVATE KEY----- begins a key',
    'http://localhost:3000/@vite/client',
    'https://user@host/path',
    'git@github.com:ada/repo.git',
    'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    '018f2b9c-7d7a-7b1e-9c3e-2f4a6b8c0d1e',
    'toolu_01A2B3C4D5E6F7G8H9J0',
  ])('RD3 is left alone: %s', (text) => {
    expect(redact(text)).toBe(text)
  })

  test('RD3 real transcripts, which hold code and prose but no secret, are left as they are', () => {
    const path = realTranscript('pi-mono/large-session.jsonl')
    const text = path === undefined ? 'apiKey = await getApiKeyForModel(model)\n' : readFileSync(path, 'utf8')
    const redactor = createRedactor()
    for (const line of text.split('\n').filter((part) => part !== '')) {
      const value: StateValue = path === undefined ? line : JSON.parse(line)
      expect(redactor.redact(value)).toBe(value)
    }
  })
})

describe('fields by their name', () => {
  test.each([
    'password',
    'Password',
    'db_password',
    'userPassword',
    'passwd',
    'passphrase',
    'pwd',
    'secret',
    'clientSecret',
    'CLIENT_SECRET',
    'apiKey',
    'api_key',
    'api-key',
    'APIKey',
    'OPENAI_API_KEY',
    'x-api-key',
    'apikey',
    'privateKey',
    'accessKey',
    'secretAccessKey',
    'token',
    'accessToken',
    'refresh_token',
    'authToken',
    'csrfToken',
    'Authorization',
    'cookie',
    'Set-Cookie',
    'credential',
  ])('RD4 %s is secret', (name) => {
    expect(redact({ [name]: 'plain words', other: 'plain words' })).toEqual({
      [name]: R,
      other: 'plain words',
    })
  })

  test.each([
    'author',
    'authority',
    'authored_by',
    'max_tokens',
    'maxTokens',
    'total_tokens',
    'inputTokens',
    'tokens',
    'tokenizer',
    'token_count',
    'tokenType',
    'nextPageToken',
    'page_token',
    'eos_token',
    'secretary',
    'password_reset_url',
    'passwordPolicy',
    'key',
    'keys',
    'publicKey',
    'primary_key',
    'keyboard',
    'idempotencyKey',
    'compass',
    'bypass',
    'auth_method',
    'cookieBanner',
  ])('RD4 %s is not', (name) => {
    const value = { [name]: 'plain words' }
    expect(redact(value)).toBe(value)
  })

  test('RD5 numbers are counts, but under a password; true, false, null and empty text stay', () => {
    expect(
      redact({ token: 3, pin: 1234, password: 1234, secret: true, apiKey: null, passphrase: '' }),
    ).toEqual({
      token: 3,
      pin: 1234,
      password: R,
      secret: true,
      apiKey: null,
      passphrase: '',
    })
  })

  test('RD5 bytes and lists under a secret name are redacted, bytes elsewhere are not', () => {
    const bytes = new Uint8Array([1, 2])
    expect(redact({ privateKey: bytes, token: ['a', 'b'], picture: bytes })).toEqual({
      privateKey: R,
      token: [R, R],
      picture: bytes,
    })
  })

  test('RD5 a schema that describes a password is left alone; below credentials and secrets all text is secret', () => {
    const schema = { properties: { password: { type: 'string', description: 'The password' } } }
    expect(redact(schema)).toBe(schema)
    expect(redact({ credentials: { user: 'ada', nested: [{ code: 'x', tries: 3 }] } })).toEqual({
      credentials: { user: R, nested: [{ code: R, tries: 3 }] },
    })
  })

  test('RD5 a list of named values and a recorded Map are read by their names', () => {
    expect(
      redact([
        { name: 'DB_PASSWORD', value: 'x' },
        { key: 'apiKey', value: 'y' },
        { name: 'PATH', value: '/bin' },
      ]),
    ).toEqual([
      { name: 'DB_PASSWORD', value: R },
      { key: 'apiKey', value: R },
      { name: 'PATH', value: '/bin' },
    ])
    expect(
      redact({
        $type: 'map',
        value: [
          ['password', 'x'],
          ['user', 'ada'],
          [1, `sk-${letters(48)}`],
        ],
      }),
    ).toEqual({
      $type: 'map',
      value: [
        ['password', R],
        ['user', 'ada'],
        [1, R],
      ],
    })
  })

  test('RD5 what marks a recorded value stays, so that it can still be decoded', () => {
    const bytes = new Uint8Array([1])
    const credentials = { $type: 'blob', mime: 'text/plain', value: bytes }
    expect(redact({ credentials })).toMatchObject({ credentials: { $type: 'blob', mime: 'text/plain' } })
  })
})

describe('options', () => {
  test('RD7 fields: further names, in any spelling, also in text; their numbers are secret too', () => {
    const options = { fields: ['ssn', 'cardNumber'] }
    const value = {
      SSN: 123456789,
      card_number: '4111',
      user: { 'card-number': '4111' },
      note: 'ssn=123-45-6789',
    }
    expect(redact(value)).toBe(value)
    expect(redact(value, options)).toEqual({
      SSN: R,
      card_number: R,
      user: { 'card-number': R },
      note: `ssn=${R}`,
    })
  })

  test('RD8 patterns: further texts, whatever their flags', () => {
    const text = 'order ACME-1234 and acme-5678'
    expect(redact(text)).toBe(text)
    expect(redact(text, { patterns: [/ACME-\d+/] })).toBe(`order ${R} and acme-5678`)
    expect(redact(text, { patterns: [/ACME-\d+/gi] })).toBe(`order ${R} and ${R}`)
    expect(redact(text, { patterns: [/order/y, /acme-\d+/] })).toBe(`${R} ACME-1234 and ${R}`)
  })

  test('RD8, RD6: taking one secret out may show another, which is taken out too', () => {
    const redactor = createRedactor({ patterns: [/id-\[REDACTED\]/, /\d{6}/] })
    expect(redactor.redact('id-123456')).toBe(R)
    expect(redactor.redact(R)).toBe(R)
  })

  test('RD8 a pattern that finds its own replacement comes to an end', () => {
    expect(String(redact('a', { patterns: [/a/], replacement: 'aa' })).length).toBeLessThan(50)
  })

  test('RD9 allow: a field by name, a secret by its text', () => {
    const key = `sk-${letters(48)}`
    const value = { token: 'public-demo', csrfToken: 'x', note: `${key} password=example1` }
    expect(redact(value, { allow: ['token'] })).toEqual({
      token: 'public-demo',
      csrfToken: R,
      note: `${R} password=${R}`,
    })
    expect(redact(value, { allow: [/^public-/, /example/g] })).toEqual({
      token: 'public-demo',
      csrfToken: R,
      note: `${R} password=example1`,
    })
  })

  test('RD10 replacement: what stands where a secret was', async () => {
    expect(redact({ password: 'x', note: 'password=hunter2' }, { replacement: '***' })).toEqual({
      password: '***',
      note: 'password=***',
    })
    expect((await errorOf(() => redact('a', { replacement: '' }))).details).toEqual({ path: 'replacement' })
  })

  test('RD11 hash: equal secrets are seen to be equal, and nothing can be guessed without the key', async () => {
    const hash = (key: string) => ({ hash: { key: new TextEncoder().encode(key), digest: nodeDigest } })
    const value = { password: 'hunter2', note: 'password=hunter2', other: { secret: 'else' } }
    const first = await redact(value, hash('key-one'))
    const mark = (secret: string) =>
      `${R}:${createHmac('sha256', 'key-one').update(secret).digest('hex').slice(0, 16)}`
    expect(first).toEqual({
      password: mark('hunter2'),
      note: `password=${mark('hunter2')}`,
      other: { secret: mark('else') },
    })
    expect(await redact(value, hash('key-one'))).toEqual(first)
    expect(await redact(value, hash('key-two'))).not.toEqual(first)
    expect(redact({ plain: 'text' }, hash('key-one'))).toEqual({ plain: 'text' })
    const long = 'k'.repeat(100)
    const hex = createHmac('sha256', long).update('x').digest('hex').slice(0, 16)
    expect(await redact({ password: 'x' }, hash(long))).toEqual({ password: `${R}:${hex}` })
  })
})

describe('as hooks', () => {
  function withRedaction(options?: RedactionOptions) {
    const parts = setUp()
    for (const hook of redactionHooks(createRedactor(options))) parts.registry.register(hook)
    return parts
  }

  test('RD13 inputs, results and errors of steps and data of events are redacted before they are recorded', () => {
    const { executor } = withRedaction()
    const input = { password: 'hunter2', query: 'select 1' }
    const clean = { password: R, query: 'select 1' }
    expect(executor.record('step:run', stepDraft({ phase: 'started', input }), scope())).toMatchObject({
      payload: { phase: 'started', input: clean },
      runs: [{ hook: 'redaction@1', outcome: 'modify' }],
    })
    expect(executor.record('step:run', stepDraft({ input, result: 'token=abcdef' }), scope())).toMatchObject({
      payload: { input: clean, result: `token=${R}` },
    })
    const error = {
      name: 'DbError',
      message: 'password=hunter2 refused',
      stack: 'at postgres://ada:hunter2@db',
    }
    const { payload } = executor.record(
      'step:run',
      stepDraft({ phase: 'failed', input: 1, error }),
      scope(),
    ) as { payload: unknown }
    expect(payload).toMatchObject({
      error: { name: 'DbError', message: `password=${R} refused`, stack: `at postgres://ada:${R}@db` },
    })
    expect(
      executor.record('event:emit', { type: 'user.signed-in', data: { token: 'abc' } }, scope()),
    ).toMatchObject({
      payload: { type: 'user.signed-in', data: { token: R } },
    })
  })

  test("RD13 so are an event's tags and target, and an error's name", () => {
    const { executor } = withRedaction()
    const draft = { type: 'user.told', data: 1, tags: ['urgent', KEY], target: `key ${KEY}` }
    expect(executor.record('event:emit', draft, scope())).toMatchObject({
      payload: { type: 'user.told', data: 1, tags: ['urgent', R], target: `key ${R}` },
    })
    const error = { name: KEY, message: 'refused' }
    expect(executor.record('step:run', stepDraft({ phase: 'failed', error }), scope())).toMatchObject({
      payload: { error: { name: R, message: 'refused' } },
    })
  })

  test('RD12 what is given is not touched, and comes back itself where it holds no secret', () => {
    const { executor } = withRedaction()
    const result = { list: [{ token: 'abc' }] }
    executor.record('step:run', stepDraft({ result }), scope())
    expect(result).toEqual({ list: [{ token: 'abc' }] })
    const draft = stepDraft({ result: 'harmless' })
    expect(executor.record('step:run', draft, scope())).toEqual({
      payload: draft,
      collected: [],
      runs: [{ hook: 'redaction@1', outcome: 'continue' }],
    })
  })

  test('RD14 where it fails nothing is recorded, however often', async () => {
    const { registry, executor } = setUp()
    const broken = { redact: () => Promise.reject(new Error('no key')), mayHold: () => true }
    for (const hook of redactionHooks(broken)) registry.register(hook)
    for (let call = 0; call < 10; call++) {
      const error = await errorOf(() => executor.record('event:emit', { type: 'a.b', data: 1 }, scope()))
      expect(error.code).toBe('HOOK_FAILED')
    }
    expect(executor.stats().find(({ point }) => point === 'event:emit')).toMatchObject({
      calls: 10,
      skipped: 0,
    })
  })

  test("RD15 it comes after an app's own record-hooks, whenever they were registered", async () => {
    const { registry, executor } = withRedaction()
    registry.register({
      id: 'adds',
      version: 1,
      point: 'event:emit',
      stage: 'record',
      run: () => ({ kind: 'modify', change: { data: { password: 'added' } } }),
    })
    expect(await executor.record('event:emit', { type: 'a.b', data: 1 }, scope())).toMatchObject({
      payload: { data: { password: R } },
    })
  })
})
