import { beforeEach, describe, expect, it } from 'vitest'
import { defaultHooks } from '../../../src/core/hook/default-hooks.ts'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import type { SessionId } from '../../../src/core/ids.ts'
import { isOf } from '../../../src/core/run/open-step.ts'
import { dataOf, openWorker, restart, started, stepped, typesOf, type Worker } from './rig.ts'

let worker: Worker
let sessionId: SessionId

beforeEach(async () => {
  worker = await openWorker()
  sessionId = await worker.session()
})

const finish = (
  startedId: string,
  outcome: Parameters<Worker['steps']['finish']>[1]['outcome'],
  by = worker,
) => by.steps.finish(by.request(), { sessionId, startedId: startedId as never, outcome })

describe('steps of a session', () => {
  it('SP5 a start is stored before its body runs, and its end names it', async () => {
    const ticket = await started(worker, { sessionId, input: { query: 'select' }, key: 'call_1' })
    const before = await worker.events(sessionId)
    expect(typesOf(before)).toEqual(['session.created', 'step.started'])
    expect(dataOf(before, 'step.started')).toEqual([
      {
        step: 'tool:sql@1',
        key: 'call_1',
        purity: 'pure',
        attempt: 1,
        input: { inline: { query: 'select' } },
      },
    ])
    expect(ticket).toMatchObject({
      key: 'call_1',
      attempt: 1,
      input: { query: 'select' },
      startedAt: worker.house.wall.now(),
    })

    worker.house.wall.advance(5)
    await finish(ticket.startedId, { ok: true, value: [1, 2], usage: { inputTokens: 3 } })
    const events = await worker.events(sessionId)
    expect(dataOf(events, 'step.completed')).toEqual([
      {
        step: 'tool:sql@1',
        key: 'call_1',
        startedId: ticket.startedId,
        result: { inline: [1, 2] },
        artifactIds: [],
        usage: { inputTokens: 3 },
      },
    ])
    expect(events.at(-1)).toMatchObject({
      causeId: ticket.startedId,
      correlationId: before[0]?.correlationId,
    })
    await worker.journal.flush()
    expect((await worker.tables.session(sessionId))?.counters).toMatchObject({
      steps: 1,
      usage: { inputTokens: 3 },
    })
  })

  it('SP5 an effect starts strictly, other steps relaxed; every end is strict', async () => {
    const durabilities: string[] = []
    const strict = await openWorker(undefined, (journal) => ({
      ...journal,
      commit(operation) {
        durabilities.push(operation.durability)
        return journal.commit(operation)
      },
    }))
    const id = await strict.session()
    durabilities.length = 0
    await stepped(strict, { sessionId: id, purity: 'effect' }, 1)
    await stepped(strict, { sessionId: id, purity: 'idempotent' }, 1)
    await stepped(strict, { sessionId: id, purity: 'pure' }, 1)
    expect(durabilities).toEqual(['strict', 'strict', 'relaxed', 'strict', 'relaxed', 'strict'])
  })

  it('SP6 a step without a key gets one of its own', async () => {
    const [one, two] = [await started(worker, { sessionId }), await started(worker, { sessionId })]
    expect(one.key).not.toBe(two.key)
    expect(one.key).not.toBe('')
  })

  it('SP7 a failure is recorded with name, message, stack and code', async () => {
    const { startedId } = await started(worker, { sessionId })
    const error = { name: 'RangeError', message: 'too far', stack: 'at x', code: 'E_FAR' }
    await finish(startedId, { ok: false, error })
    expect(dataOf(await worker.events(sessionId), 'step.failed')).toMatchObject([{ startedId, error }])
    await worker.journal.flush()
    expect((await worker.tables.session(sessionId))?.counters.stepsFailed).toBe(1)
  })

  it('SP8 a step has one end: a second one, at once or later or from another worker, gets the first', async () => {
    const { startedId } = await started(worker, { sessionId })
    const answers = await Promise.all([
      finish(startedId, { ok: true, value: 'first' }),
      finish(startedId, { ok: true, value: 'second' }),
      finish(startedId, { ok: true, value: 'third' }),
    ])
    expect(answers).toEqual([{ result: null }, { result: 'first' }, { result: 'first' }])
    const other = await openWorker(worker.house)
    expect(await finish(startedId, { ok: true, value: 'fourth' }, other)).toEqual({ result: 'first' })
    expect(dataOf(await worker.events(sessionId), 'step.completed')).toHaveLength(1)

    const failed = await started(worker, { sessionId })
    await finish(failed.startedId, { ok: false, error: { name: 'Error', message: 'no' } })
    await expect(finish(failed.startedId, { ok: true, value: 1 })).rejects.toMatchObject({
      code: 'STEP_FAILED',
    })
  })

  it('SP8 a worker that was started anew ends a step that the one before it started', async () => {
    const { startedId } = await started(worker, { sessionId, input: { q: 1 }, key: 'k' })
    worker = await restart(worker)
    expect(await finish(startedId, { ok: true, value: 2 })).toEqual({ result: null })
    expect(dataOf(await worker.events(sessionId), 'step.completed')).toMatchObject([{ key: 'k', startedId }])
    await expect(
      finish('0198b0f0-0000-7000-8000-000000000001', { ok: true, value: 2 }),
    ).rejects.toMatchObject({
      code: 'EVENT_NOT_FOUND',
    })
  })

  it('SP9 a start that is sent again gives the same step, or its end', async () => {
    const first = worker.request()
    const input = { sessionId, step: 'tool:sql@1', purity: 'pure', input: { q: 1 } } as const
    const ticket = await worker.steps.start(first, input)
    const again = { ...first, mayRepeat: true }
    expect(await worker.steps.start(again, input)).toEqual(ticket)
    await finish(ticket.state === 'run' ? ticket.startedId : '', { ok: true, value: 7 })
    expect(await worker.steps.start(again, input)).toEqual({ state: 'done', result: 7 })
    expect(dataOf(await worker.events(sessionId), 'step.started')).toHaveLength(1)
  })

  it('SP9 hooks are not asked again about a start that is sent again', async () => {
    let asked = 0
    worker.register(
      defineHook({
        id: 'count',
        version: 1,
        point: 'step:run',
        stage: 'before',
        run() {
          asked += 1
          return undefined
        },
      }),
    )
    const request = worker.request()
    const input = { sessionId, step: 'tool:sql@1', purity: 'pure', input: 1 } as const
    await worker.steps.start(request, input)
    await worker.steps.start({ ...request, mayRepeat: true }, input)
    expect(asked).toBe(1)
  })

  it('SP10 a session that is not active takes no start and no end', async () => {
    const { startedId } = await started(worker, { sessionId })
    await worker.sessions.transition(worker.request(), { id: sessionId, verb: 'suspend' })
    await expect(started(worker, { sessionId })).rejects.toMatchObject({ code: 'SESSION_NOT_ACTIVE' })
    await expect(finish(startedId, { ok: true, value: 1 })).rejects.toMatchObject({
      code: 'SESSION_NOT_ACTIVE',
    })
    await worker.sessions.transition(worker.request(), { id: sessionId, verb: 'resume' })
    await finish(startedId, { ok: true, value: 1 })
    await expect(started(worker, { sessionId: 'nobody' as SessionId })).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
    })
  })

  it('SP6 names and keys that nobody could find again are refused', async () => {
    for (const step of ['', 'tool:sql', 'tool:sql@', '@1', 'a\u0000@1', `${'x'.repeat(200)}@1`, 'a@1.5']) {
      await expect(started(worker, { sessionId, step }), step).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      })
    }
    for (const key of ['', 'a\nb', 'x'.repeat(1_025)]) {
      await expect(started(worker, { sessionId, key }), key).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      })
    }
    await started(worker, { sessionId, step: 'a@b@12' })
  })

  it('SP11 a large input and a large result stand in contents and come back whole', async () => {
    const large = { text: 'ä'.repeat(20_000), bytes: new Uint8Array(40_000).fill(7) }
    const ticket = await stepped(worker, { sessionId, input: large }, large)
    expect(ticket.input).toEqual(large)
    const events = await worker.events(sessionId)
    const [start] = dataOf(events, 'step.started')
    const [end] = dataOf(events, 'step.completed')
    for (const recorded of [start?.input, end?.result]) {
      expect(recorded).toMatchObject({ content: expect.stringMatching(/^sha256:/) })
      if (recorded) expect(await worker.readValue(recorded)).toEqual(large)
    }
    // One content, named twice.
    const [row] = await worker.connection.db.contents.toArray()
    expect(row?.references).toBe(2)
  })

  it('SP12 what runs inside something else is caused by it and has its correlation', async () => {
    const outer = await started(worker, { sessionId })
    const inner = await worker.steps.start(
      worker.request({ causeId: outer.startedId, correlationId: outer.correlationId, actor: { id: 'ada' } }),
      { sessionId, step: 'tool:inner@1', purity: 'pure', input: null },
    )
    const event = (await worker.events(sessionId)).at(-1)
    expect(event).toMatchObject({
      causeId: outer.startedId,
      correlationId: outer.correlationId,
      actor: { id: 'ada' },
    })
    expect(inner).toMatchObject({ correlationId: outer.correlationId })
  })
})

describe('hooks of steps', () => {
  it('SP13 a before-hook changes the input, and both the body and the recording get the changed one', async () => {
    worker.register(
      defineHook({
        id: 'limit',
        version: 1,
        point: 'step:run',
        stage: 'before',
        run: ({ input }) => ({ kind: 'modify', change: { input: { asked: input, limit: 10 } } }),
      }),
    )
    const ticket = await started(worker, { sessionId, input: 'q' })
    expect(ticket.input).toEqual({ asked: 'q', limit: 10 })
    const events = await worker.events(sessionId)
    expect(dataOf(events, 'step.started')[0]?.input).toEqual({ inline: { asked: 'q', limit: 10 } })
    const ran = events.find((event) => isOf(event, 'hook.ran'))
    expect(ran).toMatchObject({
      causeId: ticket.startedId,
      data: { point: 'step:run', stage: 'before', runs: [{ hook: 'limit@1', changed: true }] },
    })
  })

  it('SP13 a before-hook that cancels leaves nothing behind', async () => {
    worker.register(
      defineHook({
        id: 'no',
        version: 1,
        point: 'step:run',
        stage: 'before',
        run: () => ({ kind: 'cancel', reason: 'not today' }),
      }),
    )
    await expect(started(worker, { sessionId })).rejects.toMatchObject({
      code: 'HOOK_CANCELLED',
      details: { hook: 'no', reason: 'not today' },
    })
    expect(typesOf(await worker.events(sessionId))).toEqual(['session.created'])
  })

  it('SP14 a before-hook that answers ends the step: its body never runs, its result is recorded and collected', async () => {
    for (const hook of defaultHooks({ metrics: false }).hooks) worker.register(hook)
    worker.register(
      defineHook({
        id: 'cache',
        version: 1,
        point: 'step:run',
        stage: 'before',
        run: () => ({ kind: 'replace', result: 'from the cache' }),
      }),
    )
    const ticket = await worker.steps.start(worker.request(), {
      sessionId,
      step: 'tool:sql@1',
      purity: 'pure',
      input: 1,
      key: 'k',
    })
    expect(ticket).toEqual({ state: 'done', result: 'from the cache' })
    const events = await worker.events(sessionId)
    expect(typesOf(events)).toEqual([
      'session.created',
      'step.started',
      'hook.ran',
      'hook.ran',
      'step.completed',
      'artifact.stored',
      'hook.ran',
    ])
    expect(dataOf(events, 'step.completed')[0]?.result).toEqual({ inline: 'from the cache' })
    expect(dataOf(events, 'artifact.stored')[0]?.artifact).toMatchObject({
      name: 'sql/k',
      kind: 'tool_result',
    })
  })

  it('SP15 record-hooks shape what is written down, not what body and caller get', async () => {
    for (const hook of defaultHooks({ toolResults: false, metrics: false }).hooks) worker.register(hook)
    const secret = { password: 'hunter2', note: 'plain' }
    const ticket = await stepped(
      worker,
      { sessionId, input: secret },
      { ...secret, token: 'abcdef0123456789abcdef' },
    )
    expect(ticket.input).toEqual(secret)
    const failed = await started(worker, { sessionId, input: 1 })
    await finish(failed.startedId, {
      ok: false,
      error: { name: 'Error', message: 'password=hunter2 refused' },
    })
    const events = await worker.events(sessionId)
    const text = JSON.stringify(events)
    expect(text).not.toContain('hunter2')
    expect(text).not.toContain('abcdef0123456789abcdef')
    expect(text).toContain('plain')
  })

  it("SP16 a tool's result becomes an artifact in the step's own commit, a failed one with the tag error", async () => {
    for (const hook of defaultHooks().hooks) worker.register(hook)
    const ticket = await stepped(worker, { sessionId, key: 'call_7', input: { q: 1 } }, 'rows ä')
    const failed = await started(worker, { sessionId, key: 'call_8', input: { q: 1 } })
    await finish(failed.startedId, { ok: false, error: { name: 'Error', message: 'no such table' } })
    const events = await worker.events(sessionId)
    const [stored, broken] = dataOf(events, 'artifact.stored').map(({ artifact }) => artifact)
    expect(stored).toMatchObject({
      name: 'sql/call_7',
      kind: 'tool_result',
      tags: ['auto-collected', 'tool_result', 'sql'],
      metadata: { step: 'tool:sql@1', key: 'call_7', isError: false, parameters: { q: 1 } },
      causeId: ticket.startedId,
      correlationId: ticket.correlationId,
      sizeBytes: 7,
    })
    expect(broken).toMatchObject({
      name: 'sql/call_8',
      tags: ['auto-collected', 'tool_result', 'sql', 'error'],
    })
    expect(dataOf(events, 'step.completed')[0]?.artifactIds).toEqual([stored?.id])
    expect(dataOf(events, 'step.failed')[0]?.artifactIds).toEqual([broken?.id])
    const rows = await worker.log.tail(sessionId as never, 0)
    const types = rows.map((row) => row.events.map((event) => event.type))
    expect(types).toContainEqual(['step.completed', 'artifact.stored', 'hook.ran'])
  })

  it('SP16 what a collector asks for at the start of a step is stored with the start', async () => {
    worker.register(
      defineHook({
        id: 'prompts',
        version: 1,
        point: 'step:run',
        stage: 'record',
        run: ({ phase, input }) =>
          phase === 'started'
            ? {
                kind: 'collect',
                artifacts: [
                  {
                    name: 'prompt',
                    kind: 'prompt',
                    mime: 'text/plain',
                    description: '',
                    tags: [],
                    metadata: {},
                    content: String(input),
                  },
                ],
              }
            : undefined,
      }),
    )
    await started(worker, { sessionId, input: 'hello' })
    await started(worker, { sessionId, input: 'again' })
    const stored = dataOf(await worker.events(sessionId), 'artifact.stored')
    expect(stored.map(({ artifact }) => artifact.version)).toEqual([1, 2])
  })

  it('SP16 start and end of a step that a hook answered may collect under one name', async () => {
    const artifact = { kind: 'x', mime: 'text/plain', description: '', tags: [], metadata: {} }
    worker.register(
      defineHook({
        id: 'all',
        version: 1,
        point: 'step:run',
        stage: 'record',
        run: ({ phase }) => ({ kind: 'collect', artifacts: [{ ...artifact, name: 'log', content: phase }] }),
      }),
    )
    worker.register(
      defineHook({
        id: 'cache',
        version: 1,
        point: 'step:run',
        stage: 'before',
        run: () => ({ kind: 'replace', result: 1 }),
      }),
    )
    await worker.steps.start(worker.request(), { sessionId, step: 'a@1', purity: 'pure', input: 1 })
    const stored = dataOf(await worker.events(sessionId), 'artifact.stored').map((data) => data.artifact)
    expect(stored.map(({ version, previousId }) => [version, previousId])).toEqual([
      [1, undefined],
      [2, stored[0]?.id],
    ])
  })

  it('SP17 after-hooks are told of the end and cannot change it', async () => {
    const told: unknown[] = []
    worker.register(
      defineHook({
        id: 'watch',
        version: 1,
        point: 'step:run',
        stage: 'after',
        run({ phase, result, startedAt }) {
          told.push({ phase, result, startedAt })
          throw new Error('ignored')
        },
      }),
    )
    const ticket = await stepped(worker, { sessionId }, 5)
    await worker.hooks.drain()
    expect(told).toEqual([{ phase: 'completed', result: 5, startedAt: ticket.startedAt }])
  })
})
