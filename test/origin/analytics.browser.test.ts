import { expect, test } from 'vitest'
import { expectSound, visit, visitAgain } from './visit.ts'

test('AN1, AN2, AN3, AN4, AN5: a session and all of them in figures, after a reopen, and again with what came since', async () => {
  const first = await visit({ actor: { id: 'ada' } })
  const session = await first.holdfast.sessions.create({ tags: ['a'] })
  await session.step('tool:sql', 'q', () => 'rows')
  await session.step('tool:sql', 'q', () => 'rows')
  await expect(
    session.step('tool:web', 'q', () => {
      throw new Error('no network')
    }),
  ).rejects.toMatchObject({ code: 'STEP_FAILED' })
  await session.run('plan', async (run) => run.step('think', null, () => 1))
  await session.state.set('a', 'xxxx')
  await session.state.set('a', 'xx')
  await session.state.set('b', 'gone')
  await session.state.delete('b')
  await session.artifacts.store({ name: 'f', content: '12345' })
  await session.artifacts.delete(await session.artifacts.store({ name: 'g', content: '1' }))
  await session.emit('order.placed', {})
  await session.emit('message.added', {
    role: 'assistant',
    content: 'hi',
    model: 'm-1',
    usage: { inputTokens: 5, outputTokens: 7, costUsd: 0.25 },
  })
  await session.save()
  await session.suspend()
  await session.resume()
  await session.complete()
  const other = await first.holdfast.sessions.create({ tags: ['b'] })
  await other.step('tool:sql', 'q', () => 'rows')

  const next = await visitAgain(first, { actor: { id: 'ada' } })
  const { timeline, sessions } = next.holdfast
  const again = await sessions.open(session.id)
  const metrics = await again.timeline.metrics()
  const { total } = await sessions.list({ count: true })
  expect(total).toBe(2)
  expect(metrics).toMatchObject({
    sessions: 1,
    statuses: { completed: 1 },
    events: again.info.counters.events,
    operations: { kinds: { session: 5, state: 4, app: 2, run: 2, step: 8 } },
    steps: { started: 4, completed: 3, failed: 1, interrupted: 0, successRate: 0.75 },
    stepsByName: {
      'tool:sql': { started: 2, completed: 2, failed: 0, successRate: 1 },
      'tool:web': { started: 1, completed: 0, failed: 1, successRate: 0 },
      think: { started: 1, completed: 1 },
    },
    runs: { started: 1, completed: 1, failed: 0, cancelled: 0, blocked: 0, resumed: 0 },
    usage: { inputTokens: 5, outputTokens: 7, costUsd: 0.25 },
    usageByModel: { 'm-1': { inputTokens: 5, outputTokens: 7 } },
    sizes: {
      artifacts: again.info.counters.artifacts,
      artifactBytes: again.info.counters.artifactBytes,
      stateKeys: 1,
    },
    stateWrites: 4,
    checkpoints: 1,
    actors: { ada: again.info.counters.events },
  })
  expect(metrics.sizes.stateBytes).toBeGreaterThan(0)
  expect(metrics.sizes.stateBytes).toBeLessThan(10)
  expect(metrics.durationMs).toBe((metrics.to ?? 0) - (metrics.from ?? 0))
  expect(metrics.activeMs).toBeLessThanOrEqual(metrics.durationMs)
  expect(metrics.operations.total).toBe(
    Object.values(metrics.operations.kinds).reduce((sum, count) => sum + count, 0),
  )

  const all = await timeline.metrics()
  expect(all).toMatchObject({
    sessions: 2,
    statuses: { completed: 1, active: 1 },
    steps: { started: 5, completed: 4, failed: 1, successRate: 0.8 },
    stepsByName: { 'tool:sql': { started: 3 } },
  })
  expect(await timeline.metrics({ sessions: { tags: ['a'] } })).toEqual(metrics)
  const live = await sessions.open(other.id)
  await live.step('tool:sql', 'q', () => 'rows')
  const tab = await visit({ name: first.name })
  await (await tab.holdfast.sessions.open(other.id)).emit('order.placed', {})
  const later = await timeline.metrics()
  expect(later).toMatchObject({ steps: { started: 6 }, operations: { kinds: { app: 3 } } })
  expect(await tab.holdfast.timeline.metrics()).toEqual(later)
  await tab.holdfast.close()

  expect(await again.timeline.metrics({ from: (metrics.to ?? 0) + 1 })).toMatchObject({
    events: 0,
    durationMs: 0,
  })
  await expect(timeline.metrics({ sessions: { tag: 'a' } as never })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  })
  await expect(timeline.metrics({ from: 'x' as never })).rejects.toMatchObject({ details: { path: 'from' } })
  await expectSound(next)
})
