import { expect, test } from 'vitest'
import type { Caller } from '../../src/client/caller.ts'
import type { Connection, SendOptions } from '../../src/client/connection.ts'
import { createEmitter, MAX_TOGETHER_BYTES } from '../../src/client/emitter.ts'
import { createError } from '../../src/core/errors.ts'
import type { CorrelationId, EventId, SessionId } from '../../src/core/ids.ts'
import { MAX_TEXT_CHARACTERS } from '../../src/core/timeline/text-limit.ts'
import { toWireError } from '../../src/protocol/wire-error.ts'

type Told = { readonly data: unknown } | { readonly texts: readonly string[] }

interface Sent {
  readonly method: string
  readonly input: {
    readonly events?: readonly Told[]
    readonly durability?: string
    readonly follows?: true
  }
  readonly options: SendOptions | undefined
}

/** Calls are sent, and answered, when `leave` is called. */
function rig(protocol = 2, answer?: () => Promise<unknown>) {
  const sent: Sent[] = []
  const leaving: (() => void)[] = []
  const leave = () => {
    for (const one of leaving.splice(0)) one()
  }
  const call = (method: string, input: Sent['input'], options?: SendOptions) =>
    new Promise((resolve) => {
      leaving.push(() => {
        options?.onSend?.()
        sent.push({ method, input: structuredClone(input), options })
        resolve(method === 'timeline.append' ? answerTo(input) : input)
      })
    })
  const connection = {
    durability: undefined,
    welcome: { protocol },
    hookFrame: { of: (frame: object) => frame },
    hurry: () => leave(),
    grew: (load: { bytes: number }, bytes: number) => {
      load.bytes += bytes
    },
  }
  const emitterOf = (session: string) =>
    createEmitter(
      connection as unknown as Connection,
      { frame: {}, call: answer ?? call } as unknown as Caller,
      session as SessionId,
    )
  return {
    emit: emitterOf('s1'),
    emitterOf,
    sent,
    leave,
  }
}

const common = { correlationId: 'c' as CorrelationId, source: 'local', schema: 1 } as const

function dataIn({ events = [] }: Sent['input']): readonly unknown[] {
  return events.flatMap((told) =>
    'texts' in told ? told.texts.map((text) => JSON.parse(text)) : [told.data],
  )
}

function answerTo(input: Sent['input']) {
  const answered = dataIn(input).flatMap((data, at) => {
    if (data === 'forgotten') return []
    if (data === 'refused') return { error: toWireError(createError('HOOK_CANCELLED', 'no')) }
    const id = `00000000-0001-7${String(at).padStart(3, '0')}-8000-000000000000` as EventId
    return data === 'changed' ? { id, data: 'by a hook' } : { ids: [id] }
  })
  return { common, events: answered }
}

test('WI42 what is emitted before the page sends is one call, each event with its own answer', async () => {
  const { emit, sent, leave } = rig()
  const emitted = ['as given', 'changed', 'refused'].map((data) => emit('a.b', data, {}))
  // Not only of one microtask: nothing was sent yet.
  await Promise.resolve()
  emitted.push(emit('a.b', 'later', {}))
  leave()
  const settled = await Promise.allSettled(emitted)
  expect(settled).toMatchObject([
    { value: { ...common, type: 'a.b', data: 'as given', id: expect.stringMatching(/^0/), time: 1 } },
    { value: { data: 'by a hook' } },
    { reason: { code: 'HOOK_CANCELLED' } },
    { value: { data: 'later' } },
  ])
  expect(sent.map(({ method, input }) => [method, dataIn(input).length])).toEqual([['timeline.append', 4]])
  // What has left takes no more.
  const next = emit('a.b', 'next', {})
  leave()
  await next
  expect(sent.map(({ input }) => dataIn(input).length)).toEqual([4, 1])
})

test('WI42 an event with a durability, id, signal or deadline of its own does not travel with others', async () => {
  const { emit, sent, leave } = rig()
  const { signal } = new AbortController()
  const emitted = [
    emit('a.b', 1, {}),
    emit('a.b', 2, { durability: 'strict' }),
    emit('a.b', 3, { requestId: 'r' }),
    emit('a.b', 4, { signal }),
    emit('a.b', 5, { deadlineMs: 5 }),
  ]
  leave()
  await Promise.all(emitted)
  expect(sent.map(({ method, input }) => [method, input.durability])).toEqual([
    ['timeline.append', undefined],
    ['timeline.append', 'strict'],
    ['timeline.emit', undefined],
    ['timeline.emit', undefined],
    ['timeline.emit', undefined],
  ])
  expect(sent.slice(2).map(({ options }) => options)).toEqual([
    { requestId: 'r' },
    { signal },
    { deadlineMs: 5 },
  ])
})

test('WI42 much data is cut into several calls, in order', async () => {
  const { emit, sent, leave } = rig()
  const part = 'x'.repeat(MAX_TOGETHER_BYTES / 2)
  const emitted = [1, 2, 3, 4, 5].map((turn) => emit('a.b', [turn, part], {}))
  leave()
  await Promise.all(emitted)
  const turns = sent.map(({ input }) => dataIn(input).map((data) => (data as number[])[0]))
  expect(turns).toEqual([[1, 2], [3, 4], [5]])
})

test('WI42 what is full leaves at once, while the page makes the next', async () => {
  const { emit, sent, leave } = rig()
  const part = 'x'.repeat(MAX_TOGETHER_BYTES / 2)
  const emitted = [emit('a.b', part, {})]
  expect(sent).toHaveLength(0)
  emitted.push(emit('a.b', part, {}), emit('a.b', part, {}))
  expect(sent).toHaveLength(1)
  leave()
  await Promise.all(emitted)
  expect(sent.map(({ input }) => dataIn(input).length)).toEqual([2, 1])
})

test('WI42 what is emitted in one turn with what left before follows on it', async () => {
  const { emit, sent, leave } = rig()
  const full = 'x'.repeat(MAX_TOGETHER_BYTES)
  const emitted = [emit('a.b', full, {}), emit('a.b', full, {}), emit('a.b', 1, { durability: 'strict' })]
  await Promise.resolve()
  emitted.push(emit('a.b', full, {}), emit('a.b', 2, {}))
  leave()
  await Promise.all(emitted)
  expect(sent.map(({ input }) => input.follows)).toEqual([undefined, true, true, undefined, true])
})

test('WI42 it follows too where another handle emitted it, or an event has a cause of its own', async () => {
  const { emit, emitterOf, sent, leave } = rig()
  const [byAnother, elsewhere] = [emitterOf('s1'), emitterOf('s2')]
  const emitted = [emit('a.b', 1, {}), byAnother('a.b', 2, {}), elsewhere('a.b', 3, {})]
  leave()
  await Promise.all(emitted)
  const later = byAnother('a.b', 4, {})
  leave()
  await later
  expect(sent.map(({ input }) => input.follows)).toEqual([undefined, true, undefined, undefined])
})

test('WI49 data that JSON holds goes as its text, that of one type together, and any other as it is', async () => {
  const { emit, sent, leave } = rig()
  const long = 'x'.repeat(MAX_TEXT_CHARACTERS)
  const bytes = new Uint8Array([1])
  const data = [{ n: 1 }, 'two', [bytes], null, long]
  const emitted = data.map((one) => emit('a.b', one, {}))
  emitted.push(emit('c.d', 1, {}), emit('c.d', 2, {}, { tags: ['x'] }))
  leave()
  expect((await Promise.all(emitted)).map((event) => event.data)).toEqual([...data, 1, 2])
  expect(sent[0]?.input.events).toEqual([
    { type: 'a.b', texts: ['{"n":1}', '"two"'] },
    { type: 'a.b', data: [bytes] },
    { type: 'a.b', texts: ['null'] },
    { type: 'a.b', data: long },
    { type: 'c.d', texts: ['1'] },
    { type: 'c.d', data: 2, tags: ['x'] },
  ])
})

test('WI49 in a page whose lists write themselves as JSON in their own way, data goes as it is', async () => {
  const { emit, sent, leave } = rig()
  Object.defineProperty(Array.prototype, 'toJSON', { value: () => 'a list', configurable: true })
  const emitted = emit('a.b', [1], {})
  Reflect.deleteProperty(Array.prototype, 'toJSON')
  leave()
  expect((await emitted).data).toEqual([1])
  expect(sent[0]?.input.events).toEqual([{ type: 'a.b', data: [1] }])
})

test('WI49 events that got no answer are told so, each', async () => {
  const { emit, leave } = rig()
  const emitted = ['as given', 'forgotten', 'as given'].map((data) => emit('a.b', data, {}))
  leave()
  expect((await Promise.allSettled(emitted)).map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
  ])
})

test('WI49 an answer of no known form refuses each event, and keeps nobody waiting', async () => {
  const { emit } = rig(2, () => Promise.resolve({ events: null }))
  const emitted = await Promise.allSettled([emit('a.b', 1, {}), emit('a.b', 2, {})])
  expect(emitted.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})

test('WI42 a worker of protocol 1 gets each event by itself', async () => {
  const { emit, sent, leave } = rig(1)
  const emitted = [emit('a.b', 1, {}), emit('a.b', 2, {})]
  leave()
  await Promise.all(emitted)
  expect(sent.map(({ method }) => method)).toEqual(['timeline.emit', 'timeline.emit'])
})

test('PG121, VE5: what is said of an event goes with it, and is refused where the worker would not know it', async () => {
  const { emit, sent, leave } = rig()
  const partOf = ['00000000-0001-7000-8000-000000000000' as EventId]
  const told = emit('a', 1, {}, { tags: ['x'], target: 'ada', links: { partOf } })
  leave()
  await told
  expect(sent[0]?.input.events).toEqual([
    { type: 'a', data: 1, tags: ['x'], target: 'ada', links: { partOf } },
  ])
  const old = rig(1)
  expect(() => old.emit('a', 1, {}, { tags: ['x'] })).toThrow(
    expect.objectContaining({ code: 'VERSION_MISMATCH' }),
  )
  old.leave()
  expect(old.sent).toEqual([])
})
