import { expect, test } from 'vitest'
import { type SpanOptions, SpanWriter } from '../../../src/adapters/opentelemetry/span-writer.ts'
import { clockAt, type EventId, idAt, type WriterId } from '../../../src/core/ids.ts'
import type { TimelineEvent } from '../../../src/index.ts'
import { fakeApi } from './fake-api.ts'

const START = 1_700_000_000_000
const idOf = (ms: number) => idAt<EventId>(clockAt(START + ms), '8000-000000000001' as WriterId)

function event(ms: number, type: string, data: object = {}, cause?: number): TimelineEvent {
  const causeId = cause === undefined ? {} : { causeId: idOf(cause) }
  const common = { sessionId: 's1', correlationId: 'c1', source: 'local', schema: 1 }
  return { id: idOf(ms), type, data, time: START + ms, ...common, ...causeId } as TimelineEvent
}

function told(events: readonly TimelineEvent[], options: SpanOptions = {}) {
  const made = fakeApi()
  const writer = new SpanWriter(made.api, options)
  for (const each of events) writer.take(each)
  return { ...made, close: (ms: number) => writer.close(START + ms) }
}

test('OT1 runs, tools and agents are spans below what caused them, by the names of the conventions', () => {
  const { spans, measured } = told([
    event(0, 'run.started', { runId: 'r', name: 'analyse', key: 'k' }),
    event(10, 'step.started', { step: 'agent:report@2', key: 'a', attempt: 1 }, 0),
    event(20, 'step.started', { step: 'tool:sql@1', key: 't', attempt: 2 }, 10),
    event(25, 'order.placed', {}, 20),
    event(26, 'order.seen', {}, 25),
    event(30, 'step.completed', { step: 'tool:sql@1', key: 't', startedId: idOf(20) }, 20),
    event(
      40,
      'step.completed',
      {
        step: 'agent:report@2',
        key: 'a',
        startedId: idOf(10),
        usage: { inputTokens: 5, cacheReadTokens: 3, cacheWriteTokens: 2, outputTokens: 7, costUsd: 0.5 },
      },
      10,
    ),
    event(50, 'step.started', { step: 'profile@1', key: 'p' }, 0),
    event(60, 'step.completed', { step: 'profile@1', key: 'p', startedId: idOf(50) }, 50),
    event(70, 'run.completed', { runId: 'r' }, 0),
  ])
  const [run, agent, tool, step] = spans
  const common = { 'gen_ai.conversation.id': 's1', 'holdfast.correlation.id': 'c1' }
  expect(run).toEqual({
    name: 'invoke_workflow analyse',
    kind: 0,
    parent: undefined,
    startTime: START,
    endTime: START + 70,
    events: [],
    attributes: {
      ...common,
      'gen_ai.operation.name': 'invoke_workflow',
      'gen_ai.workflow.name': 'analyse',
      'holdfast.run.key': 'k',
    },
  })
  expect(agent).toEqual({
    name: 'invoke_agent report',
    kind: 0,
    parent: run,
    startTime: START + 10,
    endTime: START + 40,
    events: [],
    attributes: {
      ...common,
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': 'report',
      'gen_ai.usage.input_tokens': 10,
      'gen_ai.usage.output_tokens': 7,
      'gen_ai.usage.cache_read.input_tokens': 3,
      'gen_ai.usage.cache_creation.input_tokens': 2,
      'holdfast.step.id': 'agent:report@2',
      'holdfast.usage.cost_usd': 0.5,
    },
  })
  expect(tool).toEqual({
    name: 'execute_tool sql',
    kind: 0,
    parent: agent,
    startTime: START + 20,
    endTime: START + 30,
    events: ['order.placed', 'order.seen'],
    attributes: {
      ...common,
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'sql',
      'gen_ai.tool.call.id': 't',
      'holdfast.step.id': 'tool:sql@1',
      'holdfast.step.attempt': 2,
    },
  })
  expect(step).toMatchObject({ name: 'profile', parent: run })
  expect(spans).toHaveLength(4)
  expect(measured).toEqual([
    [
      'gen_ai.execute_tool.duration',
      0.01,
      { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'sql' },
    ],
    [
      'gen_ai.invoke_agent.duration',
      0.03,
      { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'report' },
    ],
    [
      'gen_ai.workflow.duration',
      0.07,
      { 'gen_ai.operation.name': 'invoke_workflow', 'gen_ai.workflow.name': 'analyse' },
    ],
  ])
})

test('OT2 what failed, was cut off or cancelled says so', () => {
  const { spans, measured } = told([
    event(0, 'step.started', { step: 'tool:web@1' }),
    event(10, 'step.failed', {
      step: 'tool:web@1',
      startedId: idOf(0),
      error: { name: 'TypeError', message: 'no network' },
    }),
    event(20, 'step.started', { step: 'tool:web@1' }),
    event(30, 'step.failed', {
      step: 'tool:web@1',
      startedId: idOf(20),
      error: { code: 'DEADLINE', message: 'late', details: {} },
    }),
    event(40, 'step.started', { step: 'x@1' }),
    event(50, 'step.interrupted', { step: 'x@1', startedId: idOf(40) }),
    event(60, 'run.started', { runId: 'r', name: 'n' }),
    event(70, 'run.cancelled', { runId: 'r', reason: 'enough' }),
    event(80, 'run.started', { runId: 'q', name: 'n' }),
    event(90, 'run.failed', { runId: 'q', error: { name: 'Error', message: 'broken' } }),
  ])
  expect(spans.map(({ attributes, status }) => [attributes['error.type'], status])).toEqual([
    ['TypeError', { code: 2, message: 'no network' }],
    ['DEADLINE', { code: 2, message: 'late' }],
    ['interrupted', { code: 2, message: 'The step was cut off.' }],
    ['cancelled', { code: 2, message: 'enough' }],
    ['Error', { code: 2, message: 'broken' }],
  ])
  expect(measured[0]?.[2]).toMatchObject({ 'error.type': 'TypeError' })
})

test('OT3 a message of a model is a chat with its tokens, and the provider that the session or the app names', () => {
  const message = {
    role: 'assistant',
    content: 'hi',
    model: 'm-1',
    usage: { inputTokens: 3, outputTokens: 4 },
  }
  const { spans, measured } = told(
    [
      event(0, 'message.added', message),
      event(1, 'message.added', { role: 'user', content: 'x' }),
      event(2, 'model.changed', { provider: 'openai', model: 'm-1' }),
      event(3, 'message.added', message),
    ],
    { provider: 'anthropic' },
  )
  const attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.request.model': 'm-1',
    'gen_ai.response.model': 'm-1',
  }
  expect(spans).toMatchObject([
    {
      name: 'chat m-1',
      kind: 2,
      attributes: { ...attributes, 'gen_ai.provider.name': 'anthropic', 'gen_ai.usage.input_tokens': 3 },
    },
    { name: 'chat m-1', attributes: { 'gen_ai.provider.name': 'openai' } },
  ])
  expect(measured.slice(0, 2)).toEqual([
    [
      'gen_ai.client.token.usage',
      3,
      { ...attributes, 'gen_ai.provider.name': 'anthropic', 'gen_ai.token.type': 'input' },
    ],
    [
      'gen_ai.client.token.usage',
      4,
      { ...attributes, 'gen_ai.provider.name': 'anthropic', 'gen_ai.token.type': 'output' },
    ],
  ])
})

test('OT4 a step whose beginning was not watched begins when it did; one that does not end is unfinished', () => {
  const { spans, close } = told([
    event(500, 'step.completed', { step: 'tool:a@1', startedId: idOf(100) }),
    event(600, 'step.started', { step: 'tool:b@1' }),
    event(700, 'run.completed', { runId: 'unknown' }),
  ])
  close(900)
  expect(spans).toMatchObject([
    { name: 'execute_tool a', startTime: START + 100, endTime: START + 500 },
    {
      name: 'execute_tool b',
      startTime: START + 600,
      endTime: START + 900,
      attributes: { 'holdfast.unfinished': true },
    },
  ])
  expect(spans).toHaveLength(2)
})

test('OT5 nothing of inputs and results is told but what the app adds', () => {
  const events = [
    event(0, 'step.started', { step: 'tool:a@1', input: { inline: 'secret' } }),
    event(1, 'order.placed', { card: 'secret' }, 0),
    event(2, 'step.completed', { step: 'tool:a@1', startedId: idOf(0), result: { inline: 'secret' } }),
  ]
  expect(JSON.stringify(told(events).spans)).not.toContain('secret')
  const { spans } = told(events, { attributes: ({ type }) => ({ [`app.${type}`]: true }) })
  expect(spans[0]?.attributes).toMatchObject({ 'app.step.started': true, 'app.step.completed': true })
})

test('OT4 at most 10,000 spans are open: the oldest ends as unfinished', () => {
  const { spans } = told(
    Array.from({ length: 10_001 }, (_, at) => event(at, 'step.started', { step: 'tool:a@1' })),
  )
  expect(spans.filter(({ endTime }) => endTime !== undefined)).toHaveLength(1)
  expect(spans[0]?.attributes['holdfast.unfinished']).toBe(true)
})
