import { describe, expect, test } from 'vitest'
import type { HookDefinition } from '../../../src/core/hook/definition.ts'
import { HOOK_STAGES, POINT_NAMES, stageOf } from '../../../src/core/hook/points.ts'
import { errorOf, request, scope, setUp } from './harness.ts'

function hook(id: string, parts: Partial<HookDefinition> = {}): HookDefinition {
  return { id, version: 1, point: 'state:write', stage: 'before', run: () => undefined, ...parts }
}

describe('order', () => {
  test('HO1 lower priorities run first, equal ones in the order of registration', () => {
    const { registry, executor } = setUp()
    const called: string[] = []
    const priorities = { late: 10, first: -100, a: 0, b: 0, c: undefined, high: -1 }
    for (const [id, priority] of Object.entries(priorities)) {
      registry.register({
        ...hook(id),
        ...(priority === undefined ? {} : { priority }),
        run: () => {
          called.push(id)
          return undefined
        },
      })
    }
    executor.before('state:write', { key: 'k', value: 1 }, scope())
    expect(called).toEqual(['first', 'high', 'a', 'b', 'c', 'late'])
    expect(registry.at('state:write', 'before').map(({ id }) => id)).toEqual(called)
  })
})

describe("an app's own points", () => {
  test('HO51 hooks of one and of all of them run in one order, at no other point', () => {
    const { registry, executor } = setUp()
    const called: string[] = []
    const add = (id: string, point: HookDefinition['point'], priority = 0) =>
      registry.register(
        hook(id, { point, priority, run: (_payload, { point: at }) => void called.push(`${id} ${at}`) }),
      )
    add('a', 'custom:one')
    add('b', 'custom:*')
    add('c', 'custom:one')
    add('d', 'custom:*', -1)
    add('e', 'custom:two')
    executor.before('custom:one', { name: 'one', data: 1 }, scope())
    expect(called).toEqual(['d custom:one', 'a custom:one', 'b custom:one', 'c custom:one'])
    expect(registry.find('b@1', 'custom:one', 'before')?.id).toBe('b')
    expect(registry.find('e@1', 'custom:one', 'before')).toBeUndefined()
  })
})

describe('ids', () => {
  test('HO2 an id that is taken at the point and stage is HOOK_DUPLICATE naming all three', async () => {
    const { registry } = setUp()
    registry.register(hook('one'))
    const error = await errorOf(() => registry.register(hook('one', { version: 2, priority: 5 })))
    expect(error.code).toBe('HOOK_DUPLICATE')
    expect(error.details).toEqual({ id: 'one', point: 'state:write', stage: 'before' })
    expect(registry.list()).toHaveLength(1)
  })

  test('HO2 the same id may stand at other points and stages, and on each page', () => {
    const { registry } = setUp()
    registry.register(hook('one'))
    registry.register(hook('one', { stage: 'after' }))
    registry.register(hook('one', { point: 'session:start' }))
    registry.register(hook('one'), 'page-1')
    registry.register(hook('one'), 'page-2')
    expect(registry.list()).toHaveLength(5)
  })

  test("HO2 at an app's own points an id stands at one of them or at all", async () => {
    const { registry } = setUp()
    registry.register(hook('one', { point: 'custom:a' }))
    registry.register(hook('one', { point: 'custom:b' }))
    registry.register(hook('all', { point: 'custom:*' }))
    for (const parts of [
      { point: 'custom:*' as const, id: 'one' },
      { point: 'custom:c' as const, id: 'all' },
    ])
      expect((await errorOf(() => registry.register(hook(parts.id, parts)))).code).toBe('HOOK_DUPLICATE')
  })

  test('HO2 the same id on the same page is refused', async () => {
    const { registry } = setUp()
    registry.register(hook('one'), 'page-1')
    expect((await errorOf(() => registry.register(hook('one'), 'page-1'))).code).toBe('HOOK_DUPLICATE')
  })
})

describe('what is taken', () => {
  const wrong: readonly (readonly [string, Partial<Record<keyof HookDefinition, unknown>>])[] = [
    ['id', { id: '' }],
    ['id', { id: 7 }],
    ['version', { version: 1.5 }],
    ['version', { version: -1 }],
    ['version', { version: '1' }],
    ['point', { point: 'state:erase' }],
    ['point', { point: 'toString' }],
    ['stage', { stage: 'during' }],
    ['stage', { stage: 'record' }],
    ['priority', { priority: Number.NaN }],
    ['timeoutMs', { timeoutMs: 0 }],
    ['timeoutMs', { timeoutMs: Number.POSITIVE_INFINITY }],
    ['onError', { onError: 'retry' }],
    ['onError', { stage: 'after', onError: 'refuse' }],
    ['run', { run: 'code' }],
    ['enabled', { enabled: 'yes' }],
    ['breaker', { breaker: 'often' }],
    ['breaker.openMs', { breaker: { openMs: 0 } }],
    ['breaker.slowMs', { breaker: { slowMs: Number.NaN } }],
    ['breaker.threshold', { breaker: { threshold: 5 } }],
    ['replayable', { replayable: 'yes' }],
    ['when.tagz', { when: { tagz: ['sales'] } }],
    ['when.sessionId', { when: { sessionId: 7 } }],
    ['when.tags', { when: { tags: 'sales' } }],
    ['when.names', { when: { names: [1] } }],
  ]

  test.each(wrong)('HO3 a wrong %s is INVALID_ARGUMENT and registers nothing: %j', async (path, parts) => {
    const { registry } = setUp()
    const error = await errorOf(() => registry.register({ ...hook('one'), ...(parts as object) }))
    expect(error.code).toBe('INVALID_ARGUMENT')
    expect(error.details.path).toBe(path)
    expect(registry.list()).toEqual([])
  })

  test('HO3 every stage of every point takes a hook, and no other stage does', async () => {
    for (const point of POINT_NAMES) {
      for (const stage of HOOK_STAGES) {
        const { registry } = setUp()
        const register = () => registry.register(hook('one', { point, stage }))
        if (stageOf(point, stage) === undefined) expect((await errorOf(register)).details.path).toBe('stage')
        else expect(register().point).toBe(point)
      }
    }
  })

  test('HO3 what is left open gets its default: 1 s in the worker, 5 s on a page, priority 0, refuse but after', () => {
    const { registry } = setUp()
    const defaults = { priority: 0, replayable: true }
    expect(registry.register(hook('a'))).toMatchObject({ ...defaults, timeoutMs: 1_000, onError: 'refuse' })
    expect(registry.register(hook('b'), 'page')).toMatchObject({
      ...defaults,
      timeoutMs: 5_000,
      client: 'page',
    })
    expect(registry.register(hook('c', { stage: 'after' }))).toMatchObject({ ...defaults, onError: 'ignore' })
    const record = hook('d', { point: 'step:run', stage: 'record' })
    expect(registry.register(record)).toMatchObject({ ...defaults, onError: 'refuse' })
  })

  test('HO3 a definition that is changed after its registration changes nothing', () => {
    const { registry } = setUp()
    const definition = { ...hook('a'), priority: 1 }
    const registered = registry.register(definition)
    definition.priority = -5
    definition.id = 'b'
    expect(registered).toMatchObject({ id: 'a', priority: 1, name: 'a@1' })
  })

  test('HO3 a hook keeps its own this', () => {
    const { registry, executor } = setUp()
    const definition = {
      ...hook('counter'),
      count: 0,
      run() {
        this.count += 1
        return undefined
      },
    }
    registry.register(definition)
    executor.before('state:write', { key: 'k' }, scope())
    expect(definition.count).toBe(1)
  })
})

describe('leaving', () => {
  test('HO4 a handle takes its hook out once', () => {
    const { registry } = setUp()
    const handle = registry.register(hook('one'))
    expect(registry.unregister(handle)).toBe(true)
    expect(registry.unregister(handle)).toBe(false)
    expect(registry.list()).toEqual([])
  })

  test('HO4 an old handle does not take out the hook that has its id now', () => {
    const { registry } = setUp()
    const old = registry.register(hook('one'))
    registry.unregister(old)
    const present = registry.register(hook('one'))
    expect(registry.unregister(old)).toBe(false)
    expect(registry.list()).toEqual([present])
  })

  test('HO5 a hook that takes itself out in mid-call makes no neighbour miss its turn', () => {
    const { registry, executor } = setUp()
    const called: string[] = []
    const handles = ['a', 'b', 'c'].map((id) =>
      registry.register({
        ...hook(id),
        run: () => {
          called.push(id)
          if (id === 'a') for (const handle of handles.slice(0, 2)) registry.unregister(handle)
          return undefined
        },
      }),
    )
    executor.before('state:write', { key: 'k' }, scope())
    expect(called).toEqual(['a', 'b', 'c'])
    executor.before('state:write', { key: 'k' }, scope())
    expect(called).toEqual(['a', 'b', 'c', 'c'])
  })

  test('HO5 a hook registered in mid-call begins with the next operation', () => {
    const { registry, executor } = setUp()
    const called: string[] = []
    registry.register({
      ...hook('a'),
      run: () => {
        if (called.length === 0) registry.register(hook('b', { run: () => void called.push('b') }))
        called.push('a')
        return undefined
      },
    })
    executor.before('state:write', { key: 'k' }, scope())
    expect(called).toEqual(['a'])
    executor.before('state:write', { key: 'k' }, scope())
    expect(called).toEqual(['a', 'a', 'b'])
  })
})

describe('finding', () => {
  test("HO9 replay finds a hook by id@version, the page's own first and never another page's", () => {
    const { registry } = setUp()
    const workers = registry.register(hook('one'))
    const pages = registry.register(hook('one'), 'page-1')
    registry.register(hook('two'), 'page-2')
    expect(registry.find('one@1', 'state:write', 'before')).toBe(workers)
    expect(registry.find('one@1', 'state:write', 'before', 'page-1')).toBe(pages)
    expect(registry.find('one@1', 'state:write', 'before', 'page-2')).toBe(workers)
    expect(registry.find('two@1', 'state:write', 'before', 'page-1')).toBeUndefined()
    expect(registry.find('one@2', 'state:write', 'before')).toBeUndefined()
    expect(registry.find('one@1', 'state:write', 'after')).toBeUndefined()
  })
})

describe('pages', () => {
  test("HO8 a page's hook gates that page's requests and nobody else's", () => {
    const { registry, executor } = setUp()
    const called: string[] = []
    registry.register(hook('worker', { run: () => void called.push('worker') }))
    registry.register(hook('page', { run: () => void called.push('page') }), 'page-1')
    executor.before('state:write', { key: 'k' }, scope({ request: request({ client: 'page-2' }) }))
    executor.before('state:write', { key: 'k' }, scope())
    expect(called).toEqual(['worker', 'worker'])
    executor.before('state:write', { key: 'k' }, scope({ request: request({ client: 'page-1' }) }))
    expect(called).toEqual(['worker', 'worker', 'worker', 'page'])
  })
})
