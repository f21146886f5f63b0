import { describe, expect, test } from 'vitest'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import type { HookContext, HookDefinition, PayloadByPoint } from '../../../src/core/hook/definition.ts'
import { deferred, request, scope, setUp } from './harness.ts'

type Write = PayloadByPoint['state:write']

function observer(
  id: string,
  run: (payload: Write, context: HookContext) => undefined | Promise<undefined>,
  parts: Partial<HookDefinition> = {},
) {
  return { ...defineHook({ id, version: 1, point: 'state:write', stage: 'after', run }), ...parts }
}

describe('after-hooks', () => {
  test('HO25 run outside of the operation, in order, one operation after the other', async () => {
    const { registry, executor } = setUp()
    const seen: string[] = []
    registry.register(
      observer('a', async ({ key }) => {
        seen.push(`a ${key} begins`)
        await Promise.resolve()
        seen.push(`a ${key} ends`)
      }),
    )
    registry.register(observer('b', ({ key }) => void seen.push(`b ${key}`)))
    executor.after('state:write', { key: '1' }, scope())
    executor.after('state:write', { key: '2' }, scope())
    expect(seen).toEqual([])
    await executor.drain()
    expect(seen).toEqual(['a 1 begins', 'a 1 ends', 'b 1', 'a 2 begins', 'a 2 ends', 'b 2'])
  })

  test('HO25 those of operations that were done at once run one operation after the other, whatever became of the one before', async () => {
    const { registry, executor } = setUp()
    const seen: string[] = []
    registry.register(
      observer('a', async ({ key }) => {
        seen.push(`${key} begins`)
        await null
        if (key === '1') throw new Error('fails')
        seen.push(`${key} ends`)
      }),
    )
    registry.register(observer('b', ({ key }) => void seen.push(`${key} told`)))
    executor.afterEach('state:write', [{ key: '1' }, { key: '2' }], scope())
    executor.after('state:write', { key: '3' }, scope())
    expect(seen).toEqual([])
    await executor.drain()
    expect(seen).toEqual([
      ...['1 begins', '1 told', '2 begins', '2 ends', '2 told'],
      ...['3 begins', '3 ends', '3 told'],
    ])
  })

  test('HO25 the answer of their operation goes first', async () => {
    const { registry, executor } = setUp()
    const seen: string[] = []
    registry.register(observer('a', () => void seen.push('told')))
    const answered = (async () => {
      executor.after('state:write', { key: 'k' }, scope())
      for (let turn = 0; turn < 16; turn++) await null
      seen.push('answered')
    })()
    await Promise.all([answered, executor.drain()])
    expect(seen).toEqual(['answered', 'told'])
  })

  test('HO25 a failure, a time-out or an answer that means nothing here changes nothing but the counters', async () => {
    const { registry, executor, wall, incidents } = setUp()
    const seen: string[] = []
    const began = deferred()
    registry.register(
      observer('throws', () => {
        throw new Error('no')
      }),
    )
    registry.register(
      observer('hangs', () => {
        began.resolve(undefined)
        return new Promise(() => undefined)
      }),
    )
    const veto = () => ({ kind: 'cancel', reason: 'too late' })
    registry.register(observer('vetoes', veto as unknown as () => undefined))
    registry.register(observer('last', () => void seen.push('last')))
    expect(executor.after('state:write', { key: 'k' }, scope())).toBeUndefined()
    await began.promise
    wall.advance(1_000)
    await executor.drain()
    expect(seen).toEqual(['last'])
    expect(incidents.map(({ hook, error, refused }) => [hook, error.code, refused])).toEqual([
      ['throws@1', 'HOOK_FAILED', false],
      ['hangs@1', 'HOOK_TIMEOUT', false],
      ['vetoes@1', 'HOOK_FAILED', false],
    ])
    expect(executor.stats().map(({ failures, timeouts }) => [failures, timeouts])).toEqual([
      [1, 0],
      [0, 1],
      [1, 0],
      [0, 0],
    ])
  })

  test("HO25 a request that was aborted since is still told about; its signal is not the hook's", async () => {
    const { registry, executor } = setUp()
    const seen: boolean[] = []
    registry.register(observer('a', async (_payload, { signal }) => void seen.push(signal.aborted)))
    registry.register(observer('b', async (_payload, { signal }) => void seen.push(signal.aborted)))
    executor.after('state:write', { key: 'k' }, scope({ request: request({ signal: AbortSignal.abort() }) }))
    await executor.drain()
    expect(seen).toEqual([false, false])
  })

  test('HO25 the payload is frozen when the operation gives it', async () => {
    const { registry, executor } = setUp()
    registry.register(observer('a', () => undefined))
    const payload = { key: 'k', value: { list: [1] } }
    executor.after('state:write', payload, scope())
    expect(Object.isFrozen(payload.value.list)).toBe(true)
    await executor.drain()
  })
})

describe('the queue', () => {
  test('HO26 is bounded: what finds it full is dropped and counted for each hook', async () => {
    const { registry, executor } = setUp({ afterQueueLimit: 2 })
    const seen: string[] = []
    registry.register(observer('a', ({ key }) => void seen.push(key)))
    registry.register(observer('b', () => undefined))
    for (const key of ['1', '2', '3', '4']) executor.after('state:write', { key }, scope())
    await executor.drain()
    expect(seen).toEqual(['1', '2'])
    expect(executor.stats().map(({ dropped }) => dropped)).toEqual([2, 2])
    executor.after('state:write', { key: '5' }, scope())
    await executor.drain()
    expect(seen).toEqual(['1', '2', '5'])
  })

  test('HO26 of operations that were done at once it takes those that find room', async () => {
    const { registry, executor } = setUp({ afterQueueLimit: 3 })
    const seen: string[] = []
    registry.register(observer('a', ({ key }) => void seen.push(key)))
    registry.register(observer('b', () => undefined, { when: { names: ['5'] } }))
    executor.after('state:write', { key: '1' }, scope())
    executor.afterEach(
      'state:write',
      ['2', '3', '4', '5'].map((key) => ({ key })),
      scope(),
    )
    await executor.drain()
    expect(seen).toEqual(['1', '2', '3'])
    expect(executor.stats().map(({ dropped }) => dropped)).toEqual([2, 1])
  })

  test('HO26 takes 10,000 operations unless told otherwise', async () => {
    const { registry, executor } = setUp()
    registry.register(observer('a', () => undefined))
    for (let at = 0; at < 10_001; at++) executor.after('state:write', { key: 'k' }, scope())
    await executor.drain()
    expect(executor.stats()[0]).toMatchObject({ calls: 10_000, dropped: 1 })
  })

  test('HO26 an operation that no hook applies to takes no place in it', async () => {
    const { registry, executor } = setUp({ afterQueueLimit: 1 })
    registry.register(observer('a', () => undefined, { when: { names: ['watched'] } }))
    for (const key of ['other', 'other', 'watched']) executor.after('state:write', { key }, scope())
    await executor.drain()
    expect(executor.stats()[0]).toMatchObject({ calls: 1, dropped: 0 })
  })
})

describe('draining', () => {
  test('HO27 waits for all that was done before, and for nothing that comes later', async () => {
    const { registry, executor } = setUp()
    const gates = { first: deferred(), second: deferred() }
    const seen: string[] = []
    registry.register(
      observer('a', async ({ key }) => {
        await (key === 'first' ? gates.first : gates.second).promise
        seen.push(key)
      }),
    )
    executor.after('state:write', { key: 'first' }, scope())
    const drained = executor.drain()
    executor.after('state:write', { key: 'second' }, scope())
    gates.first.resolve(undefined)
    await drained
    expect(seen).toEqual(['first'])
    gates.second.resolve(undefined)
    await executor.drain()
    expect(seen).toEqual(['first', 'second'])
  })

  test('HO27 for 5 s at most: hooks that hang are not what a suspend fails by', async () => {
    const { registry, executor, wall } = setUp()
    registry.register({ ...observer('hangs', () => new Promise<never>(() => {})), timeoutMs: 60_000 })
    executor.after('state:write', { key: 'k' }, scope())
    let isDrained = false
    const drained = executor.drain()?.then(() => {
      isDrained = true
    })
    await new Promise((resolve) => setTimeout(resolve, 5))
    wall.advance(4_999)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(isDrained).toBe(false)
    wall.advance(1)
    await drained
    expect(isDrained).toBe(true)
  })

  test('HO27 with nothing to wait for is undefined', async () => {
    const { registry, executor } = setUp()
    expect(executor.drain()).toBeUndefined()
    registry.register(observer('a', () => undefined))
    executor.after('state:write', { key: 'k' }, scope())
    expect(executor.drain()).toBeInstanceOf(Promise)
    await executor.drain()
    expect(executor.drain()).toBeUndefined()
  })

  test('HO27 a call that a hook made does not wait, since its own hook would wait for itself', async () => {
    const { registry, executor } = setUp()
    let inside: unknown = 'not asked'
    registry.register(
      observer('a', async (_payload, { hookPath }) => {
        inside = executor.drain(request({ hookPath }))
        await inside
      }),
    )
    executor.after('state:write', { key: 'k' }, scope())
    await executor.drain(request())
    expect(inside).toBeUndefined()
  })
})

describe('presence', () => {
  test('HO10 has says whether a point, or a stage of it, has any hook', () => {
    const { registry, executor } = setUp()
    expect(executor.has('state:write')).toBe(false)
    const handle = registry.register(observer('a', () => undefined))
    expect(executor.has('state:write')).toBe(true)
    expect(executor.has('state:write', 'after')).toBe(true)
    expect(executor.has('state:write', 'before')).toBe(false)
    expect(executor.has('event:emit')).toBe(false)
    registry.unregister(handle)
    expect(executor.has('state:write')).toBe(false)
  })
})
