import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import type { SessionId } from '../../../src/core/ids.ts'
import type { RateRule } from '../../../src/core/policy/rates.ts'
import { unpackKept } from '../../../src/core/session/kept-record.ts'
import type { SessionLimits } from '../../../src/core/session/record.ts'
import { readEvent } from '../../../src/core/timeline/event-data.ts'
import { checkLaws } from '../../../src/testing/check-laws.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'
import { type PolicyTab, startTab } from './tab.ts'

const MINUTE_MS = 60_000

const created = async (tab: PolicyTab, limits: SessionLimits) =>
  (await tab.call('sessions.create', { limits })).record.id

const emit = (tab: PolicyTab, sessionId: SessionId, type = 'app.worked') =>
  tab.call('timeline.emit', { sessionId, type, data: null })

/** How many of so many at once pass, and the first refusal. */
async function pass(calls: readonly Promise<unknown>[]) {
  const settled = await Promise.allSettled(calls)
  const refusals = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  return { passed: settled.length - refusals.length, refusal: refusals[0], refusals }
}

const times = <T>(count: number, make: (at: number) => T) =>
  Array.from({ length: count }, (_, at) => make(at))

const found = async (tab: PolicyTab, sessionId: SessionId, type: string) =>
  (await tab.call('timeline.query', { sessionId, types: [type], limit: 500 })).items

const sound = async (tab: PolicyTab) => {
  await tab.call('flush', {})
  expect(await checkLaws(tab.native)).toEqual([])
}

test('PO3 a session does no more operations than its limit, counted over two tabs that ask at once', async () => {
  const wall = fakeClock()
  const first = await startTab({ wall })
  const second = await startTab({ wall, name: first.name })
  const id = await created(first, { maxOperations: 100 })

  const { passed, refusal } = await pass(times(160, (at) => emit(at % 2 === 0 ? first : second, id)))

  expect(passed).toBe(100)
  expect(refusal).toMatchObject({
    code: 'LIMIT_EXCEEDED',
    retryable: false,
    details: { sessionId: id, limit: 'maxOperations', max: 100, used: 100, left: 0 },
  })
  expect(await found(second, id, 'app.*')).toHaveLength(100)
  await sound(first)
})

test('PO3 what is counted is there after a restart, and a raised limit lets on', async () => {
  const wall = fakeClock()
  const first = await startTab({ wall })
  const id = await created(first, { maxOperations: 3 })
  await pass(times(2, () => emit(first, id)))
  await first.stop()

  const again = await startTab({ wall, name: first.name })
  expect((await pass(times(4, () => emit(again, id)))).passed).toBe(1)
  await again.call('sessions.edit', { id, changes: { limits: { maxOperations: 5 } } })
  expect((await pass(times(4, () => emit(again, id)))).passed).toBe(2)
  await again.call('sessions.edit', { id, changes: { limits: {} } })
  expect((await pass(times(4, () => emit(again, id)))).passed).toBe(4)
  await sound(again)
})

test('PO4 state changes that travel together are counted one by one: as many pass as the limit lets, in their order', async () => {
  const tab = await startTab()
  const id = await created(tab, { maxOperations: 5 })
  const changes = times(8, (at) => ({ key: `key-${at}`, value: at }))

  const written = await tab.call('state.write', { target: { session: id }, changes })

  expect(written.changes.map(({ key }) => key)).toEqual(times(5, (at) => `key-${at}`))
  expect(written.refused?.map(({ key, error }) => [key, error.code])).toEqual(
    times(3, (at) => [`key-${at + 5}`, 'LIMIT_EXCEEDED']),
  )
  const { entries } = await tab.call('state.open', { session: id })
  expect(entries).toHaveLength(5)
  await sound(tab)
})

test('PO4 events that travel together are counted one by one', async () => {
  const tab = await startTab()
  const id = await created(tab, { maxOperations: 2 })
  const events = times(4, (at) => ({ type: 'app.worked', data: at }))

  const { events: answers } = await tab.call('timeline.append', { sessionId: id, events })

  expect(answers).toMatchObject([
    { ids: [expect.any(String), expect.any(String)] },
    { error: {} },
    { error: {} },
  ])
  await sound(tab)
})

test('PO5 no step starts where tokens or cost are used up; an end is recorded beyond the limit, and what was used before it was set counts', async () => {
  for (const limits of [{ maxTokens: 100 }, { maxCostUsd: 0.5 }]) {
    const tab = await startTab()
    const id = await created(tab, {})
    const use = () =>
      tab.step(id, 'agent:plan@1', { usage: { inputTokens: 30, outputTokens: 31, costUsd: 0.3 } })
    await use()
    await tab.call('sessions.edit', { id, changes: { limits } })
    await use()

    const { refusal } = await pass([use()])

    expect(refusal).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      details: {
        limit: Object.keys(limits)[0],
        used: 'maxTokens' in limits ? 122 : 0.6,
      },
    })
    expect(await emit(tab, id)).toMatchObject({ type: 'app.worked' })
    expect(await found(tab, id, 'step.started')).toHaveLength(2)
    await sound(tab)
  }
})

test('PO5, PO25 what a message used counts also where it stands in a content, and the next one is refused', async () => {
  const tab = await startTab()
  const id = await created(tab, { maxTokens: 100 })
  const data = {
    role: 'assistant',
    content: 'x'.repeat(40_000),
    model: 'small',
    usage: { inputTokens: 60, outputTokens: 41, costUsd: 0.5 },
  }
  const say = () => tab.call('timeline.emit', { sessionId: id, type: 'message.added', data })
  await say()

  for (const call of [tab.step(id, 'agent:plan@1', {}), say()])
    expect((await pass([call])).refusal).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      details: { limit: 'maxTokens', used: 101 },
    })
  expect(unpackKept(await tab.call('sessions.get', { id }), id)?.counters.usage).toMatchObject({
    inputTokens: 60,
    outputTokens: 41,
    costUsd: 0.5,
  })
  const [event] = await found(tab, id, 'message.added')
  if (event === undefined) throw new Error('The message is not there.')
  expect(await readEvent((recorded) => ('content' in recorded ? data : null), event)).toEqual({
    ...event,
    data,
  })
  await sound(tab)
})

test('PO6 artifacts take no more bytes than the limit; a deletion gives its bytes back', async () => {
  const tab = await startTab()
  const id = await created(tab, { maxBytes: 10 })
  const store = (name: string, content: string) =>
    tab.call('artifacts.store', { sessionId: id, name, content })
  const first = await store('one', '12345678')

  expect((await pass([store('two', '123')])).refusal).toMatchObject({
    code: 'LIMIT_EXCEEDED',
    details: { limit: 'maxBytes', max: 10, used: 8 },
  })
  await store('two', '12')
  await tab.call('artifacts.delete', { sessionId: id, id: first.id })
  await store('three', '12345678')
  expect((await pass([store('four', '1')])).refusal).toMatchObject({ code: 'LIMIT_EXCEEDED' })
  await sound(tab)
})

test('PO7 a rate per minute lets so many pass at once and then one after the other; the error says when to come back', async () => {
  const wall = fakeClock()
  const tab = await startTab({ wall })
  const id = await created(tab, { maxOperationsPerMinute: 60 })

  const { passed, refusal } = await pass(times(70, () => emit(tab, id)))
  expect(passed).toBe(60)
  expect(refusal).toMatchObject({
    code: 'RATE_LIMITED',
    retryable: true,
    details: { limit: 'maxOperationsPerMinute', max: 60, retryAfterMs: 1_000, retryAt: wall.now() + 1_000 },
  })
  wall.advance(999)
  expect((await pass([emit(tab, id)])).passed).toBe(0)
  wall.advance(1)
  expect((await pass(times(2, () => emit(tab, id)))).passed).toBe(1)
  wall.advance(MINUTE_MS)
  expect((await pass(times(70, () => emit(tab, id)))).passed).toBe(60)
  await sound(tab)
})

test('PO8 a session past its time does nothing more, after a grace in which it warns; a resume begins its time anew', async () => {
  for (const limit of ['maxDurationMs', 'maxIdleMs'] as const) {
    const wall = fakeClock()
    const tab = await startTab({ wall })
    const id = await created(tab, { [limit]: 10 * MINUTE_MS, graceMs: MINUTE_MS })
    wall.advance(10 * MINUTE_MS)
    await emit(tab, id)
    wall.advance(limit === 'maxIdleMs' ? 10.5 * MINUTE_MS : 0.5 * MINUTE_MS)
    await emit(tab, id)
    wall.advance(limit === 'maxIdleMs' ? 11 * MINUTE_MS + 1 : MINUTE_MS)

    expect((await pass([emit(tab, id)])).refusal).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      details: { sessionId: id, limit, max: 10 * MINUTE_MS },
    })
    expect((await found(tab, id, 'limit.neared')).map(({ data }) => data)).toContainEqual(
      expect.objectContaining({ limit, share: 1 }),
    )

    await tab.call('sessions.transition', { id, verb: 'suspend' })
    await tab.call('sessions.transition', { id, verb: 'resume' })
    expect((await pass([emit(tab, id)])).passed).toBe(1)
    await sound(tab)
  }
})

test('PO8 a session is not idle until its step has ended', async () => {
  const wall = fakeClock()
  const tab = await startTab({ wall })
  const id = await created(tab, { maxIdleMs: MINUTE_MS })
  const ticket = await tab.call('steps.start', {
    sessionId: id,
    step: 'agent:plan@1',
    purity: 'effect',
    input: null,
  })
  if (ticket.state !== 'run') throw new Error(`The step is ${ticket.state}.`)
  wall.advance(2 * MINUTE_MS)
  const outcome = { ok: true, value: 'done' } as const
  await tab.call('steps.finish', { sessionId: id, startedId: ticket.startedId, outcome })
  wall.advance(MINUTE_MS)
  expect((await pass([emit(tab, id)])).passed).toBe(1)
  wall.advance(MINUTE_MS + 1)
  expect((await pass([emit(tab, id)])).refusal).toMatchObject({ details: { limit: 'maxIdleMs' } })
  await sound(tab)
})

test('PO9 each share of a limit that is reached is told once, with what was stored', async () => {
  const tab = await startTab()
  const id = await created(tab, { maxOperations: 20 })
  for (let at = 0; at < 20; at += 1) await emit(tab, id)

  expect((await found(tab, id, 'limit.neared')).map(({ data }) => data)).toEqual([
    { limit: 'maxOperations', share: 0.5, used: 10, max: 20 },
    { limit: 'maxOperations', share: 0.75, used: 15, max: 20 },
    { limit: 'maxOperations', share: 0.9, used: 18, max: 20 },
    { limit: 'maxOperations', share: 1, used: 20, max: 20 },
  ])
  await sound(tab)
})

test('PO10 a rate of the worker holds for the store or for each session, by kind and name, and a refused call uses up none of it', async () => {
  const wall = fakeClock()
  const rates: readonly RateRule[] = [
    { id: 'all', limit: 5, windowMs: 10_000 },
    { id: 'each', per: 'session', limit: 3, windowMs: 10_000 },
    { id: 'model', of: ['step'], names: ['agent:*'], limit: 1, windowMs: 10_000, burst: 1 },
  ]
  const tab = await startTab({ wall, rates })
  const [one, two] = [await created(tab, {}), await created(tab, {})]

  expect(await pass(times(6, () => emit(tab, one)))).toMatchObject({
    passed: 3,
    refusal: { code: 'RATE_LIMITED', details: { limit: 'each', per: 'session', max: 3, windowMs: 10_000 } },
  })
  // What `each` refused is not counted for `all`: two are left.
  expect(await pass(times(3, () => emit(tab, two)))).toMatchObject({
    passed: 2,
    refusal: { details: { limit: 'all', per: 'store', retryAfterMs: 2_000 } },
  })
  wall.advance(10_000)
  const step = (name: string, id: SessionId) => tab.step(id, name, {})
  expect(await pass([step('agent:plan@1', one)])).toMatchObject({ passed: 1 })
  expect(await pass([step('agent:plan@1', two)])).toMatchObject({
    passed: 0,
    refusal: { details: { limit: 'model' } },
  })
  expect(await pass([step('tool:sql@1', two)])).toMatchObject({ passed: 1 })
})

test.for([
  ['limit', { limit: 0 }],
  ['burst', { burst: 0.5 }],
  ['per', { per: 'user' }],
  ['of', { of: ['steps'] }],
  ['names', { names: 'agent:*' }],
] as const)('PO10 a rule whose %s is none is refused', async ([part, wrong]) => {
  const tab = await startTab({ rates: [{ id: 'none', limit: 1, ...wrong } as never] })
  expect((await pass([created(tab, {})])).refusal).toMatchObject({
    code: 'INVALID_ARGUMENT',
    details: { path: `rates.${part}`, rate: 'none' },
  })
})

test('PO7 a rate of less than one a minute lets one through, and the next when its time has come', async () => {
  const wall = fakeClock()
  const tab = await startTab({ wall })
  const id = await created(tab, { maxOperationsPerMinute: 0.5 })
  expect((await pass(times(2, () => emit(tab, id)))).refusal).toMatchObject({
    code: 'RATE_LIMITED',
    details: { retryAfterMs: 2 * MINUTE_MS },
  })
  wall.advance(2 * MINUTE_MS)
  expect((await pass([emit(tab, id)])).passed).toBe(1)
})

test('PO4 what is refused of several is told what is used with the others, and when the first of it can come', async () => {
  const wall = fakeClock()
  const tab = await startTab({ wall })
  const changes = times(8, (at) => ({ key: `key-${at}`, value: at }))
  const refusalOf = async (limits: SessionLimits) => {
    const session = await created(tab, limits)
    return (await tab.call('state.write', { target: { session }, changes })).refused?.[0]?.error
  }
  expect(await refusalOf({ maxOperations: 5 })).toMatchObject({
    message: expect.stringContaining('has used 5 of its maxOperations of 5'),
    details: { used: 5 },
  })
  expect(await refusalOf({ maxOperationsPerMinute: 6 })).toMatchObject({
    details: { retryAfterMs: 10_000 },
  })
})

test("PO11 a call of an app's own point is an operation, for limits and for rates by its name", async () => {
  const rates: readonly RateRule[] = [{ id: 'publish', of: ['event'], names: ['custom:publish'], limit: 1 }]
  const tab = await startTab({ rates })
  const call = (sessionId: SessionId, point: `custom:${string}`) =>
    tab.call('hooks.call', { sessionId, point, data: 1 })
  const id = await created(tab, { maxOperations: 2 })
  expect((await pass(times(2, () => call(id, 'custom:publish')))).refusal).toMatchObject({
    details: { limit: 'publish' },
  })
  expect((await pass(times(2, () => call(id, 'custom:other')))).refusal).toMatchObject({
    details: { limit: 'maxOperations' },
  })
})

test('PO11 reads, lifecycle, ends of steps and imports are no operations; a step with what it gives is one', async () => {
  const tab = await startTab()
  const id = await created(tab, { maxOperations: 1 })
  await tab.step(id, 'tool:sql@1', { collects: true })
  await tab.call('sessions.save', { id })
  await tab.call('sessions.edit', { id, changes: { name: 'more' } })
  await tab.call('artifacts.list', { sessionId: id })
  expect((await pass([emit(tab, id)])).refusal).toMatchObject({ code: 'LIMIT_EXCEEDED' })
  await sound(tab)
})
