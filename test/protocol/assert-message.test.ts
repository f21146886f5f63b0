import { expect, test } from 'vitest'
import { assertCall, assertHello, assertPageMessage } from '../../src/protocol/assert-page-message.ts'
import {
  assertBatchAnswer,
  assertWelcome,
  assertWorkerMessage,
  isUnheardOf,
} from '../../src/protocol/assert-worker-message.ts'

/** Where a guard says that a value does not fit; undefined when it does. */
function wrongIn(guard: (value: unknown) => void, value: unknown): unknown {
  try {
    guard(value)
    return undefined
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' })
    return (error as { details: { path: string } }).details.path
  }
}

const hello = { protocol: 1, name: 'app', client: 'c' }
const call = { id: 1, method: 'sessions.get', input: {}, deadlineMs: 10 }
const write = {
  type: 'write',
  id: 1,
  target: { session: 's' },
  changes: [{ key: 'a' }],
  requestId: 'r',
  mayRepeat: false,
  deadlineMs: 10,
}
const hook = {
  id: 'h',
  version: 1,
  point: 'state:write',
  stage: 'before',
  priority: 0,
  timeoutMs: 1,
  onError: 'refuse',
  replayable: true,
  breaker: true,
}
const welcome = { protocol: 1, generation: 'g', writer: 'w', persisted: false }
const error = { code: 'CLOSED', message: 'm', details: {} }
const patch = { type: 'patch', stream: 's', entries: [{ key: 'a', at: 'e' }], source: 'tab', writes: [1] }

/** Each message with what it must at least hold, and values that no field of it may have. */
const accepted: [string, (value: unknown) => void, readonly object[]][] = [
  [
    'hello',
    assertHello,
    [
      hello,
      {
        ...hello,
        actor: { id: 'a', name: 'A' },
        generation: 'g',
        templates: { a: {} },
        reopen: true,
      },
    ],
  ],
  [
    'call',
    assertCall,
    [call, { ...call, requestId: 'r', mayRepeat: true, cause: { causeId: 'e' }, hookPath: ['a'] }],
  ],
  [
    'page message',
    assertPageMessage,
    [
      write,
      { ...write, target: { scope: 'global' }, durability: 'relaxed', cause: {}, hookPath: [] },
      { type: 'abort', id: 0 },
      { type: 'attach', stream: 's' },
      { type: 'detach', stream: 's' },
      { type: 'watch', watch: 1, types: ['*'], sessionId: 's', since: 'e' },
      { type: 'unwatch', watch: 1 },
      { type: 'hook', hook },
      { type: 'hook', hook: { ...hook, when: { sessionId: 's', tags: [], kinds: ['a'], names: ['b.*'] } } },
      { type: 'hook', hook: { ...hook, breakerOptions: { openMs: 5 }, enabled: false } },
      { type: 'unhook', id: 'h', point: 'state:write', stage: 'before' },
      { type: 'switchHooks', which: { id: 'h', home: 'worker' }, enabled: false },
      { type: 'steps', steps: [{ step: 'a@1', purity: 'pure' }] },
      { type: 'answer', ask: 1, outcome: { ok: true, value: undefined } },
      {
        type: 'answer',
        ask: 1,
        outcome: { ok: false, error: { name: 'n', message: 'm', stack: 's', code: 'c' } },
      },
      { type: 'flush' },
      { type: 'ping', ping: 1 },
    ],
  ],
  ['welcome', assertWelcome, [welcome, { ...welcome, gates: [{}] }]],
  [
    'batch answer',
    assertBatchAnswer,
    [
      { settled: [] },
      {
        settled: [
          { id: 1, ok: true, value: undefined },
          { id: 2, ok: false, error },
        ],
      },
    ],
  ],
  [
    'worker message',
    assertWorkerMessage,
    [
      { type: 'settled', settled: [{ id: 1, ok: true, value: 1 }] },
      patch,
      { ...patch, record: { id: 's', status: 'active', updatedAt: 1 }, deleted: true },
      { type: 'events', watch: 1, events: [{ id: 'e', type: 't', time: 1 }] },
      { type: 'ask', ask: 1, what: { kind: 'step' } },
      { type: 'progress', id: 1, loaded: 0, total: null },
      { type: 'storage', state: 'lost', message: 'm' },
      { type: 'blocked', tabs: null, leftMs: 1 },
      { type: 'pong', ping: 1 },
    ],
  ],
]

test.each(accepted)('WI10 a %s with all it needs passes', (_name, guard, values) => {
  for (const value of values) expect(wrongIn(guard, value), JSON.stringify(value)).toBeUndefined()
})

test.each(accepted)(
  'WI10 a %s that is no object, or lacks a field, is refused by the name of that field',
  (_name, guard, values) => {
    for (const junk of [null, undefined, 7, 'text', [], () => {}])
      expect(wrongIn(guard, junk)).toMatch(/^(type)?$/)
    for (const value of values) {
      for (const field of Object.keys(value)) {
        const path = wrongIn(guard, { ...value, [field]: Symbol('nothing has this') })
        // `input` and `value` are whatever a method takes or answers.
        if (field !== 'input')
          expect(path, `${JSON.stringify(value)} ${field}`).toMatch(new RegExp(`(^|\\.)${field}$`))
      }
    }
  },
)

test('WI10 fields inside of fields are looked at too', () => {
  const wrong = (changes: object) => wrongIn(assertPageMessage, { ...write, ...changes })
  expect(wrong({ target: {} })).toBe('write.target')
  expect(wrong({ target: null })).toBe('write.target')
  expect(wrong({ changes: [{ key: 1 }] })).toBe('write.changes')
  expect(wrong({ changes: 'all' })).toBe('write.changes')
  expect(wrong({ cause: { causeId: 1 } })).toBe('write.cause')
  expect(wrong({ cause: { causeId: '' } })).toBe('write.cause')
  expect(wrong({ cause: { correlationId: 'x'.repeat(129) } })).toBe('write.cause')
  expect(wrong({ hookPath: Array(17).fill('a') })).toBe('write.hookPath')
  expect(wrong({ hookPath: Array(16).fill('a') })).toBeUndefined()
  for (const deadlineMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1'])
    expect(wrong({ deadlineMs })).toBe('write.deadlineMs')
  for (const id of [-1, 1.5, Number.NaN, '1']) expect(wrong({ id })).toBe('write.id')
  expect(wrongIn(assertPageMessage, { type: 'hook', hook: { ...hook, point: 'toString' } })).toBe('hook.hook')
  expect(wrongIn(assertPageMessage, { type: 'hook', hook: { ...hook, when: { tags: 'all' } } })).toBe(
    'hook.hook',
  )
  expect(wrongIn(assertPageMessage, { type: 'answer', ask: 1, outcome: { ok: false, error: {} } })).toBe(
    'answer.outcome',
  )
  expect(wrongIn(assertPageMessage, { type: 'answer', ask: 1, outcome: { ok: 1 } })).toBe('answer.outcome')
  expect(
    wrongIn(assertWorkerMessage, {
      type: 'settled',
      settled: [{ id: 1, ok: false, error: { ...error, code: 'toString' } }],
    }),
  ).toBe('settled.settled')
  expect(wrongIn(assertWorkerMessage, { type: 'ask', ask: 1, what: { kind: 1 } })).toBe('ask.what')
  expect(wrongIn(assertHello, { ...hello, name: '' })).toBe('name')
  expect(wrongIn(assertHello, { ...hello, actor: {} })).toBe('actor')
})

test('VE6 a message of a type that is not known is told from one that is damaged', () => {
  expect(isUnheardOf({ type: 'fromTomorrow', id: 1 })).toBe(true)
  for (const known of [{ type: 'pong', ping: 'x' }, { type: 'settled' }, { ping: 1 }, null, 'pong', ['pong']])
    expect(isUnheardOf(known)).toBe(false)
})

test('WI10 names that every object has are no types and no methods', () => {
  for (const type of ['toString', 'constructor', '__proto__', 'hasOwnProperty']) {
    expect(wrongIn(assertPageMessage, { type })).toBe('type')
    expect(wrongIn(assertWorkerMessage, { type })).toBe('type')
    expect(wrongIn(assertCall, { ...call, method: type })).toBe('method')
  }
})
