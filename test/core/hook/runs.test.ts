import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import type {
  Collected,
  HookContext,
  HookDefinition,
  HookOutcome,
  StepDraft,
} from '../../../src/core/hook/definition.ts'
import { type ReplayContext, rerunHook, rerunRecordHooks } from '../../../src/core/hook/rerun.ts'
import type { HookRunRecord } from '../../../src/core/timeline/catalog.ts'
import { createFakeWall, nodeDigest, type SetUp, scope, setUp, stepDraft } from './harness.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

function recorder(
  id: string,
  run: (draft: StepDraft, context: HookContext) => HookOutcome<'step:run', 'record'> | undefined,
  parts: Partial<HookDefinition> = {},
): HookDefinition {
  return { ...defineHook({ id, version: 2, point: 'step:run', stage: 'record', run }), ...parts }
}

async function runsOf(
  hook: HookDefinition,
  options: SetUp = { digest: nodeDigest },
): Promise<readonly HookRunRecord[]> {
  const { registry, executor } = setUp(options)
  registry.register(hook)
  return (await executor.record('step:run', stepDraft({ result: 'r' }), scope())).runs
}

const collected = (parts: Partial<Collected> = {}): Collected => ({
  name: 'a',
  kind: 'k',
  mime: 'text/plain',
  description: '',
  tags: [],
  metadata: {},
  content: 'text',
  ...parts,
})

describe('what is recorded', () => {
  test('HO28 continue: hook and outcome, and its note', async () => {
    expect(await runsOf(recorder('a', () => undefined))).toEqual([{ hook: 'a@2', outcome: 'continue' }])
    expect(await runsOf(recorder('a', () => ({ kind: 'continue', note: { count: 1 } })))).toEqual([
      { hook: 'a@2', outcome: 'continue', note: { count: 1 } },
    ])
  })

  test('HO28 modify and collect: the SHA-256 of their canonical form beside the note', async () => {
    const modify = recorder('a', () => ({
      kind: 'modify',
      change: { result: { b: 1, a: new Uint8Array([1, 255]) } },
      note: 'n',
    }))
    expect(await runsOf(modify)).toEqual([
      {
        hook: 'a@2',
        outcome: 'modify',
        note: 'n',
        digest: sha256('["modify",{"result":{"a":#01ff,"b":1}}]'),
      },
    ])
    const collect = recorder('a', () => ({ kind: 'collect', artifacts: [collected()] }))
    const draft =
      '{"content":"text","description":"","kind":"k","metadata":{},"mime":"text/plain","name":"a","tags":[]}'
    expect(await runsOf(collect)).toEqual([
      { hook: 'a@2', outcome: 'collect', digest: sha256(`["collect",${draft}]`) },
    ])
  })

  test('HO28 replace has a digest of its result', async () => {
    const { registry, executor } = setUp({ digest: nodeDigest })
    registry.register(
      defineHook({
        id: 'a',
        version: 1,
        point: 'step:run',
        stage: 'before',
        run: () => ({ kind: 'replace', result: [1] }),
      }),
    )
    expect(await executor.before('step:run', stepDraft(), scope())).toEqual({
      kind: 'replace',
      payload: stepDraft(),
      result: [1],
      runs: [{ hook: 'a@1', outcome: 'replace', digest: sha256('["replace",[1]]') }],
    })
  })

  test('HO28 without a digest port there is none, and no promise for it', () => {
    const { registry, executor } = setUp()
    registry.register(recorder('a', () => ({ kind: 'modify', change: { result: 1 } })))
    expect(executor.record('step:run', stepDraft(), scope())).toMatchObject({
      runs: [{ hook: 'a@2', outcome: 'modify' }],
    })
  })

  test('HO28 a hook that is not replayable, and one at a point that records none, is not recorded', async () => {
    expect(await runsOf(recorder('a', () => ({ kind: 'continue', note: 1 }), { replayable: false }))).toEqual(
      [],
    )
    const { registry, executor } = setUp({ digest: nodeDigest })
    registry.register({
      id: 'a',
      version: 1,
      point: 'artifact:read',
      stage: 'before',
      run: () => ({ kind: 'continue', note: 1 }),
    })
    expect(executor.before('artifact:read', { artifact: {} as never }, scope())).toMatchObject({ runs: [] })
  })

  test('HO28 notes pass through redaction before they are recorded, at once or by a promise', async () => {
    const hook = recorder('a', () => ({ kind: 'continue', note: 'secret' }))
    const redacted = [{ hook: 'a@2', outcome: 'continue', note: '***' }]
    expect(await runsOf(hook, { redact: (note) => (note === 'secret' ? '***' : note) })).toEqual(redacted)
    expect(await runsOf(hook, { redact: async () => '***' })).toEqual(redacted)
  })

  test('HO29 a hook that changed the input is recorded with its answer to the final input, and as having changed it', async () => {
    const { registry, executor } = setUp({ digest: nodeDigest })
    const answers: Record<string, HookOutcome<'state:write', 'before'> | undefined> = {
      a: { kind: 'modify', change: { value: 'ab' } },
    }
    registry.register(
      defineHook({
        id: 'once',
        version: 1,
        point: 'state:write',
        stage: 'before',
        run: ({ value }) => answers[String(value)],
      }),
    )
    registry.register(
      defineHook({
        id: 'always',
        version: 1,
        point: 'state:write',
        stage: 'before',
        run: ({ value }) => ({ kind: 'modify', change: { value: String(value).trim() } }),
      }),
    )
    expect(await executor.before('state:write', { key: 'k', value: 'a' }, scope())).toMatchObject({
      payload: { value: 'ab' },
      runs: [
        { hook: 'once@1', outcome: 'continue', changed: true },
        { hook: 'always@1', outcome: 'modify', changed: true, digest: sha256('["modify",{"value":"ab"}]') },
      ],
    })
  })
})

describe('digests', () => {
  const digestOf = async (outcome: HookOutcome<'step:run', 'record'>) =>
    (await runsOf(recorder('a', () => outcome)))[0]?.digest

  test('HO30 equal outcomes have equal digests, whatever the order of keys and the note', async () => {
    const a = await digestOf({ kind: 'modify', change: { result: { a: 1, b: [2] } }, note: 1 })
    const b = await digestOf({ kind: 'modify', change: { result: { b: [2], a: 1 } }, note: 2 })
    expect(a).toMatch(/^[0-9a-f]{64}$/)
    expect(b).toBe(a)
  })

  test('HO30 any difference shows: value, field, kind of content, tags, order', async () => {
    const outcomes: readonly HookOutcome<'step:run', 'record'>[] = [
      { kind: 'modify', change: { result: 1 } },
      { kind: 'modify', change: { result: '1' } },
      { kind: 'modify', change: { input: 1 } },
      { kind: 'collect', artifacts: [] },
      { kind: 'collect', artifacts: [collected()] },
      { kind: 'collect', artifacts: [collected({ content: new TextEncoder().encode('text') })] },
      { kind: 'collect', artifacts: [collected({ content: 'text ' })] },
      { kind: 'collect', artifacts: [collected({ tags: ['t'] })] },
      { kind: 'collect', artifacts: [collected({ name: 'b' }), collected()] },
      { kind: 'collect', artifacts: [collected(), collected({ name: 'b' })] },
    ]
    const digests = await Promise.all(outcomes.map(digestOf))
    expect(new Set(digests).size).toBe(outcomes.length)
  })
})

describe('running again', () => {
  const wall = createFakeWall()
  const context: ReplayContext = { now: () => 42 }
  const ports = { wall, digest: nodeDigest }

  test('HO31 the same hook on the same payload gives the same record', async () => {
    const hooks = [
      recorder('a', () => undefined),
      recorder('b', ({ key }) => ({ kind: 'continue', note: key })),
      recorder('c', ({ result }) => ({ kind: 'modify', change: { result: [result ?? null] }, note: 1 })),
      recorder('d', ({ key }) => ({ kind: 'collect', artifacts: [collected({ name: key })] })),
    ]
    for (const hook of hooks) {
      const [recorded] = await runsOf(hook)
      expect(await rerunHook(hook, stepDraft({ result: 'r' }), context, ports)).toEqual(recorded)
    }
  })

  test('HO31 a hook that answers otherwise gives another record', async () => {
    const [recorded] = await runsOf(recorder('a', () => ({ kind: 'modify', change: { result: 1 } })))
    const changed = recorder('a', () => ({ kind: 'modify', change: { result: 2 } }))
    const rerun = await rerunHook(changed, stepDraft({ result: 'r' }), context, ports)
    expect(rerun).toMatchObject({ hook: recorded?.hook, outcome: recorded?.outcome })
    expect(rerun.digest).not.toBe(recorded?.digest)
  })

  test('HO31 the hook is told that it is a replay and what time it was, and nothing is counted', async () => {
    const { registry, executor } = setUp()
    const seen: unknown[] = []
    const hook = registry.register(
      recorder('a', (_draft, { replay, now }) => void seen.push([replay, now()])),
    )
    await rerunHook(hook, stepDraft(), context, ports)
    expect(seen).toEqual([[true, 42]])
    expect(executor.stats()[0]).toMatchObject({ calls: 0 })
  })

  test('HO31 a veto of the past is a record, a failure too, and a hook that hangs ends at its time-out', async () => {
    const veto = defineHook({
      id: 'v',
      version: 1,
      point: 'state:write',
      stage: 'before',
      run: () => ({ kind: 'cancel', reason: 'no' }),
    })
    expect(await rerunHook(veto, { key: 'k' }, context, ports)).toEqual({
      hook: 'v@1',
      outcome: 'cancel',
      digest: sha256('["cancel","no"]'),
    })
    const failing = recorder('f', () => {
      throw new Error('away')
    })
    expect(await rerunHook(failing, stepDraft(), context, ports)).toEqual({
      hook: 'f@2',
      outcome: 'failed',
      note: 'HOOK_FAILED',
    })
    const hanging: HookDefinition = {
      ...recorder('h', () => undefined),
      timeoutMs: 20,
      run: () => new Promise(() => undefined),
    }
    const waiting = rerunHook(hanging, stepDraft(), context, ports)
    wall.advance(20)
    expect(await waiting).toMatchObject({ outcome: 'failed', note: 'HOOK_TIMEOUT' })
  })

  test('HO32 record-hooks run again in order, each on what the one before left, as they did', async () => {
    const hooks = [
      recorder('a', ({ result }) => ({
        kind: 'collect',
        artifacts: [collected({ content: String(result) })],
      })),
      recorder('b', ({ result }) => ({ kind: 'modify', change: { result: `${String(result)}b` } })),
      recorder('c', ({ result }) => ({ kind: 'continue', note: result ?? null })),
    ]
    const { registry, executor } = setUp({ digest: nodeDigest })
    for (const hook of hooks) registry.register(hook)
    const recorded = await executor.record('step:run', stepDraft({ result: 'r' }), scope())
    const again = await rerunRecordHooks(hooks, stepDraft({ result: 'r' }), context, ports)
    expect(again).toEqual(recorded)
    expect(again.payload).toMatchObject({ result: 'rb' })
    expect(again.runs[2]).toEqual({ hook: 'c@2', outcome: 'continue', note: 'rb' })
  })
})
