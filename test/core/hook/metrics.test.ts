import { describe, expect, test } from 'vitest'
import { createMetrics, type MetricsOptions } from '../../../src/core/hook/metrics.ts'
import { rerunHook } from '../../../src/core/hook/rerun.ts'
import { sizeOfValue } from '../../../src/core/state/value-size.ts'
import { errorOf, request, scope, setUp, stepDraft } from './harness.ts'

function withMetrics(options?: MetricsOptions) {
  const metrics = createMetrics(options)
  const parts = setUp({ onIncident: metrics.onIncident })
  for (const hook of metrics.hooks) parts.registry.register(hook)
  return { ...parts, metrics }
}

describe('counting', () => {
  test('HO34 steps by name without version, with their results, failures and times', async () => {
    const { executor, metrics, wall } = withMetrics()
    const startedAt = wall.now()
    executor.record('step:run', stepDraft({ phase: 'started', step: 'tool:sql@1' }), scope())
    wall.advance(30)
    executor.record('step:run', stepDraft({ step: 'tool:sql@1', startedAt, result: 'rows' }), scope())
    executor.record('step:run', stepDraft({ step: 'tool:sql@2', startedAt, result: 'more' }), scope())
    executor.record(
      'step:run',
      stepDraft({ phase: 'failed', step: 'load', startedAt: startedAt + 10 }),
      scope(),
    )
    expect(metrics.snapshot().steps).toEqual({
      'tool:sql': { started: 1, completed: 2, failed: 0, resultBytes: 12, totalMs: 60 },
      load: { started: 0, completed: 0, failed: 1, resultBytes: 0, totalMs: 20 },
    })
  })

  test('HO34 events by type', async () => {
    const { executor, metrics } = withMetrics()
    for (const type of ['order.placed', 'order.placed', 'order.paid'])
      executor.after('event:emit', { type, data: 1 }, scope())
    await executor.drain()
    expect(metrics.snapshot().events).toEqual({ 'order.placed': 2, 'order.paid': 1 })
  })

  test('HO34 operations by point: done, failed, refused, and their times where the start is known', async () => {
    const { executor, metrics, registry, wall } = withMetrics()
    const startedAt = wall.now()
    const started = scope({ request: request({ startedAt }) })
    wall.advance(8)
    executor.after('session:save', { input: {} }, started)
    await executor.drain()
    wall.advance(4)
    executor.after('session:save', { input: {} }, started)
    executor.after('session:save', { input: {} }, scope())
    executor.after('step:run', stepDraft({ startedAt }), scope())
    executor.after('step:run', stepDraft({ phase: 'failed', startedAt }), scope())
    executor.after('step:run', stepDraft({ phase: 'started' }), scope())
    await executor.drain()
    registry.register({
      id: 'no',
      version: 1,
      point: 'session:save',
      stage: 'before',
      run: () => ({ kind: 'cancel', reason: 'no' }),
    })
    await errorOf(() => executor.before('session:save', { input: {} }, scope()))
    expect(metrics.snapshot().points).toMatchObject({
      'session:save': { done: 3, failed: 0, refused: 1, timed: 2, totalMs: 20, maxMs: 12 },
      'step:run': { done: 1, failed: 1, refused: 0, timed: 2, totalMs: 24, maxMs: 12 },
    })
  })

  test('HO34 failures of hooks that were ignored', () => {
    const { executor, metrics, registry } = withMetrics()
    const failing = () => {
      throw new Error('no')
    }
    registry.register({
      id: 'no',
      version: 1,
      point: 'session:save',
      stage: 'before',
      onError: 'ignore',
      run: failing,
    })
    executor.before('session:save', { input: {} }, scope())
    expect(metrics.snapshot()).toMatchObject({ ignoredFailures: 1, points: {} })
  })

  test('HO34 a snapshot does not change when more is counted', async () => {
    const { executor, metrics } = withMetrics()
    const count = () => {
      executor.after('event:emit', { type: 'a', data: 1 }, scope())
      return executor.drain()
    }
    await count()
    const snapshot = metrics.snapshot()
    await count()
    expect(snapshot.events).toEqual({ a: 1 })
  })
})

describe('options', () => {
  test('HO35 points: only these are counted', async () => {
    const { executor, metrics } = withMetrics({ points: ['session:save'] })
    executor.record('step:run', stepDraft(), scope())
    executor.after('event:emit', { type: 'a', data: 1 }, scope())
    executor.after('session:save', { input: {} }, scope())
    executor.after('state:write', { key: 'k' }, scope())
    await executor.drain()
    expect(metrics.snapshot()).toMatchObject({ steps: {}, events: {} })
    expect(Object.keys(metrics.snapshot().points)).toEqual(['session:save'])
  })

  test('HO35 maxNames: further names are counted together', async () => {
    const { executor, metrics } = withMetrics({ maxNames: 2 })
    for (const type of ['a', 'b', 'c', 'd', 'a']) {
      executor.after('event:emit', { type, data: 1 }, scope())
      executor.record('step:run', stepDraft({ step: `${type}@1` }), scope())
    }
    await executor.drain()
    expect(metrics.snapshot().events).toEqual({ a: 2, b: 1, '*': 2 })
    expect(Object.keys(metrics.snapshot().steps)).toEqual(['a', 'b', '*'])
    expect((await errorOf(() => createMetrics({ maxNames: 0 }))).details).toEqual({ path: 'maxNames' })
  })

  test("HO35 so are points of an app's own, and what hooks refuse at them is counted", async () => {
    const { executor, metrics, registry } = withMetrics({ maxNames: 2 })
    registry.register({
      id: 'no',
      version: 1,
      point: 'custom:a',
      stage: 'before',
      run: () => ({ kind: 'cancel', reason: 'no' }),
    })
    await errorOf(() => executor.before('custom:a', { name: 'a', data: 1 }, scope()))
    for (const name of ['b', 'c', 'd']) executor.after(`custom:${name}`, { name, data: 1 }, scope())
    executor.after('session:save', { input: {} }, scope())
    await executor.drain()
    expect(metrics.snapshot().points).toMatchObject({
      'custom:a': { done: 0, refused: 1 },
      'custom:b': { done: 1 },
      'custom:*': { done: 2 },
      'session:save': { done: 1 },
    })
  })

  test('HO35 a thousand names are told apart unless told otherwise', async () => {
    const { executor, metrics } = withMetrics()
    for (let at = 0; at < 1_002; at++) executor.after('event:emit', { type: `t${at}`, data: 1 }, scope())
    await executor.drain()
    expect(Object.keys(metrics.snapshot().events)).toHaveLength(1_001)
    expect(metrics.snapshot().events['*']).toBe(2)
  })
})

describe('in a recording', () => {
  test('HO36 what one call adds is its note', async () => {
    const { executor } = withMetrics()
    const noteOf = async (draft: Parameters<typeof stepDraft>[0]) =>
      (await executor.record('step:run', stepDraft(draft), scope())).runs.map(({ hook, note }) => [
        hook,
        note,
      ])
    const result = { rows: [1, 2] }
    expect(await noteOf({ phase: 'started' })).toEqual([['metrics@1', { step: 'tool:sql', started: 1 }]])
    expect(await noteOf({ result })).toEqual([
      ['metrics@1', { step: 'tool:sql', completed: 1, resultBytes: sizeOfValue(result) }],
    ])
    expect(await noteOf({ phase: 'failed' })).toEqual([['metrics@1', { step: 'tool:sql', failed: 1 }]])
  })

  test('HO36 a replay gives the same note and counts nothing', async () => {
    const { registry, executor, metrics, wall } = withMetrics()
    const draft = stepDraft({ result: 'rows', startedAt: wall.now() })
    const { runs } = await executor.record('step:run', draft, scope())
    const before = metrics.snapshot()
    const hook = registry.find('metrics@1', 'step:run', 'record')
    if (hook === undefined) throw new Error('not found')
    expect(await rerunHook(hook, draft, { now: () => 0 }, { wall })).toEqual(runs[0])
    expect(metrics.snapshot()).toEqual(before)
  })
})
