import { describe, expect, test } from 'vitest'
import {
  agentOutputCollector,
  type CollectorOptions,
  PARAMETERS_LIMIT_BYTES,
  toolResultCollector,
} from '../../../src/core/hook/collectors.ts'
import type { Collected, StepDraft } from '../../../src/core/hook/definition.ts'
import type { RecordResult } from '../../../src/core/hook/operation-hooks.ts'
import { redactionHooks } from '../../../src/core/hook/redaction.ts'
import { createRedactor } from '../../../src/core/hook/redactor.ts'
import { encodeStepValue } from '../../../src/core/run/value.ts'
import { errorOf, scope, setUp, stepDraft } from './harness.ts'

async function record(
  parts: Partial<StepDraft>,
  options?: CollectorOptions,
): Promise<RecordResult<'step:run'>> {
  const { registry, executor } = setUp()
  registry.register(toolResultCollector(options))
  registry.register(agentOutputCollector(options))
  return executor.record('step:run', stepDraft(parts), scope())
}

async function collect(parts: Partial<StepDraft>, options?: CollectorOptions): Promise<readonly Collected[]> {
  return (await record(parts, options)).collected
}

/** What the collector of tools noted. */
async function noteOf(parts: Partial<StepDraft>, options: CollectorOptions): Promise<unknown> {
  const { runs, collected } = await record(parts, options)
  expect(collected).toEqual([])
  return runs.find(({ hook }) => hook === 'collect-tool-results@1')?.note
}

const failed = {
  phase: 'failed',
  error: { name: 'SqlError', message: 'no such table', stack: 'at 1' },
} as const

describe('what is collected', () => {
  test("CO1 a tool's result becomes an artifact with name, kind, tags, parameters and where it came from", async () => {
    expect(
      await collect({ step: 'tool:sql@2', key: 'call-7', input: { query: 'select 1' }, result: 'one row' }),
    ).toEqual([
      {
        name: 'sql/call-7',
        kind: 'tool_result',
        mime: 'text/plain',
        description: '',
        tags: ['auto-collected', 'tool_result', 'sql'],
        metadata: { step: 'tool:sql@2', key: 'call-7', isError: false, parameters: { query: 'select 1' } },
        content: 'one row',
      },
    ])
  })

  test("CO1 an agent's output becomes an artifact of its own kind", async () => {
    expect(await collect({ step: 'agent:report@1', result: 'text' })).toMatchObject([
      { name: 'report/key-1', kind: 'agent_output', tags: ['auto-collected', 'agent_output', 'report'] },
    ])
  })

  test('CO2 what a failed tool said is collected as it was, with the tag error', async () => {
    expect(await collect({ ...failed, step: 'tool:sql@1' })).toEqual([
      {
        name: 'sql/key-1',
        kind: 'tool_result',
        mime: 'text/plain',
        description: '',
        tags: ['auto-collected', 'tool_result', 'sql', 'error'],
        metadata: {
          step: 'tool:sql@1',
          key: 'key-1',
          isError: true,
          error: 'SqlError',
          parameters: { query: 'select 1' },
        },
        content: 'no such table',
      },
    ])
  })

  test("CO3 a call of an imported transcript is a tool's result, whatever its step is called", async () => {
    expect(await collect({ step: 'bash@0', tool: 'bash', key: 'toolu_01', result: '' })).toMatchObject([
      {
        name: 'bash/toolu_01',
        kind: 'tool_result',
        content: '',
        tags: ['auto-collected', 'tool_result', 'bash'],
      },
    ])
  })

  test.each([
    ['of another step', { step: 'load@1', result: 'x' }],
    ['of a step without a name', { step: 'tool:@1', result: 'x' }],
    ['at the start of a step', { phase: 'started', result: 'x' } as const],
    ['of a step that gave nothing', { result: encodeStepValue(undefined) as { $type: string } }],
    ['of a step without a result', {}],
    ['of a failure without an error', { phase: 'failed' } as const],
  ])('CO4 nothing is collected %s', async (_where, parts) => {
    expect(await collect(parts)).toEqual([])
  })

  test.each<readonly [string, unknown, string, string | Uint8Array]>([
    ['text', 'Grüße', 'text/plain', 'Grüße'],
    ['bytes', new Uint8Array([0, 255]), 'application/octet-stream', new Uint8Array([0, 255])],
    ['null', null, 'application/json', 'null'],
    ['a number', 7, 'application/json', '7'],
    ['an object', { b: 1, a: [true] }, 'application/json', '{"b":1,"a":[true]}'],
    [
      'bytes inside',
      { file: new Uint8Array([1, 171]) },
      'application/json',
      '{"file":{"$type":"bytes","hex":"01ab"}}',
    ],
    ['a Date', new Date(5), 'application/json', '{"$type":"date","value":5}'],
    ['a Blob', new Blob(['<p>'], { type: 'text/html' }), 'text/html', new TextEncoder().encode('<p>')],
    ['a Blob without a type', new Blob(['x']), 'application/octet-stream', new TextEncoder().encode('x')],
  ])('CO5 the type of %s follows from the value', async (_what, value, mime, content) => {
    expect(await collect({ result: await encodeStepValue(value) })).toMatchObject([{ mime, content }])
  })

  test('CO6 the name is the same in every replay, and one an artifact can have', async () => {
    const named = async (step: string, key: string) => (await collect({ step, key, result: 'x' }))[0]?.name
    expect(await named('tool:sql@1', 'a')).toBe(await named('tool:sql@2', 'a'))
    expect(await named('tool:a\u0000b@1', 'c\n\ud800')).toBe('a_b/c__')
    const long = (end: string) => named('tool:sql@1', `${'k'.repeat(400)}${end}`)
    expect(await long('1')).toHaveLength(255)
    expect(await long('1')).not.toBe(await long('2'))
    expect(await named('tool:sql@1', '😀'.repeat(200))).toMatch(/^sql\/😀+_?…_?😀+$/u)
  })

  test('CO6 a tag is cut to what a tag can be', async () => {
    const [artifact] = await collect({ step: `tool:${'n'.repeat(100)}@1`, result: 'x' })
    expect(artifact?.tags[2]).toBe('n'.repeat(64))
  })

  test('CO7 a large input is named by its size', async () => {
    const small = { text: 'x'.repeat(PARAMETERS_LIMIT_BYTES - 20) }
    expect((await collect({ input: small, result: 'x' }))[0]?.metadata).toMatchObject({ parameters: small })
    const large = await collect({ input: { text: 'x'.repeat(PARAMETERS_LIMIT_BYTES) }, result: 'x' })
    expect(large[0]?.metadata).toEqual({
      step: 'tool:sql@1',
      key: 'key-1',
      isError: false,
      parametersBytes: 8_202,
    })
  })
})

describe('what cannot be kept', () => {
  test('CO7 parameters that metadata cannot hold are named by their size, and the result is collected all the same', async () => {
    const [artifact] = await collect({ input: 'cut \ud83d', key: 'k\ud83d', result: 'x' })
    expect(artifact?.metadata).toEqual({
      step: 'tool:sql@1',
      key: 'k\ufffd',
      isError: false,
      parametersBytes: 8,
    })
  })
})

describe('options', () => {
  test('CO8 minBytes: smaller results are left, and noted', async () => {
    expect(await collect({ result: 'ä' }, { minBytes: 2 })).toHaveLength(1)
    expect(await noteOf({ result: 'a' }, { minBytes: 2 })).toEqual({ left: 'too small', sizeBytes: 1 })
    expect(await collect({ result: '' })).toHaveLength(1)
  })

  test('CO8 maxBytes: larger results are left, and noted; 10 MiB unless told otherwise', async () => {
    expect(await collect({ result: 'ä' }, { maxBytes: 2 })).toHaveLength(1)
    expect(await noteOf({ result: 'äb' }, { maxBytes: 2 })).toEqual({ left: 'too large', sizeBytes: 3 })
    expect(await collect({ result: new Uint8Array(10_485_760) })).toHaveLength(1)
    expect(await noteOf({ result: new Uint8Array(10_485_761) }, {})).toMatchObject({ left: 'too large' })
  })

  test('CO9 errors: false leaves what failed steps said', async () => {
    expect(await noteOf(failed, { errors: false })).toEqual({ left: 'error' })
    expect(await collect({ result: 'x' }, { errors: false })).toHaveLength(1)
  })

  test('CO10 sampling: a share of the steps, the same ones in every replay', async () => {
    const keys = Array.from({ length: 400 }, (_, at) => `call-${at}`)
    const sampled = async () => {
      const kept = await Promise.all(keys.map((key) => collect({ key, result: 'x' }, { sampling: 0.25 })))
      return keys.filter((_key, at) => kept[at]?.length === 1)
    }
    const first = await sampled()
    expect(first.length).toBeGreaterThan(70)
    expect(first.length).toBeLessThan(130)
    expect(await sampled()).toEqual(first)
    expect(await noteOf({ result: 'x' }, { sampling: 0 })).toEqual({ left: 'not sampled' })
    expect(await collect({ result: 'x' }, { sampling: 1 })).toHaveLength(1)
  })

  test('CO11 tags stand beside the own ones', async () => {
    expect((await collect({ result: 'x' }, { tags: ['nightly'] }))[0]?.tags).toEqual([
      'auto-collected',
      'tool_result',
      'sql',
      'nightly',
    ])
  })

  test.each([
    ['minBytes', { minBytes: -1 }],
    ['maxBytes', { maxBytes: Number.NaN }],
    ['sampling', { sampling: 1.5 }],
    ['tags.0', { tags: [''] }],
  ])('CO12 a wrong %s is refused when the collector is made', async (path, options) => {
    expect(await errorOf(() => toolResultCollector(options))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { path },
    })
  })
})

describe('beside redaction', () => {
  const secret = `ghp_${'aB3dE6gH9jK2'.repeat(3)}`

  test('CO13 the content is what the tool gave, the parameters are redacted, and so is the record', async () => {
    const redactor = createRedactor()
    const { registry, executor } = setUp()
    for (const hook of redactionHooks(redactor)) registry.register(hook)
    registry.register(toolResultCollector({ redactor }))
    const draft = stepDraft({ input: { password: 'hunter2' }, result: `found ${secret}` })
    const { payload, collected } = await executor.record('step:run', draft, scope())
    expect(payload).toMatchObject({ input: { password: '[REDACTED]' }, result: 'found [REDACTED]' })
    expect(collected).toMatchObject([
      { content: `found ${secret}`, metadata: { parameters: { password: '[REDACTED]' } } },
    ])
  })

  test("CO14 a collector that fails does not lose the step's record", async () => {
    const { registry, executor } = setUp()
    registry.register(
      toolResultCollector({
        redactor: { redact: () => Promise.reject(new Error('no key')), mayHold: () => true },
      }),
    )
    expect(await executor.record('step:run', stepDraft({ result: 'x' }), scope())).toMatchObject({
      payload: { result: 'x' },
      collected: [],
      runs: [{ outcome: 'failed' }],
    })
  })
})
