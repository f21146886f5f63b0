import { expect, onTestFinished, test } from 'vitest'
import { defineStep, type Session } from '../../src/index.ts'
import { rejectionOf } from '../client/rejection.ts'
import { movedClock } from './moved-clock.ts'
import { expectSound, visit, visitAgain } from './visit.ts'

const MINUTE_MS = 60_000

const stepOf = (id: string) => defineStep({ id, version: 1, purity: 'effect', run: () => 'done' })

const warnings = async (session: Session) =>
  (await session.timeline.query({ types: ['limit.neared'] })).items.map(({ data }) => data)

test('OR50 timeout policy: warned before its time, stopped after its grace, also by who comes back later; a resume begins anew', async () => {
  const { worker, advance } = movedClock()
  const first = await visit({ worker })
  const session = await first.holdfast.sessions.create({
    limits: { maxDurationMs: 60 * MINUTE_MS, maxIdleMs: 30 * MINUTE_MS, graceMs: MINUTE_MS },
  })
  await advance(29 * MINUTE_MS)
  await session.emit('app.worked', 1)
  await advance(26 * MINUTE_MS)
  await session.emit('app.worked', 2)
  expect(await warnings(session)).toContainEqual(
    expect.objectContaining({ limit: 'maxDurationMs', share: 0.9, max: 60 * MINUTE_MS }),
  )
  await advance(5.5 * MINUTE_MS)
  await session.emit('app.worked', 3)
  await advance(MINUTE_MS)
  const refusal = { name: 'RefusedError', code: 'LIMIT_EXCEEDED', details: { limit: 'maxDurationMs' } }
  expect(await rejectionOf(session.state.set('late', true))).toMatchObject(refusal)

  const again = await visitAgain(first, { worker })
  const back = await again.holdfast.sessions.open(session.id)
  // The worker of this visit begins with the clock of the machine.
  await advance(62.5 * MINUTE_MS)
  expect(await rejectionOf(back.step(stepOf('tool:late'), null))).toMatchObject(refusal)
  expect(back.state.get('late')).toBeUndefined()
  await back.suspend()
  await back.resume()
  await back.state.set('late', true)
  await advance(31 * MINUTE_MS + 1)
  expect(await rejectionOf(back.emit('app.worked', 4))).toMatchObject({
    code: 'LIMIT_EXCEEDED',
    details: { limit: 'maxIdleMs', max: 30 * MINUTE_MS },
  })
  await expectSound(again)
})

test('OR50 resource limits and rate: crossed by real operations, told before, counted on after a return, and changed at once', async () => {
  const { worker, advance } = movedClock()
  const first = await visit({ worker })
  const session = await first.holdfast.sessions.create({
    limits: { maxOperations: 12, maxTokens: 100, maxBytes: 10, maxOperationsPerMinute: 5 },
  })
  const ask = defineStep({
    id: 'agent:ask',
    version: 1,
    purity: 'effect',
    run: (_: null, { usage }) => usage({ inputTokens: 60, outputTokens: 50 }),
  })
  await session.step(ask, null)
  expect(await rejectionOf(session.step(ask, null))).toMatchObject({
    details: { limit: 'maxTokens', used: 110 },
  })
  await session.artifacts.store({ name: 'small', content: '12345678' })
  expect(await rejectionOf(session.artifacts.store({ name: 'more', content: '123' }))).toMatchObject({
    details: { limit: 'maxBytes', used: 8, max: 10 },
  })
  for (let at = 0; at < 3; at += 1) await session.emit('app.worked', at)
  const limited = await rejectionOf(session.emit('app.worked', 3))
  expect(limited).toMatchObject({ code: 'RATE_LIMITED', retryable: true })
  const { retryAfterMs } = (limited as { details: { retryAfterMs: number } }).details
  expect(retryAfterMs).toBeLessThanOrEqual(12_000)
  await advance(retryAfterMs)
  await session.emit('app.worked', 3)

  const again = await visitAgain(first)
  const back = await again.holdfast.sessions.open(session.id)
  await back.edit({ limits: { maxOperations: 8 } })
  const settled = await Promise.allSettled([5, 6, 7].map((at) => back.emit('app.worked', at)))
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
  expect(await warnings(back)).toContainEqual({ limit: 'maxOperations', share: 1, used: 8, max: 8 })
  await expectSound(again)
})

test("OR50 rates of an app's own worker hold by kind of operation over all sessions, and its audit and trace tell of it", async () => {
  const name = `traces-${crypto.randomUUID()}`
  const traces: unknown[] = []
  const channel = new BroadcastChannel(name)
  channel.onmessage = ({ data }) => traces.push(data)
  onTestFinished(() => channel.close())
  const worker = () => new Worker(new URL('policies.worker.ts', import.meta.url), { type: 'module', name })
  const first = await visit({ worker, actor: { id: 'ada' } })
  const one = await first.holdfast.sessions.create()
  const two = await first.holdfast.sessions.create()

  await one.step(stepOf('tool:a'), null)
  await two.step(stepOf('tool:b'), null)
  expect(await rejectionOf(one.step(stepOf('tool:c'), null))).toMatchObject({
    code: 'RATE_LIMITED',
    details: { limit: 'tools', per: 'store', max: 2, windowMs: MINUTE_MS },
  })
  await one.step(stepOf('agent:a'), null)
  await one.step(stepOf('plain'), null)
  const set = await Promise.allSettled(['a', 'b', 'c', 'd'].map((key) => one.state.set(key, key)))
  expect(set.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected'])
  await two.state.set('a', 'of its own')
  await one.save()
  await first.holdfast.flush()
  await expect
    .poll(() => traces)
    .toMatchObject([{ point: 'session:save', stage: 'after', sessionId: one.id }])

  const again = await visitAgain(first, { worker })
  const back = await again.holdfast.sessions.open(one.id)
  const { items } = await back.timeline.query({ types: ['audit.refused'] })
  expect(items.map(({ data, actor }) => [data, actor?.id])).toEqual([
    [{ call: 'steps.start', code: 'RATE_LIMITED', limit: 'tools', count: 1 }, 'ada'],
    [{ call: 'state.write', code: 'RATE_LIMITED', limit: 'each', key: 'd', count: 1 }, 'ada'],
  ])
  await expectSound(again)
})
