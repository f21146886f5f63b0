import { describe, expect, test } from 'vitest'
import { createError } from '../../../src/core/errors.ts'
import type { HookContext, HookDefinition } from '../../../src/core/hook/definition.ts'
import { NOTE_LIMIT_BYTES } from '../../../src/core/hook/outcome.ts'
import type { PointName } from '../../../src/core/hook/points.ts'
import { deferred, errorOf, request, type SetUp, scope, setUp, stepDraft } from './harness.ts'

/** A hook that does whatever it likes: nothing of what it answers is typed. */
function wild(
  run: (payload: never, context: HookContext) => unknown,
  parts: Partial<HookDefinition> = {},
): HookDefinition {
  const definition: Omit<HookDefinition, 'run'> = {
    id: 'wild',
    version: 3,
    point: 'state:write',
    stage: 'before',
    ...parts,
  }
  return { ...definition, run: run as HookDefinition['run'] }
}

function withHook(definition: HookDefinition, options?: SetUp) {
  const parts = setUp(options)
  parts.registry.register(definition)
  const { executor } = parts
  return {
    ...parts,
    write: (key = 'k') => executor.before('state:write', { key, value: 1 }, scope()),
    record: () => executor.record('step:run', stepDraft({ result: 'done' }), scope()),
    stats: () => executor.stats()[0],
  }
}

const rejecting = (thrown: unknown) => () => Promise.reject(thrown)
const throwing = (thrown: unknown) => () => {
  throw thrown
}

describe('a hook that throws', () => {
  test.each([
    ['throws', throwing],
    ['rejects', rejecting],
  ])('HO19 that %s refuses the operation, with the hook and the cause', async (_how, make) => {
    const cause = new Error('the model is away')
    const { write, stats, incidents } = withHook(wild(make(cause)))
    const error = await errorOf(() => write())
    expect(error.code).toBe('HOOK_FAILED')
    expect(error.message).toContain(
      '"wild" at state:write (before) failed: the model is away. The operation was refused',
    )
    expect(error.details).toEqual({ hook: 'wild', version: 3, point: 'state:write', stage: 'before' })
    expect(error.cause).toBe(cause)
    expect(stats()).toMatchObject({ calls: 1, failures: 1, timeouts: 0 })
    expect(incidents).toEqual([
      { hook: 'wild@3', point: 'state:write', stage: 'before', error, refused: true },
    ])
  })

  test.each([undefined, null, 'text', 42, Symbol('s'), { message: 'no error' }, Object.create(null)])(
    'HO19 what is no error is thrown: %o',
    async (thrown) => {
      for (const make of [throwing, rejecting]) {
        const error = await errorOf(withHook(wild(make(thrown))).write)
        expect(error.code).toBe('HOOK_FAILED')
        expect(error.message).toMatch(/failed: .+\. The operation was refused/)
      }
    },
  )

  test('HO19 a record-hook that fails refuses the record', async () => {
    const hook = wild(throwing(new Error('no')), { point: 'step:run', stage: 'record' })
    expect(await errorOf(withHook(hook).record)).toMatchObject({
      code: 'HOOK_FAILED',
      details: { stage: 'record' },
    })
  })

  test('HO20 with onError ignore the operation goes on without it, and the failure is reported', async () => {
    for (const point of ['state:write', 'step:run'] as const) {
      const stage = point === 'step:run' ? 'record' : 'before'
      const { write, record, incidents, stats } = withHook(
        wild(throwing(new Error('no')), { point, stage, onError: 'ignore' }),
      )
      const result = await (point === 'step:run' ? record() : write())
      expect(result.runs).toEqual([{ hook: 'wild@3', outcome: 'failed', note: 'HOOK_FAILED' }])
      expect(incidents).toMatchObject([{ refused: false, error: { code: 'HOOK_FAILED' } }])
      expect(incidents[0]?.error.message).toContain('went on without it')
      expect(stats()).toMatchObject({ failures: 1 })
    }
  })

  test('HO20 who listens to failures cannot add to them', async () => {
    const { write } = withHook(wild(throwing(new Error('no')), { onError: 'ignore' }), {
      onIncident: throwing(new Error('log is full')),
    })
    expect(await write()).toMatchObject({ kind: 'go' })
  })
})

describe('a hook that hangs', () => {
  const hanging = (parts: Partial<HookDefinition> = {}) => wild(() => new Promise(() => undefined), parts)

  test('HO21 is HOOK_TIMEOUT after timeoutMs, naming the hook', async () => {
    const { write, wall, stats } = withHook(hanging({ timeoutMs: 250 }))
    const waiting = errorOf(() => write())
    wall.advance(249)
    expect(wall.waiting).toBe(1)
    wall.advance(1)
    const error = await waiting
    expect(error.code).toBe('HOOK_TIMEOUT')
    expect(error.details).toEqual({
      hook: 'wild',
      version: 3,
      point: 'state:write',
      stage: 'before',
      timeoutMs: 250,
    })
    expect(error.retryable).toBe(true)
    expect(stats()).toMatchObject({ calls: 1, failures: 0, timeouts: 1, totalMs: 250 })
  })

  test('HO21 has 1 s in the worker and 5 s on a page', async () => {
    for (const [client, timeoutMs] of [
      [undefined, 1_000],
      ['page', 5_000],
    ] as const) {
      const { registry, executor, wall } = setUp()
      registry.register(hanging(), client)
      const base = scope({ request: request(client === undefined ? {} : { client }) })
      const waiting = errorOf(async () => executor.before('state:write', { key: 'k' }, base))
      wall.advance(timeoutMs - 1)
      expect(wall.waiting).toBe(1)
      wall.advance(1)
      expect((await waiting).details).toMatchObject({ timeoutMs })
    }
  })

  test('HO21 with onError ignore costs its time and nothing else', async () => {
    const { write, wall } = withHook(hanging({ onError: 'ignore' }))
    const result = write()
    wall.advance(1_000)
    expect(await result).toMatchObject({ kind: 'go', runs: [{ outcome: 'failed', note: 'HOOK_TIMEOUT' }] })
  })

  test('HO21 its signal is aborted when its time is up, also where it looks at it only then', async () => {
    const contexts: HookContext[] = []
    const { write, wall } = withHook(
      wild((_payload, context) => {
        if (contexts.length === 0) expect(context.signal.aborted).toBe(false)
        contexts.push(context)
        return new Promise(() => undefined)
      }),
    )
    for (let call = 0; call < 2; call++) {
      const waiting = errorOf(() => write())
      wall.advance(1_000)
      expect(contexts[call]?.signal.aborted).toBe(true)
      expect(contexts[call]?.signal.reason).toBe(await waiting)
    }
  })

  test('HO21 a hook that answers in time leaves no timer', async () => {
    const { write, wall } = withHook(wild(async () => undefined))
    await write()
    expect(wall.waiting).toBe(0)
  })
})

describe('a hook that answers late', () => {
  test('HO21 its answer is dropped and never touches the next call', async () => {
    const answers = [deferred<unknown>(), deferred<unknown>()]
    let call = 0
    const { write, wall, stats } = withHook(wild(() => answers[call++]?.promise))
    const first = errorOf(() => write())
    wall.advance(1_000)
    expect((await first).code).toBe('HOOK_TIMEOUT')

    const second = write()
    answers[0]?.resolve({ kind: 'cancel', reason: 'late' })
    await answers[0]?.promise
    answers[1]?.resolve({ kind: 'continue', note: 'in time' })
    expect(await second).toMatchObject({ kind: 'go', runs: [{ outcome: 'continue', note: 'in time' }] })
    expect(stats()).toMatchObject({ calls: 2, failures: 0, timeouts: 1 })
  })

  test('HO21 a rejection that comes late goes nowhere', async () => {
    const answer = deferred<unknown>()
    const { write, wall, stats } = withHook(wild(() => answer.promise, { onError: 'ignore' }))
    const result = write()
    wall.advance(1_000)
    await result
    answer.reject(new Error('late'))
    await answer.promise.catch(() => undefined)
    expect(stats()).toMatchObject({ failures: 0, timeouts: 1 })
  })
})

describe('a caller who gives up', () => {
  test('HO22 the operation ends with the reason, the hook is told, and it is no failure of the hook', async () => {
    const controller = new AbortController()
    let told: HookContext | undefined
    const { registry, executor, wall } = setUp({ breaker: { failureThreshold: 1 } })
    registry.register(
      wild((_payload, context) => {
        told = context
        return new Promise(() => undefined)
      }),
    )
    const base = scope({ request: request({ signal: controller.signal }) })
    const waiting = errorOf(async () => executor.before('state:write', { key: 'k' }, base))
    const reason = createError('DEADLINE', 'The write was too slow.')
    controller.abort(reason)
    expect(await waiting).toBe(reason)
    expect(told?.signal.aborted).toBe(true)
    expect(wall.waiting).toBe(0)
    expect(executor.stats()[0]).toMatchObject({ failures: 0, timeouts: 0, breaker: 'closed' })
  })

  test('HO22 a signal that was aborted before, and one with a reason of its own, end it as ABORTED', async () => {
    const { registry, executor } = setUp()
    registry.register(wild(() => new Promise(() => undefined)))
    const base = scope({ request: request({ signal: AbortSignal.abort('enough') }) })
    const error = await errorOf(() => executor.before('state:write', { key: 'k' }, base))
    expect(error).toMatchObject({ code: 'ABORTED', cause: 'enough' })
  })

  test('BR6 a probe whose caller gave up lets the next call probe', async () => {
    const controller = new AbortController()
    let fail = true
    const { registry, executor, wall } = setUp({ breaker: { failureThreshold: 1 } })
    registry.register(
      wild(() => {
        if (fail) throw new Error('no')
        return new Promise(() => undefined)
      }),
    )
    await errorOf(() => executor.before('state:write', { key: 'k' }, scope()))
    wall.advance(15_000)
    fail = false
    const base = scope({ request: request({ signal: controller.signal }) })
    const probe = errorOf(async () => executor.before('state:write', { key: 'k' }, base))
    expect(executor.stats()[0]?.breaker).toBe('half-open')
    controller.abort()
    await probe
    expect(executor.before('state:write', { key: 'k' }, scope())).toBeInstanceOf(Promise)
    expect(executor.stats()[0]?.calls).toBe(3)
  })
})

/** What makes an object a thenable, which hooks may answer too. */
const THEN = 'then'

describe('a hook that answers nonsense', () => {
  const nonsense: readonly unknown[] = [
    null,
    true,
    false,
    0,
    'cancel',
    'continue',
    [],
    [{ kind: 'continue' }],
    {},
    { kind: 'skip' },
    { kind: 'Cancel', reason: 'x' },
    { kind: 'toString' },
    { kind: 'retry', delayMs: 5 },
    { kind: 'cancel' },
    { kind: 'cancel', reason: '' },
    { kind: 'cancel', reason: { code: 1 } },
    { kind: 'modify' },
    { kind: 'modify', change: null },
    { kind: 'modify', change: 'value' },
    { kind: 'continue', note: () => 1 },
    { kind: 'continue', note: Number.NaN },
    new Error('answered, not thrown'),
    new Map(),
    Symbol('s'),
    () => undefined,
  ]

  test.each(nonsense)('HO16 %o is HOOK_FAILED, at once or by a promise', async (answer) => {
    for (const run of [() => answer, async () => answer]) {
      const { write, stats } = withHook(wild(run))
      const error = await errorOf(() => write())
      expect(error.code).toBe('HOOK_FAILED')
      expect(error.message).toMatch(/failed: answered /)
      expect(stats()).toMatchObject({ failures: 1 })
    }
  })

  test('HO16 an answer that throws when it is looked at is HOOK_FAILED', async () => {
    const trap = {
      get kind() {
        throw new Error('caught you')
      },
    }
    expect((await errorOf(withHook(wild(() => trap)).write)).message).toContain('caught you')
    const thenable = Object.defineProperty({}, THEN, {
      get() {
        throw new Error('not even a promise')
      },
    })
    expect((await errorOf(withHook(wild(() => thenable)).write)).message).toContain('not even a promise')
  })

  test('HO16 something with a then method is waited for', async () => {
    const thenable = {
      [THEN]: (resolve: (value: unknown) => void) => resolve({ kind: 'cancel', reason: 'then' }),
    }
    expect(await errorOf(withHook(wild(() => thenable)).write)).toMatchObject({ details: { reason: 'then' } })
  })

  test.each<readonly [PointName, HookDefinition['stage'], unknown]>([
    ['state:write', 'before', { kind: 'replace', result: 1 }],
    ['state:write', 'before', { kind: 'collect', artifacts: [] }],
    ['session:save', 'before', { kind: 'replace', result: 1 }],
    ['artifact:read', 'before', { kind: 'modify', change: {} }],
    ['artifact:delete', 'before', { kind: 'modify', change: {} }],
    ['step:run', 'record', { kind: 'cancel', reason: 'no' }],
    ['step:run', 'record', { kind: 'replace', result: 1 }],
    ['event:emit', 'record', { kind: 'collect', artifacts: [] }],
    ['step:run', 'before', { kind: 'collect', artifacts: [] }],
  ])('HO16 at %s (%s) %j has no consumer and is HOOK_FAILED', async (point, stage, answer) => {
    const { registry, executor } = setUp()
    registry.register(wild(() => answer, { point, stage }))
    const payload: never = Object.assign({}, stepDraft(), {
      type: 'a',
      data: 1,
      artifact: { name: 'a' },
      input: {},
    }) as never
    const error = await errorOf(() =>
      stage === 'record'
        ? executor.record(point, payload, scope())
        : executor.before(point, payload, scope()),
    )
    expect(error.code).toBe('HOOK_FAILED')
    expect(error.message).toContain(`at ${point} (${stage})`)
  })

  test('HO16 a note above 4 KB is HOOK_FAILED, one of 4 KB is kept', async () => {
    const note = (length: number) => 'x'.repeat(length - 2)
    expect(
      await withHook(wild(() => ({ kind: 'continue', note: note(NOTE_LIMIT_BYTES) }))).write(),
    ).toMatchObject({ kind: 'go' })
    const error = await errorOf(
      withHook(wild(() => ({ kind: 'continue', note: note(NOTE_LIMIT_BYTES + 1) }))).write,
    )
    expect(error.message).toContain(`a note of ${NOTE_LIMIT_BYTES + 1} bytes`)
  })
})

describe('a change of the wrong shape', () => {
  const cycle: unknown[] = []
  cycle.push(cycle)
  const draft = { name: 'a', kind: 'k', mime: 'text/plain', description: '', tags: [], metadata: {} }
  const changes: readonly (readonly [PointName, string, unknown])[] = [
    ['state:write', 'changed key', { key: 'other' }],
    ['state:write', 'undefined', { value: undefined }],
    ['state:write', 'function', { value: () => 1 }],
    ['state:write', 'Date', { value: new Date(0) }],
    ['state:write', '65536 bytes', { value: 'x'.repeat(70_000) }],
    ['state:write', 'changed extra', { value: 1, extra: 1 }],
    ['step:run', 'changed key', { key: 'other' }],
    ['step:run', 'cycle', { input: cycle }],
    ['step:run', 'NaN', { input: Number.NaN }],
    ['step:run', 'class', { input: new Map() }],
    ['step:run', 'changed result', { result: 1 }],
    ['event:emit', 'changed type', { type: 'session.deleted' }],
    ['event:emit', 'undefined', { data: undefined }],
    ['session:save', 'plain object', { input: 'label' }],
    ['session:save', 'input.label', { input: { label: () => 1 } }],
    ['session:save', 'changed session', { session: {} }],
    ['artifact:store', 'null as draft', { draft: null }],
    ['artifact:store', 'name is empty', { draft: { ...draft, name: '' } }],
    ['artifact:store', 'control character', { draft: { ...draft, name: 'a\nb' } }],
    ['artifact:store', 'MIME', { draft: { ...draft, mime: 'text' } }],
    ['artifact:store', 'tags', { draft: { ...draft, tags: 'a' } }],
    ['artifact:store', 'metadata.f', { draft: { ...draft, metadata: { f: () => 1 } } }],
    ['artifact:store', 'changed sizeBytes', { sizeBytes: 1 }],
  ]

  test.each(changes)('HO17 at %s a wrong change (%s) is HOOK_FAILED', async (point, reason, change) => {
    const { registry, executor } = setUp()
    registry.register(wild(() => ({ kind: 'modify', change }), { point }))
    const payload: never = { ...stepDraft(), type: 'a', data: 1, draft, input: {} } as never
    const error = await errorOf(() => executor.before(point, payload, scope()))
    expect(error.code).toBe('HOOK_FAILED')
    expect(error.message).toContain(reason)
  })

  test.each([
    ['error', { error: 'no' }, 'as error'],
    ['error.message', { error: { name: 'Error' } }, 'error.message'],
    ['error.stack', { error: { name: 'Error', message: '', stack: 1 } }, 'error.stack'],
    ['result', { result: undefined }, 'undefined'],
  ])('HO17 a record-hook that changes %s wrongly is HOOK_FAILED', async (_part, change, reason) => {
    const error = await errorOf(
      withHook(wild(() => ({ kind: 'modify', change }), { point: 'step:run', stage: 'record' })).record,
    )
    expect(error.message).toContain(reason)
  })

  test.each([
    ['no list', 'text'],
    ['no artifact', [null]],
    ['no content', [draft]],
    ['content of another kind', [{ ...draft, content: 1 }]],
    ['no name', [{ ...draft, name: '', content: 'x' }]],
  ])('HO17 a collector that answers %s is HOOK_FAILED', async (_what, artifacts) => {
    const hook = wild(() => ({ kind: 'collect', artifacts }), { point: 'step:run', stage: 'record' })
    expect((await errorOf(withHook(hook).record)).code).toBe('HOOK_FAILED')
  })
})

describe('a hook that meddles', () => {
  test('HO23 what it gets is frozen in depth, so that a change in place is its own failure', async () => {
    const { registry, executor } = setUp()
    registry.register(
      wild(
        (payload: { input: { list: number[] } }) => {
          payload.input.list.push(4)
        },
        { point: 'step:run' },
      ),
    )
    const draft = stepDraft({ input: { list: [1, 2, 3] } })
    expect((await errorOf(() => executor.before('step:run', draft, scope()))).code).toBe('HOOK_FAILED')
    expect(draft.input).toEqual({ list: [1, 2, 3] })
  })

  test('HO23 what it answered is copied, so that a later change of it has no effect', async () => {
    const answer = { kind: 'modify', change: { result: { list: [1], bytes: new Uint8Array([1]) } } }
    const { record } = withHook(wild(() => answer, { point: 'step:run', stage: 'record' }))
    const result = await record()
    answer.change.result.list.push(2)
    answer.change.result.bytes[0] = 2
    answer.change.result = { list: [], bytes: new Uint8Array() }
    expect(result.payload.result).toEqual({ list: [1], bytes: new Uint8Array([1]) })
  })
})

describe('a hook that calls back', () => {
  test('HO24 into what it gates is HOOK_REENTRANT, naming the circle', async () => {
    const { registry, executor } = setUp()
    registry.register(
      wild(
        (_payload, { hookPath }) =>
          executor.before('state:write', { key: 'k' }, scope({ request: request({ hookPath }) })),
        {},
      ),
    )
    const error = await errorOf(() => executor.before('state:write', { key: 'k' }, scope()))
    expect(error).toMatchObject({ code: 'HOOK_FAILED', cause: { code: 'HOOK_REENTRANT' } })
    expect(error.cause).toMatchObject({
      details: { target: 'state:write/session-1/k', hookPath: ['state:write/session-1/k'] },
    })
  })

  test.each<readonly [string, Parameters<typeof scope>[0], string]>([
    ['another key', {}, 'other'],
    ['another session', { sessionId: 'session-2' as never }, 'k'],
    ['a state scope of the same key', { sessionId: undefined as never, stateScope: 'global' }, 'k'],
  ])('HO24 into %s is no circle', async (_where, parts, key) => {
    const { registry, executor } = setUp()
    let depth: number | undefined
    registry.register(
      wild((_payload, context) => {
        if (context.depth > 0) {
          depth = context.depth
          return undefined
        }
        const { hookPath } = context
        executor.before('state:write', { key }, scope({ ...parts, request: request({ hookPath }) }))
        return undefined
      }),
    )
    executor.before('state:write', { key: 'k' }, scope())
    expect(depth).toBe(1)
  })

  test('HO24 the same key of another state scope is no circle, of the same scope it is', async () => {
    const { registry, executor } = setUp()
    const { correlationId } = scope()
    const inScope = (stateScope: string, hookPath: readonly string[]) => ({
      request: request({ hookPath }),
      correlationId,
      stateScope,
    })
    let next = 'user'
    registry.register(
      wild((_payload, { depth, hookPath }) => {
        if (depth === 0) executor.before('state:write', { key: 'k' }, inScope(next, hookPath))
      }),
    )
    const write = () => executor.before('state:write', { key: 'k' }, inScope('global', []))
    expect(write()).toMatchObject({ kind: 'go' })
    next = 'global'
    expect(await errorOf(write)).toMatchObject({ cause: { code: 'HOOK_REENTRANT' } })
  })

  test('HO24 deeper than 4 is HOOK_REENTRANT', async () => {
    const { registry, executor } = setUp()
    const depths: number[] = []
    registry.register(
      wild((_payload, { depth, hookPath }) => {
        depths.push(depth)
        executor.before('state:write', { key: `k${depth + 1}` }, scope({ request: request({ hookPath }) }))
      }),
    )
    const error = await errorOf(() => executor.before('state:write', { key: 'k0' }, scope()))
    expect(depths).toEqual([0, 1, 2, 3, 4])
    let cause: unknown = error
    while (cause instanceof Error && cause.cause !== undefined) cause = cause.cause
    expect(cause).toMatchObject({ code: 'HOOK_REENTRANT', details: { target: 'state:write/session-1/k5' } })
  })
})

describe('the breaker', () => {
  test('BR10 after three failures the hook is left out and blocks nobody, until a probe succeeds', async () => {
    let broken = true
    const { write, stats, wall } = withHook(
      wild(() => {
        if (broken) throw new Error('no')
        return { kind: 'cancel', reason: 'no' }
      }),
    )
    for (let call = 0; call < 3; call++) expect((await errorOf(() => write())).code).toBe('HOOK_FAILED')
    expect(await write()).toEqual({
      kind: 'go',
      payload: { key: 'k', value: 1 },
      runs: [{ hook: 'wild@3', outcome: 'skipped' }],
    })
    expect(stats()).toMatchObject({ calls: 3, skipped: 1, breaker: 'open' })
    wall.advance(15_000)
    broken = false
    expect((await errorOf(() => write())).code).toBe('HOOK_CANCELLED')
    expect(stats()?.breaker).toBe('closed')
  })

  test('BR10 time-outs and nonsense count as failures, a veto does not', async () => {
    const answers: unknown[] = [
      { kind: 'cancel', reason: 'no' },
      { kind: 'cancel', reason: 'no' },
      'nonsense',
    ]
    const { write, stats, wall } = withHook(
      wild(() => answers.shift() ?? new Promise(() => undefined)),
      {
        breaker: { failureThreshold: 2 },
      },
    )
    for (let call = 0; call < 3; call++) await errorOf(() => write())
    expect(stats()?.breaker).toBe('closed')
    const waiting = errorOf(() => write())
    wall.advance(1_000)
    await waiting
    expect(stats()?.breaker).toBe('open')
  })

  test('BR10 while a probe is out, the others go by without waiting for it', async () => {
    const answer = deferred<undefined>()
    let broken = true
    const { write, wall } = withHook(
      wild(() => {
        if (broken) throw new Error('no')
        return answer.promise
      }),
      { breaker: { failureThreshold: 1 } },
    )
    await errorOf(() => write())
    wall.advance(15_000)
    broken = false
    const probe = write()
    expect(await write()).toMatchObject({ runs: [{ outcome: 'skipped' }] })
    answer.resolve(undefined)
    expect(await probe).toMatchObject({ kind: 'go', runs: [] })
  })

  test('BR11 one breaker for all points of an id, another for each page', async () => {
    const { registry, executor } = setUp({ breaker: { failureThreshold: 1 } })
    const failing = throwing(new Error('no'))
    const page = scope({ request: request({ client: 'page-1' }) })
    registry.register(wild(failing))
    registry.register(wild(failing, { point: 'session:save' }))
    registry.register(wild(failing, { onError: 'ignore' }), 'page-1')
    await errorOf(() => executor.before('state:write', { key: 'k' }, scope()))
    expect(executor.before('session:save', { input: {} }, scope())).toMatchObject({
      runs: [{ outcome: 'skipped' }],
    })
    expect(executor.before('state:write', { key: 'k' }, page)).toMatchObject({
      runs: [{ outcome: 'skipped' }, { outcome: 'failed' }],
    })
  })

  test('BR11 a hook that is registered anew begins with a closed breaker', async () => {
    const { registry, executor, write } = withHook(wild(throwing(new Error('no'))), {
      breaker: { failureThreshold: 1 },
    })
    await errorOf(() => write())
    expect(executor.stats()[0]?.breaker).toBe('open')
    for (const handle of registry.list()) registry.unregister(handle)
    registry.register(wild(() => undefined))
    expect(executor.stats()[0]?.breaker).toBe('closed')
  })

  test('BR13 an answer is slow from half of the time-out on, or from slowMs on', async () => {
    for (const [slowMs, tookMs, isSlow] of [
      [undefined, 50, true],
      [undefined, 49, false],
      [10, 10, true],
      [10, 9, false],
    ] as const) {
      const { wall, registry, executor } = setUp()
      const breaker = { slowThreshold: 1, ...(slowMs !== undefined && { slowMs }) }
      const answer = deferred()
      registry.register({
        id: 'slow',
        version: 1,
        point: 'state:write',
        stage: 'before',
        timeoutMs: 100,
        breaker,
        run: () => answer.promise,
      })
      const asked = executor.before('state:write', { key: 'k' }, scope())
      wall.advance(tookMs)
      answer.resolve(undefined)
      await asked
      expect(executor.stats()[0]).toMatchObject({
        slow: isSlow ? 1 : 0,
        breaker: isSlow ? 'open' : 'closed',
      })
    }
  })

  test('BR14 a hook brings its own rules; registrations of one id with the same ones share a breaker', async () => {
    const { registry, executor } = setUp()
    const fails = (point: PointName, breaker?: HookDefinition['breaker']) =>
      registry.register({
        id: 'one',
        version: 1,
        point,
        stage: 'before',
        ...(breaker !== undefined && { breaker }),
        run: () => Promise.reject(new Error('broken')),
      })
    fails('state:write', { failureThreshold: 1 })
    fails('event:emit', { failureThreshold: 1 })
    fails('session:save')
    await errorOf(() => executor.before('state:write', { key: 'k' }, scope()))
    const states = executor.stats().map(({ point, breaker }) => [point, breaker])
    expect(Object.fromEntries(states)).toEqual({
      'state:write': 'open',
      'event:emit': 'open',
      'session:save': 'closed',
    })
  })

  test('BR12 with breaker: false a hook is never left out', async () => {
    const { write, stats } = withHook(wild(throwing(new Error('no')), { breaker: false }), {
      breaker: { failureThreshold: 1 },
    })
    for (let call = 0; call < 10; call++) expect((await errorOf(() => write())).code).toBe('HOOK_FAILED')
    expect(stats()).toMatchObject({ calls: 10, skipped: 0, breaker: 'closed' })
  })
})
