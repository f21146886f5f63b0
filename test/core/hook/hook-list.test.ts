import { describe, expect, test } from 'vitest'
import type { HookDefinition } from '../../../src/core/hook/definition.ts'
import { listBreakers, listHooks, resetBreakers } from '../../../src/core/hook/hook-list.ts'
import type { PointName } from '../../../src/core/hook/points.ts'
import { switchHooks } from '../../../src/core/hook/switch-hooks.ts'
import { errorOf, request, scope, setUp } from './harness.ts'

function rig() {
  const { registry, executor, wall } = setUp()
  const called: string[] = []
  const add = (id: string, parts: Partial<HookDefinition> = {}, client?: string) =>
    registry.register(
      {
        id,
        version: 1,
        point: 'state:write',
        stage: 'before',
        run: () => {
          called.push(id)
          return undefined
        },
        ...parts,
      },
      client,
    )
  const write = (client = 'page-1') =>
    executor.before('state:write', { key: 'k', value: 1 }, scope({ request: request({ client }) }))
  const ran = () => called.splice(0)
  return { registry, executor, wall, add, write, ran }
}

describe('switching', () => {
  test('HO44 a disabled hook is not asked, counted or looked for, and has its place when it is enabled', () => {
    const { registry, executor, add, write, ran } = rig()
    add('a')
    const hook = add('b')
    add('c')
    registry.enable(hook, false)
    write()
    expect(ran()).toEqual(['a', 'c'])
    registry.enable(hook, true)
    write()
    expect(ran()).toEqual(['a', 'b', 'c'])
    expect(executor.stats().map(({ id, calls, enabled }) => [id, calls, enabled])).toEqual([
      ['a', 2, true],
      ['b', 1, true],
      ['c', 2, true],
    ])
  })

  test('HO44 a point whose hooks are all disabled has none', () => {
    const { registry, executor, add } = rig()
    const hook = add('a', { enabled: false })
    expect(executor.has('state:write')).toBe(false)
    registry.enable(hook, true)
    expect(executor.has('state:write')).toBe(true)
    expect(registry.unregister(hook)).toBe(true)
    expect(executor.has('state:write')).toBe(false)
  })

  test('HO44 an operation under way goes on with the hooks it began with', () => {
    const { registry, add, write, ran } = rig()
    const handles = [
      add('a', { run: () => void handles.slice(1).map((handle) => registry.enable(handle, false)) }),
      add('b'),
    ]
    write()
    expect(ran()).toEqual(['b'])
    write()
    expect(ran()).toEqual([])
  })

  test('HO44 a disabled hook keeps its id, and replay finds it', async () => {
    const { registry, add } = rig()
    const hook = add('a', { enabled: false })
    expect((await errorOf(() => add('a'))).code).toBe('HOOK_DUPLICATE')
    expect(registry.find('a@1', 'state:write', 'before')).toBe(hook)
  })

  test('HO45 hooks are chosen by id, point, stage and home; what a page may not see it does not switch', () => {
    const { registry, add } = rig()
    add('a')
    add('a', { point: 'session:save' })
    add('b', { stage: 'after' })
    add('a', {}, 'page-1')
    add('a', {}, 'page-2')
    const off = (selection: Parameters<typeof switchHooks>[1]) => {
      const count = switchHooks(registry, selection, false, 'page-1')
      expect(switchHooks(registry, selection, true, 'page-1')).toBe(count)
      return count
    }
    expect(off({})).toBe(4)
    expect(off({ id: 'a' })).toBe(3)
    expect(off({ point: 'state:write' })).toBe(3)
    expect(off({ stage: 'after' })).toBe(1)
    expect(off({ home: 'page' })).toBe(1)
    expect(off({ home: 'worker', id: 'a', point: 'state:write' })).toBe(1)
    expect(off({ id: 'nobody' })).toBe(0)
  })

  test("HO45 a hook of the worker's that must not be missed is never disabled, a page's own is", () => {
    const { registry, add, write, ran } = rig()
    add('redaction', { breaker: false })
    add('own', { breaker: false }, 'page-1')
    expect(switchHooks(registry, {}, false, 'page-1')).toBe(1)
    write()
    expect(ran()).toEqual(['redaction'])
  })
})

describe('lists', () => {
  test('HO46 hooks by point and stage in the order they run, with what they were registered with', () => {
    const { registry, add } = rig()
    add('late', { priority: 5, when: { names: ['n*'] } })
    add('off', { enabled: false, onError: 'ignore' })
    add('start', { point: 'session:start' })
    add('own', { timeoutMs: 7, replayable: false, version: 3 }, 'page-1')
    add('foreign', {}, 'page-2')
    const common = { version: 1, priority: 0, onError: 'refuse', replayable: true, enabled: true }
    const write = { point: 'state:write', stage: 'before' } as const
    expect(listHooks(registry, 'page-1')).toEqual([
      { ...common, id: 'start', point: 'session:start', stage: 'before', home: 'worker', timeoutMs: 1_000 },
      { ...common, ...write, id: 'off', home: 'worker', timeoutMs: 1_000, onError: 'ignore', enabled: false },
      { ...common, ...write, id: 'own', home: 'page', timeoutMs: 7, replayable: false, version: 3 },
      {
        ...common,
        ...write,
        id: 'late',
        home: 'worker',
        timeoutMs: 1_000,
        priority: 5,
        when: { names: ['n*'] },
      },
    ])
  })

  test("HO46 those at points of an app's own come behind, in lists as in stats", () => {
    const { registry, executor, add } = rig()
    add('own', { point: 'custom:publish' })
    add('all', { point: 'custom:*' })
    add('after', { stage: 'after' })
    add('write')
    add('start', { point: 'session:start', stage: 'after' })
    const expected = ['start', 'write', 'after', 'all', 'own']
    expect(listHooks(registry, 'page-1').map(({ id }) => id)).toEqual(expected)
    expect(executor.stats('page-1').map(({ id }) => id)).toEqual(expected)
  })

  test('HO46 stats are of the same hooks', () => {
    const { executor, add } = rig()
    add('own', {}, 'page-1')
    add('foreign', {}, 'page-2')
    add('worker')
    expect(executor.stats('page-1').map(({ id, home }) => [id, home])).toEqual([
      ['own', 'page'],
      ['worker', 'worker'],
    ])
  })
})

describe('breakers', () => {
  const broken = {
    run: () => Promise.reject(new Error('broken')),
    breaker: { failureThreshold: 2, openMs: 100 },
  }

  async function fail(write: () => unknown, times: number) {
    for (let i = 0; i < times; i += 1) expect((await errorOf(write)).code).toBe('HOOK_FAILED')
  }

  test('HO47 each says its state, what counts against it and when it is probed next', async () => {
    const { registry, add, write, wall } = rig()
    add('a', broken, 'page-1')
    add('none', { breaker: false })
    add('foreign', {}, 'page-2')
    await fail(write, 1)
    const breaker = { id: 'a', home: 'page', failures: 1, slow: 0 }
    expect(listBreakers(registry, 'page-1')).toEqual([{ ...breaker, state: 'closed' }])
    await fail(write, 1)
    expect(listBreakers(registry, 'page-1')).toEqual([
      { ...breaker, state: 'open', failures: 0, probeAt: wall.now() + 100 },
    ])
  })

  test('HO47 a hook whose breaker is reset is asked again', async () => {
    const { registry, add, write, executor } = rig()
    add('a', broken, 'page-1')
    add('a', { ...broken, point: 'session:save' as PointName }, 'page-1')
    add('b', { run: () => undefined })
    await fail(write, 2)
    await write()
    const stats = executor.stats('page-1').find(({ id, point }) => id === 'a' && point === 'state:write')
    expect(stats).toMatchObject({ calls: 2, skipped: 1 })
    expect(resetBreakers(registry, { id: 'nobody' }, 'page-1')).toBe(0)
    expect(resetBreakers(registry, { id: 'a' }, 'page-2')).toBe(0)
    expect(resetBreakers(registry, { id: 'a' }, 'page-1')).toBe(1)
    await fail(write, 1)
    expect(resetBreakers(registry, {}, 'page-1')).toBe(2)
  })
})
