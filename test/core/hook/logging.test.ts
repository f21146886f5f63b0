import { describe, expect, test } from 'vitest'
import { defaultHooks } from '../../../src/core/hook/default-hooks.ts'
import { createLogging, type LogEntry, type LoggingOptions } from '../../../src/core/hook/logging.ts'
import { moreHooks } from '../../../src/core/hook/more-hooks.ts'
import { createRedactor } from '../../../src/core/hook/redactor.ts'
import { artifactDraft, artifactRecord, errorOf, scope, sessionRecord, setUp, stepDraft } from './harness.ts'

function withLogging(options: Omit<LoggingOptions, 'sink'> = {}) {
  const entries: LogEntry[] = []
  const logging = createLogging({ ...options, sink: (entry) => void entries.push(entry) })
  const parts = setUp({ onIncident: logging.onIncident })
  for (const hook of logging.hooks) parts.registry.register(hook)
  return { ...parts, entries }
}

async function doAll({ executor }: Pick<ReturnType<typeof withLogging>, 'executor'>): Promise<void> {
  executor.after('state:write', { key: 'k', value: 1 }, scope())
  executor.after('artifact:read', { artifact: artifactRecord() }, scope())
  executor.after('event:emit', { type: 'a.b', data: 1 }, scope())
  executor.after('session:save', { input: { label: 'x' } }, scope())
  executor.after('step:run', stepDraft(), scope())
  executor.after('step:run', stepDraft({ phase: 'failed' }), scope())
  await executor.drain()
}

describe('logging', () => {
  test('HO37 an entry says level, point, time, session, correlation and the payload without the session', async () => {
    const { executor, entries, wall } = withLogging()
    const session = sessionRecord()
    executor.after(
      'session:save',
      { session, input: { label: 'x', bytes: new Uint8Array(3) } },
      scope({ session }),
    )
    await executor.drain()
    expect(entries).toEqual([
      {
        level: 'info',
        point: 'session:save',
        time: wall.now(),
        sessionId: 'session-1',
        correlationId: 'correlation-1',
        text: '{"input":{"label":"x","bytes":"<3 bytes>"}}',
      },
    ])
  })

  test.each<readonly [LoggingOptions['level'], readonly string[]]>([
    ['debug', ['state:write', 'artifact:read', 'event:emit', 'session:save', 'step:run', 'step:run']],
    ['info', ['session:save', 'step:run', 'step:run']],
    [undefined, ['session:save', 'step:run', 'step:run']],
    ['warn', ['step:run']],
    ['error', []],
  ])('HO38 level %s: entries below are not written', async (level, expected) => {
    const parts = withLogging(level === undefined ? {} : { level })
    await doAll(parts)
    expect(parts.entries.map(({ point }) => point)).toEqual(expected)
  })

  test('HO38 an unknown level is refused', async () => {
    const sink = () => undefined
    expect((await errorOf(() => createLogging({ sink, level: 'loud' as 'info' }))).details).toEqual({
      path: 'level',
    })
  })

  test('HO39 maxLength: the text is cut, and no character in half', async () => {
    const long = async (maxLength: number | undefined, label: string) => {
      const { executor, entries } = withLogging(maxLength === undefined ? {} : { maxLength })
      executor.after('session:save', { input: { label } }, scope())
      await executor.drain()
      return entries[0]?.text ?? ''
    }
    expect(await long(12, 'abcdef')).toBe('{"input":{"l')
    expect(await long(undefined, 'x'.repeat(5_000))).toHaveLength(1_024)
    const begin = '{"input":{"label":"'.length
    expect(await long(begin + 2, '😀😀')).toBe('{"input":{"label":"😀')
    expect(await long(begin + 3, '😀😀')).toBe('{"input":{"label":"😀')
    expect(await long(begin + 1, '😀😀')).toBe('{"input":{"label":"')
    const sink = () => undefined
    expect((await errorOf(() => createLogging({ sink, maxLength: 0 }))).details).toEqual({
      path: 'maxLength',
    })
  })

  test('HO40 points: only these are written', async () => {
    const parts = withLogging({ points: ['state:write', 'session:save'], level: 'debug' })
    await doAll(parts)
    expect(parts.entries.map(({ point }) => point)).toEqual(['state:write', 'session:save'])
  })

  test('HO41 secrets are taken out before the text is cut', async () => {
    const { executor, entries } = withLogging({ redactor: createRedactor(), maxLength: 38 })
    executor.after('session:save', { input: { password: 'hunter2', more: 'x'.repeat(100) } }, scope())
    await executor.drain()
    expect(entries[0]?.text).toBe('{"input":{"password":"[REDACTED]","mor')
  })

  test('HO41 those that the name of their field tells, too, of whatever form', async () => {
    const { executor, entries } = withLogging({ redactor: createRedactor() })
    const input = {
      password: 'correct horse',
      pin: { password: 1234 },
      credentials: { user: 'ada lovelace' },
    }
    executor.after('session:save', { input }, scope())
    await executor.drain()
    const clean = '[REDACTED]'
    expect(JSON.parse(entries[0]?.text ?? '')).toEqual({
      input: { password: clean, pin: { password: clean }, credentials: { user: clean } },
    })
  })

  test("HO42 a veto at an app's own point is logged as at any other", async () => {
    const { executor, registry, entries } = withLogging()
    registry.register({
      id: 'no',
      version: 1,
      point: 'custom:publish',
      stage: 'before',
      run: () => ({ kind: 'cancel', reason: 'no' }),
    })
    await errorOf(() => executor.before('custom:publish', { name: 'publish', data: 1 }, scope()))
    await expect.poll(() => entries.map(({ point }) => point)).toEqual(['custom:publish'])
  })

  test('HO42 a veto is an entry of level info, a failure one of level error', async () => {
    const { executor, registry, entries } = withLogging()
    registry.register({
      id: 'no',
      version: 1,
      point: 'session:save',
      stage: 'before',
      run: () => ({ kind: 'cancel', reason: 'no' }),
    })
    await errorOf(() => executor.before('session:save', { input: {} }, scope()))
    const fail = () => {
      throw new Error('away')
    }
    registry.register({ id: 'bad', version: 1, point: 'session:save', stage: 'after', run: fail })
    executor.after('session:save', { input: {} }, scope())
    await executor.drain()
    const told = entries.filter(({ time }) => time === undefined).map(({ level, text }) => [level, text])
    expect(told).toEqual([
      ['info', 'Hook "no" cancelled session:save: no'],
      ['error', expect.stringContaining('Hook "bad" at session:save (after) failed: away')],
    ])
  })

  test('HO42 a sink that throws disturbs nobody', async () => {
    const fail = () => {
      throw new Error('disk full')
    }
    const logging = createLogging({ sink: fail })
    const { executor, registry } = setUp({ onIncident: logging.onIncident })
    for (const hook of logging.hooks) registry.register(hook)
    registry.register({
      id: 'no',
      version: 1,
      point: 'session:save',
      stage: 'before',
      onError: 'ignore',
      run: fail,
    })
    expect(executor.before('session:save', { input: {} }, scope())).toMatchObject({ kind: 'go' })
    executor.after('session:save', { input: {} }, scope())
    await executor.drain()
    expect(
      executor.stats().find(({ id, point }) => id === 'logging' && point === 'session:save'),
    ).toMatchObject({ failures: 1 })
  })
})

describe('the default hooks', () => {
  const idsOf = (options?: Parameters<typeof defaultHooks>[0]) =>
    [...new Set(defaultHooks(options, moreHooks).hooks.map(({ id }) => id))].sort()

  test('HO43 are redaction, metrics and both collectors; each can be left out, and logging put in', () => {
    const all = ['collect-agent-outputs', 'collect-tool-results', 'metrics', 'redaction']
    expect(idsOf()).toEqual(all)
    expect(idsOf({ redaction: false })).toEqual(all.filter((id) => id !== 'redaction'))
    expect(idsOf({ metrics: false })).toEqual(all.filter((id) => id !== 'metrics'))
    expect(idsOf({ toolResults: false })).toEqual(all.filter((id) => id !== 'collect-tool-results'))
    expect(idsOf({ agentOutputs: false })).toEqual(all.filter((id) => id !== 'collect-agent-outputs'))
    expect(idsOf({ logging: { sink: () => undefined } })).toContain('logging')
  })

  test('HO43 get their options, share the redactor, and gate nothing', async () => {
    const entries: LogEntry[] = []
    const defaults = defaultHooks(
      {
        redaction: { replacement: '***' },
        metrics: { points: ['step:run'] },
        toolResults: { tags: ['tool-tag'] },
        agentOutputs: { tags: ['agent-tag'] },
        logging: { sink: (entry) => void entries.push(entry) },
      },
      moreHooks,
    )
    const { redactor } = defaults
    const { registry, executor } = setUp({
      onIncident: defaults.onIncident,
      ...(redactor ? { redact: redactor.redact } : {}),
    })
    for (const hook of defaults.hooks) registry.register(hook)
    expect(registry.list().every(({ stage }) => stage !== 'before')).toBe(true)
    const draft = stepDraft({ input: { password: 'x' }, result: 'token=abcdef' })
    const tool = await executor.record('step:run', draft, scope())
    expect(tool.payload).toMatchObject({ input: { password: '***' }, result: 'token=***' })
    expect(tool.collected).toMatchObject([
      {
        tags: ['auto-collected', 'tool_result', 'sql', 'tool-tag'],
        metadata: { parameters: { password: '***' } },
      },
    ])
    const agent = await executor.record('step:run', stepDraft({ step: 'agent:a@1', result: 'x' }), scope())
    expect(agent.collected[0]?.tags).toContain('agent-tag')
    executor.after('artifact:store', { draft: artifactDraft({ description: 'password=hunter2' }) }, scope())
    await executor.drain()
    expect(entries[0]?.text).toContain('password=***')
    expect(defaults.metrics?.snapshot()).toMatchObject({
      points: {},
      steps: { 'tool:sql': { completed: 1 } },
    })
  })
})
