import { describe, expect, test } from 'vitest'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import type { HookDefinition, HookOutcome, PayloadByPoint } from '../../../src/core/hook/definition.ts'
import { artifactRecord, errorOf, scope, setUp, stepDraft } from './harness.ts'

type Write = PayloadByPoint['state:write']
type WriteAnswer = HookOutcome<'state:write', 'before'> | undefined

/** A before-hook of state:write that answers by the value it sees. */
function gate(id: string, answer: (payload: Write) => WriteAnswer | Promise<WriteAnswer>): HookDefinition {
  return defineHook({
    id,
    version: 1,
    point: 'state:write',
    stage: 'before',
    run: (payload) => answer(payload),
  })
}

const append = (text: string) => (payload: Write) =>
  ({ kind: 'modify', change: { value: `${String(payload.value)}${text}` } }) as const

const cancel = (reason: string) => ({ kind: 'cancel', reason }) as const

function withGates(...gates: readonly HookDefinition[]) {
  const parts = setUp()
  for (const definition of gates) parts.registry.register(definition)
  return {
    ...parts,
    write: (value = 'a') => parts.executor.before('state:write', { key: 'k', value }, scope()),
  }
}

describe('without waiting', () => {
  test('HO10 without hooks the payload itself comes back and no promise is made', () => {
    const { executor } = setUp()
    const payload = { key: 'k', value: 1 }
    expect(executor.before('state:write', payload, scope())).toEqual({ kind: 'go', payload, runs: [] })
    const result = executor.before('state:write', payload, scope())
    expect(result instanceof Promise ? undefined : result.kind === 'go' && result.payload).toBe(payload)
    const draft = stepDraft()
    const record = executor.record('step:run', draft, scope())
    expect(record instanceof Promise ? undefined : record.payload).toBe(draft)
    expect(Object.isFrozen(payload)).toBe(false)
  })

  test('HO10 without hooks of a point nothing of the scope is read', () => {
    const { executor, registry } = setUp()
    registry.register(gate('other', () => undefined))
    const { request } = scope()
    const untouchable = new Proxy(scope(), {
      get(target, name) {
        if (name !== 'request') throw new Error(`${String(name)} was read`)
        return Reflect.get(target, name)
      },
    })
    expect(request.hookPath).toEqual([])
    expect(executor.before('session:start', { input: {} }, untouchable)).toMatchObject({ kind: 'go' })
    expect(() => executor.after('session:start', { input: {} }, untouchable)).not.toThrow()
    expect(executor.drain()).toBeUndefined()
  })

  test('HO10 synchronous hooks are answered without a promise, through both passes, also a refusal', () => {
    const { write } = withGates(
      gate('a', () => undefined),
      gate('b', append('b')),
      gate('c', () => ({ kind: 'continue', note: 1 })),
    )
    expect(write()).toMatchObject({ kind: 'go', payload: { key: 'k', value: 'ab' } })
    const refusing = withGates(
      gate('a', append('a')),
      gate('b', () => cancel('no')),
    )
    expect(() => refusing.write()).toThrow(expect.objectContaining({ code: 'HOOK_CANCELLED' }))
  })

  test('HO10 synchronous record-hooks are answered without a promise', () => {
    const { registry, executor } = setUp()
    registry.register(
      defineHook({
        id: 'a',
        version: 1,
        point: 'event:emit',
        stage: 'record',
        run: () => ({ kind: 'modify', change: { data: 2 } }),
      }),
    )
    expect(executor.record('event:emit', { type: 'a.b', data: 1 }, scope())).toMatchObject({
      payload: { data: 2 },
    })
  })

  test('HO10 one asynchronous hook makes a promise, whatever its place', async () => {
    for (const place of [0, 1, 2]) {
      const gates = ['a', 'b', 'c'].map((id, at) =>
        gate(id, at === place ? async (payload) => append(id)(payload) : append(id)),
      )
      const result = withGates(...gates).write('')
      expect(result).toBeInstanceOf(Promise)
      expect(await result).toMatchObject({ payload: { value: 'abc' } })
    }
  })
})

describe('the first pass', () => {
  test('HO11 each hook sees the change of the one before', () => {
    const seen: unknown[] = []
    const { write } = withGates(
      gate('a', (payload) => (payload.value === 'a' ? append('1')(payload) : undefined)),
      gate('b', (payload) => {
        seen.push(payload.value)
        return payload.value === 'a1' ? append('2')(payload) : undefined
      }),
      gate('c', (payload) => void seen.push(payload.value)),
    )
    expect(write('a')).toMatchObject({ payload: { key: 'k', value: 'a12' } })
    expect(seen.slice(0, 2)).toEqual(['a1', 'a12'])
  })

  test('HO11 a change replaces the fields it names and leaves the others', () => {
    const { registry, executor } = setUp()
    registry.register(
      defineHook({
        id: 'a',
        version: 1,
        point: 'step:run',
        stage: 'before',
        run: ({ input }) => ({ kind: 'modify', change: { input: [input, 'more'] } }),
      }),
    )
    const draft = stepDraft({ phase: 'started', input: 'in' })
    expect(executor.before('step:run', draft, scope())).toMatchObject({
      payload: { ...draft, input: ['in', 'more'] },
    })
  })

  test('HO11 a deletion stays one where nobody changes it, and may be given a value', () => {
    const { executor, registry } = withGates(gate('a', () => undefined))
    const erase = () => executor.before('state:write', { key: 'k' }, scope())
    expect(erase()).toEqual({
      kind: 'go',
      payload: { key: 'k' },
      runs: [],
    })
    registry.register(gate('b', () => ({ kind: 'modify', change: { value: null } })))
    expect(erase()).toMatchObject({ payload: { key: 'k', value: null } })
  })
})

describe('the second pass', () => {
  test('HO12 a veto of an input that was changed later is asked again and may be dropped', () => {
    const { write } = withGates(
      gate('short', ({ value }) => (String(value).length > 3 ? cancel('too long') : undefined)),
      gate('cut', ({ value }) => ({ kind: 'modify', change: { value: String(value).slice(0, 3) } })),
    )
    expect(write('abcdef')).toMatchObject({ kind: 'go', payload: { value: 'abc' } })
  })

  test('HO12 an approval of an input that was changed later does not count', async () => {
    const { write } = withGates(
      gate('clean', ({ value }) => (String(value).includes('bad') ? cancel('bad word') : undefined)),
      gate('spoil', append(' bad')),
    )
    expect(await errorOf(() => write('good'))).toMatchObject({
      code: 'HOOK_CANCELLED',
      details: { hook: 'clean' },
    })
  })

  test('HO12 a hook may veto what its own change made', async () => {
    const { write } = withGates(
      gate('a', ({ value }) =>
        value === 'ab' ? cancel('not that') : { kind: 'modify', change: { value: 'ab' } },
      ),
    )
    expect((await errorOf(() => write('a'))).code).toBe('HOOK_CANCELLED')
  })

  test('HO12 where nothing was changed each hook is asked once', () => {
    const asked: string[] = []
    const { write } = withGates(
      gate('a', () => void asked.push('a')),
      gate('b', () => void asked.push('b')),
    )
    write()
    expect(asked).toEqual(['a', 'b'])
  })

  test('HO12 a hook after the last change has seen the final input and is not asked again', () => {
    const asked: unknown[] = []
    const { write } = withGates(
      gate('before', ({ value }) => void asked.push(['before', value])),
      gate('change', ({ value }) => (value === 'a' ? { kind: 'modify', change: { value: 'b' } } : undefined)),
      gate('after', ({ value }) => void asked.push(['after', value])),
    )
    write('a')
    expect(asked).toEqual([
      ['before', 'a'],
      ['after', 'b'],
      ['before', 'b'],
    ])
  })

  test('HO12 `when` is tested on the final input too', async () => {
    const { registry, executor } = setUp()
    registry.register(
      defineHook({
        id: 'tools-only',
        version: 1,
        point: 'artifact:store',
        stage: 'before',
        when: { kinds: ['tool_result'] },
        run: () => cancel('no tool results'),
      }),
    )
    registry.register(
      defineHook({
        id: 'rename',
        version: 1,
        point: 'artifact:store',
        stage: 'before',
        run: ({ draft }) => ({
          kind: 'modify',
          change: { draft: { ...draft, kind: draft.kind === 'tool_result' ? 'report' : 'tool_result' } },
        }),
      }),
    )
    const draft = {
      name: 'a',
      kind: 'user_input',
      mime: 'text/plain',
      description: '',
      tags: [],
      metadata: {},
    }
    expect((await errorOf(() => executor.before('artifact:store', { draft }, scope()))).code).toBe(
      'HOOK_CANCELLED',
    )
    const other = { draft: { ...draft, kind: 'tool_result' } }
    expect(await executor.before('artifact:store', other, scope())).toMatchObject({
      payload: { draft: { kind: 'report' } },
    })
  })

  test('HO12 a hook whose failure is ignored, or that was left out, is not asked a second time', async () => {
    const { registry, executor } = setUp({ breaker: { failureThreshold: 2 } })
    const failing = () => {
      throw new Error('no')
    }
    registry.register({ ...gate('fails', failing), onError: 'ignore' })
    registry.register(
      gate('change', ({ value }) => (value === 'a' ? append('b')({ key: 'k', value }) : undefined)),
    )
    const write = () => executor.before('state:write', { key: 'k', value: 'a' }, scope())
    for (const calls of [1, 2, 2]) {
      expect(write()).toMatchObject({ payload: { value: 'ab' } })
      expect(executor.stats()[0]?.calls).toBe(calls)
    }
    expect(executor.stats()[0]?.skipped).toBe(1)
  })

  test('HO13 a change asked for in the second pass is ignored and counted, and nobody is asked a third time', () => {
    let asked = 0
    const { write, executor } = withGates(
      gate('a', (payload) => {
        asked += 1
        return append('!')(payload)
      }),
    )
    expect(write('a')).toMatchObject({ payload: { value: 'a!' } })
    expect(asked).toBe(2)
    expect(executor.stats()[0]).toMatchObject({ calls: 2, ignoredChanges: 1 })
  })
})

describe('vetoes', () => {
  test('HO14 a veto names hook, reason and point, and the first in order counts', async () => {
    const { write, incidents } = withGates(
      gate('a', () => undefined),
      gate('b', () => cancel('too big')),
      gate('c', () => cancel('too late')),
    )
    const error = await errorOf(() => write())
    expect(error.code).toBe('HOOK_CANCELLED')
    expect(error.message).toContain('"b" cancelled state:write: too big')
    expect(error.details).toEqual({ hook: 'b', version: 1, reason: 'too big', point: 'state:write' })
    expect(error.retryable).toBe(false)
    expect(incidents).toEqual([{ hook: 'b@1', point: 'state:write', stage: 'before', error, refused: true }])
  })

  test('HO14 after a veto of the final input the hooks behind it are not asked again', async () => {
    const asked: string[] = []
    const { write } = withGates(
      gate('change', ({ value }) => (value === 'a' ? { kind: 'modify', change: { value: 'b' } } : undefined)),
      gate('veto', ({ value }) => (value === 'b' ? cancel('no b') : undefined)),
      gate('last', ({ value }) => void asked.push(String(value))),
    )
    await errorOf(() => write('a'))
    expect(asked).toEqual(['b'])
  })

  test('HO14 where nothing can be changed a veto ends it at once', async () => {
    const { registry, executor } = setUp()
    const asked: string[] = []
    const point = 'artifact:read'
    registry.register(
      defineHook({ id: 'a', version: 1, point, stage: 'before', run: () => cancel('secret') }),
    )
    registry.register(
      defineHook({ id: 'b', version: 1, point, stage: 'before', run: () => void asked.push('b') }),
    )
    await errorOf(() => executor.before(point, { artifact: artifactRecord() }, scope()))
    expect(asked).toEqual([])
  })

  test('HO15 a step may be answered in its stead; the first answer counts, but any veto goes before it', async () => {
    const { registry, executor } = setUp()
    const replace = (id: string, result: string, priority: number) =>
      registry.register(
        defineHook({
          id,
          version: 1,
          point: 'step:run',
          stage: 'before',
          priority,
          run: () => ({ kind: 'replace', result }),
        }),
      )
    replace('a', 'cached', 1)
    replace('b', 'other', 2)
    const draft = stepDraft({ phase: 'started' })
    expect(executor.before('step:run', draft, scope())).toMatchObject({ kind: 'replace', result: 'cached' })
    registry.register(
      defineHook({
        id: 'c',
        version: 1,
        point: 'step:run',
        stage: 'before',
        priority: 3,
        run: () => cancel('no'),
      }),
    )
    expect((await errorOf(() => executor.before('step:run', draft, scope()))).details).toMatchObject({
      hook: 'c',
    })
  })
})

describe('what hooks are told', () => {
  test('HO23 context: point, stage, session, correlation, cause, actor, depth, path, start and clock', () => {
    const { registry, executor, wall } = setUp()
    const seen: unknown[] = []
    registry.register(
      defineHook({
        id: 'a',
        version: 1,
        point: 'state:write',
        stage: 'before',
        run: (_payload, context) =>
          void seen.push({ ...context, now: context.now(), signal: context.signal.aborted }),
      }),
    )
    const base = scope()
    executor.before(
      'state:write',
      { key: 'k' },
      {
        ...base,
        request: { ...base.request, actor: { id: 'ada' }, startedAt: 7, hookPath: ['session:save/x/'] },
      },
    )
    expect(seen).toEqual([
      {
        point: 'state:write',
        notes: {},
        stage: 'before',
        sessionId: 'session-1',
        correlationId: 'correlation-1',
        actor: { id: 'ada' },
        startedAt: 7,
        depth: 1,
        hookPath: ['session:save/x/', 'state:write/session-1/k'],
        now: wall.now(),
        signal: false,
      },
    ])
  })
})
