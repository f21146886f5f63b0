import { beforeEach, describe, expect, it } from 'vitest'
import { defaultHooks } from '../../../src/core/hook/default-hooks.ts'
import { type RunId, type SessionId, type StreamId, sessionStream } from '../../../src/core/ids.ts'
import { explainRun } from '../../../src/core/run/explain.ts'
import type { OpenRun, StartStep } from '../../../src/core/run/input.ts'
import { createStepKeys } from '../../../src/core/run/keys.ts'
import type { StateValue } from '../../../src/core/state/value.ts'
import { dataOf, mustRun, openWorker, restart, stepped, typesOf, type Worker } from './rig.ts'

let worker: Worker
let sessionId: SessionId

beforeEach(async () => {
  worker = await openWorker()
  sessionId = await worker.session()
})

const open = (by: Worker = worker, more: Partial<OpenRun> = {}) =>
  by.runs.open(by.request(), { sessionId, name: 'analyse', key: 'k', ...more })

const finish = (by: Worker, run: { id: RunId; epoch: number }, value: StateValue) =>
  by.runs.finish(by.request(), { runId: run.id, epoch: run.epoch, outcome: { ok: true, value } })

const call = (by: Worker, run: { id: RunId; epoch: number }, key: string, more: Partial<StartStep> = {}) =>
  by.steps.start(by.request(), {
    sessionId,
    step: 'tool:sql@1',
    purity: 'pure',
    input: null,
    runId: run.id,
    epoch: run.epoch,
    key: `${run.id}/${key}`,
    ...more,
  })

const runStep = (by: Worker, run: { id: RunId; epoch: number }, key: string, value: StateValue, more = {}) =>
  stepped(by, { sessionId, runId: run.id, epoch: run.epoch, key: `${run.id}/${key}`, ...more }, value)

describe('runs', () => {
  it('RU1 a run is recorded with its steps, and its end with its result', async () => {
    const { run, owned } = await open(worker, { input: { file: 'a' } })
    expect(owned).toBe(true)
    expect(run).toMatchObject({ status: 'running', epoch: 1, name: 'analyse', key: 'k', resumes: 0 })
    await runStep(worker, run, 'one', 1)
    expect(await finish(worker, run, { rows: 3 })).toMatchObject({
      status: 'done',
      result: { inline: { rows: 3 } },
    })
    const events = await worker.events(sessionId)
    expect(typesOf(events)).toEqual([
      'session.created',
      'run.started',
      'step.started',
      'step.completed',
      'run.completed',
    ])
    expect(dataOf(events, 'run.started')).toEqual([
      { runId: run.id, name: 'analyse', key: 'k', input: { inline: { file: 'a' } } },
    ])
    const [, begun, step, , ended] = events
    expect(begun?.id).toBe(run.startedBy)
    expect(step).toMatchObject({
      causeId: run.startedBy,
      data: { runId: run.id, inputHash: expect.any(String) },
    })
    expect(ended?.causeId).toBe(run.startedBy)
    expect(new Set(events.map((event) => event.correlationId)).size).toBe(1)
  })

  it('RU2 an unfinished run of a name and key is resumed: finished steps answer from the recording', async () => {
    const first = await open()
    await runStep(worker, first.run, 'one', ['answer'], { input: { q: 1 } })
    const failing = mustRun(await call(worker, first.run, 'two'))
    await worker.steps.finish(worker.request(), {
      sessionId,
      startedId: failing.startedId,
      runId: first.run.id,
      epoch: 1,
      outcome: { ok: false, error: { name: 'TypeError', message: 'bad' } },
    })
    worker = await restart(worker)
    const second = await open()
    expect(second).toMatchObject({ owned: true, run: { id: first.run.id, epoch: 2, resumes: 1 } })
    expect(await call(worker, second.run, 'one', { input: { q: 1 } })).toEqual({
      state: 'done',
      result: ['answer'],
    })
    expect(await call(worker, second.run, 'two')).toEqual({
      state: 'failed',
      error: { name: 'TypeError', message: 'bad' },
    })
    const fresh = mustRun(await call(worker, second.run, 'three'))
    expect(fresh.attempt).toBe(1)
    expect(dataOf(await worker.events(sessionId), 'step.started')).toHaveLength(3)
    expect(dataOf(await worker.events(sessionId), 'run.resumed')).toEqual([{ runId: first.run.id, epoch: 2 }])
  })

  it('RU3 a finished run of a key gives its result; a failed or cancelled one is begun anew; no key, always anew', async () => {
    const first = await open()
    await finish(worker, first.run, 'done')
    expect(await open()).toMatchObject({
      owned: false,
      run: { id: first.run.id, status: 'done', result: { inline: 'done' } },
    })

    const failing = await open(worker, { key: 'f' })
    await worker.runs.finish(worker.request(), {
      runId: failing.run.id,
      epoch: 1,
      outcome: { ok: false, error: { name: 'Error', message: 'broke', stack: 'at y' } },
    })
    const failed = await worker.tables.run(failing.run.id)
    expect(failed).toMatchObject({ status: 'failed', error: { name: 'Error', message: 'broke' } })
    expect(failed?.error).not.toHaveProperty('stack')
    expect((await open(worker, { key: 'f' })).run.id).not.toBe(failing.run.id)

    const one = await worker.runs.open(worker.request(), { sessionId, name: 'x' })
    const two = await worker.runs.open(worker.request(), { sessionId, name: 'x' })
    expect(one.run.id).not.toBe(two.run.id)
    expect((await open(worker, { name: 'other' })).run.id).not.toBe(first.run.id)
    expect(await worker.runs.list({ sessionId, name: 'x' })).toHaveLength(2)
    expect((await worker.runs.list({ sessionId })).length).toBe(6)
  })

  it('CX13 the document of a session stays in memory while a run of it is owned here, and no longer', async () => {
    const { documents } = worker
    const others = Array.from({ length: 40 }, (_, at) => `other-${at}` as StreamId)
    const useOthers = async () => {
      for (const stream of others) {
        await documents.prepare([stream])
        documents.release([stream])
      }
    }
    const stream = sessionStream(sessionId)
    await useOthers()
    expect(documents.has(stream)).toBe(false)
    const { run } = await open()
    const left = await open(worker, { key: 'left' })
    await documents.prepare([stream])
    documents.release([stream])
    await useOthers()
    expect(documents.has(stream)).toBe(true)
    await finish(worker, run, null)
    await useOthers()
    expect(documents.has(stream)).toBe(true)
    worker.runs.leave(left.run.id)
    await useOthers()
    expect(documents.has(stream)).toBe(false)
  })

  it('RU4 two tabs that open one run at once begin one, and one of them owns it', async () => {
    const other = await openWorker(worker.house)
    const [a, b] = await Promise.all([open(worker), open(other)])
    expect(a.run.id).toBe(b.run.id)
    expect([a.owned, b.owned].sort()).toEqual([false, true])
    expect(dataOf(await worker.events(sessionId), 'run.started')).toHaveLength(1)
  })

  it('RU5 a dead owner is taken over at once, and its late commits are fenced', async () => {
    const first = await open()
    const late = mustRun(await call(worker, first.run, 'one', { purity: 'idempotent' }))
    const other = await openWorker(worker.house)
    expect((await open(other)).owned).toBe(false)
    // A frozen tab whose lock was lost goes on as if nothing had happened.
    worker.ownerships.get(first.run.id)?.release()
    const second = await open(other)
    expect(second).toMatchObject({ owned: true, run: { epoch: 2 } })
    const finishing = worker.steps.finish(worker.request(), {
      sessionId,
      startedId: late.startedId,
      runId: first.run.id,
      epoch: 1,
      outcome: { ok: true, value: 'late' },
    })
    await expect(finishing).rejects.toMatchObject({ code: 'RUN_FENCED' })
    await expect(call(worker, first.run, 'two')).rejects.toMatchObject({ code: 'RUN_FENCED' })
    await expect(finish(worker, first.run, 'late')).rejects.toMatchObject({ code: 'RUN_FENCED' })
    expect(mustRun(await call(other, second.run, 'one', { purity: 'idempotent' })).attempt).toBe(2)
    expect(dataOf(await worker.events(sessionId), 'step.completed')).toHaveLength(0)
  })

  it('RU6 a worker that was started anew under a living page takes its run back, if no other did', async () => {
    const { run } = await open()
    const ticket = mustRun(await call(worker, run, 'one'))
    worker = await restart(worker)
    await worker.steps.finish(worker.request(), {
      sessionId,
      startedId: ticket.startedId,
      runId: run.id,
      epoch: 1,
      outcome: { ok: true, value: 1 },
    })
    await runStep(worker, run, 'two', 2)
    expect(await finish(worker, run, 3)).toMatchObject({ status: 'done', epoch: 1 })

    const other = await open(worker, { key: 'o' })
    worker = await restart(worker)
    const rival = await openWorker(worker.house)
    await open(rival, { key: 'o' })
    await expect(runStep(worker, other.run, 'one', 1)).rejects.toMatchObject({ code: 'RUN_FENCED' })
  })

  it('RU7 a step that was cut off is tried again with its key; an effect waits for a person', async () => {
    const first = await open()
    const cut = mustRun(await call(worker, first.run, 'one', { purity: 'idempotent' }))
    mustRun(await call(worker, first.run, 'mail', { purity: 'effect', step: 'mail:send@1' }))
    worker = await restart(worker)
    const { run } = await open()
    const again = mustRun(await call(worker, run, 'one', { purity: 'idempotent' }))
    expect(again).toMatchObject({ key: cut.key, attempt: 2 })
    await expect(call(worker, run, 'mail', { purity: 'effect', step: 'mail:send@1' })).rejects.toMatchObject({
      code: 'RUN_BLOCKED',
      details: { why: 'unknown-outcome', step: 'mail:send@1', key: `${run.id}/mail` },
    })
    expect(await worker.tables.run(run.id)).toMatchObject({
      status: 'blocked',
      blocked: { why: 'unknown-outcome' },
    })
    await expect(open()).rejects.toMatchObject({ code: 'RUN_BLOCKED' })
    await expect(call(worker, run, 'other')).rejects.toMatchObject({ code: 'RUN_FENCED' })
    expect(dataOf(await worker.events(sessionId), 'run.blocked')).toMatchObject([
      { runId: run.id, why: 'unknown-outcome' },
    ])
  })

  it('RU8 freed to retry, the effect is tried again; freed with a result, that is its result', async () => {
    for (const answer of [{ kind: 'retry' } as const, { kind: 'result', value: 'sent' } as const]) {
      const key = answer.kind
      const first = await open(worker, { key })
      mustRun(await call(worker, first.run, 'mail', { purity: 'effect' }))
      worker = await restart(worker)
      const second = await open(worker, { key })
      await expect(call(worker, second.run, 'mail', { purity: 'effect' })).rejects.toMatchObject({
        code: 'RUN_BLOCKED',
      })
      const runId = first.run.id
      await expect(worker.runs.free(worker.request(), { runId })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        details: { path: 'answer' },
      })
      expect(await worker.runs.free(worker.request(), { runId, answer })).toMatchObject({
        status: 'running',
        resumes: 0,
      })
      const third = await open(worker, { key })
      const ticket = await call(worker, third.run, 'mail', { purity: 'effect' })
      if (answer.kind === 'retry') expect(ticket).toMatchObject({ state: 'run', attempt: 2 })
      else expect(ticket).toEqual({ state: 'done', result: 'sent' })
    }
    const events = await worker.events(sessionId)
    expect(dataOf(events, 'step.interrupted')).toHaveLength(1)
    expect(dataOf(events, 'step.completed')).toMatchObject([{ result: { inline: 'sent' } }])
  })

  it('RU9 other code than was recorded parks the run and says what differs; the code that recorded it goes on', async () => {
    const first = await open()
    await runStep(worker, first.run, 'one', 1, { input: { q: 1 } })
    worker = await restart(worker)
    const second = await open()
    await expect(call(worker, second.run, 'one', { input: { q: 2 } })).rejects.toMatchObject({
      code: 'RUN_DIVERGED',
      details: {
        step: 'tool:sql@1',
        key: `${second.run.id}/one`,
        expected: expect.stringMatching(/^tool:sql with input [0-9a-f]{12}$/),
        got: expect.stringMatching(/^tool:sql with input [0-9a-f]{12}$/),
      },
    })
    expect(await worker.tables.run(second.run.id)).toMatchObject({
      status: 'blocked',
      blocked: { why: 'diverged' },
    })
    const third = await open()
    expect(third).toMatchObject({ owned: true, run: { epoch: 3 } })
    await expect(
      call(worker, third.run, 'one', { step: 'tool:other@1', input: { q: 1 } }),
    ).rejects.toMatchObject({
      code: 'RUN_DIVERGED',
    })
    const fourth = await open()
    // A newer version of the step is the same step.
    expect(await call(worker, fourth.run, 'one', { step: 'tool:sql@2', input: { q: 1 } })).toEqual({
      state: 'done',
      result: 1,
    })
  })

  it('RU10 after three resumes without another finished step a run is parked until it is freed', async () => {
    let { run } = await open()
    for (let resume = 1; resume <= 3; resume += 1) {
      worker = await restart(worker)
      run = (await open()).run
      expect(run.resumes).toBe(resume)
    }
    worker = await restart(worker)
    await expect(open()).rejects.toMatchObject({ code: 'RUN_BLOCKED', details: { why: 'crash-loop' } })
    await expect(open()).rejects.toMatchObject({ code: 'RUN_BLOCKED' })
    await worker.runs.free(worker.request(), { runId: run.id })
    expect(await open()).toMatchObject({ owned: true, run: { resumes: 1 } })
  })

  it('RU10 a finished step sets the count of resumes back', async () => {
    await open()
    worker = await restart(worker)
    worker = (await open()) && (await restart(worker))
    const { run } = await open()
    expect(run.resumes).toBe(2)
    await runStep(worker, run, 'one', 1)
    await runStep(worker, run, 'two', 2)
    worker = await restart(worker)
    expect((await open()).run.resumes).toBe(1)
  })

  it('RU11 a cancelled run is over in every tab', async () => {
    const { run } = await open()
    const other = await openWorker(worker.house)
    expect(await other.runs.cancel(other.request(), { runId: run.id, reason: 'enough' })).toMatchObject({
      status: 'cancelled',
    })
    await expect(call(worker, run, 'one')).rejects.toMatchObject({ code: 'RUN_FENCED' })
    await expect(finish(worker, run, 1)).rejects.toMatchObject({ code: 'RUN_FENCED' })
    expect(await worker.runs.cancel(worker.request(), { runId: run.id, reason: 'again' })).toMatchObject({
      status: 'cancelled',
    })
    expect(dataOf(await worker.events(sessionId), 'run.cancelled')).toEqual([
      { runId: run.id, reason: 'enough' },
    ])
    await expect(
      worker.runs.cancel(worker.request(), { runId: 'none' as RunId, reason: '' }),
    ).rejects.toMatchObject({
      code: 'RUN_NOT_FOUND',
    })
  })

  it('RU12 explain says why a run stands where it stands and who can change that', async () => {
    const said = async (by: Worker, id: RunId) => {
      const row = await by.tables.run(id)
      if (row === undefined) throw new Error('no run')
      return explainRun(by, row)
    }
    const { run } = await open()
    const other = await openWorker(worker.house)
    expect(await said(worker, run.id)).toMatchObject({
      status: 'running',
      who: 'owner',
      why: 'This tab runs it.',
    })
    expect(await said(other, run.id)).toMatchObject({
      who: 'owner',
      why: 'Another tab runs it.',
      since: run.updatedAt,
    })
    await worker.kill()
    expect(await said(other, run.id)).toMatchObject({ who: 'anybody' })
    const taken = await open(other)
    await other.runs.finish(other.request(), {
      runId: run.id,
      epoch: taken.run.epoch,
      outcome: { ok: false, error: { name: 'Error', message: 'broke' } },
    })
    expect(await said(other, run.id)).toMatchObject({
      status: 'failed',
      who: 'nobody',
      why: 'It failed: broke',
    })
  })

  it('RU13 one key in one run is one call: asked for again it is refused, unless its start had failed', async () => {
    const { run } = await open()
    await Promise.all([
      expect(call(worker, run, 'one')).resolves.toMatchObject({ state: 'run' }),
      expect(call(worker, run, 'one')).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        details: { path: 'key' },
      }),
    ])
    await expect(call(worker, run, 'two', { step: 'bad' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    await expect(call(worker, run, 'two')).resolves.toMatchObject({ state: 'run' })
  })

  it('RU14 a suspended session opens no run and takes no step of one; the run goes on after resume', async () => {
    const { run } = await open()
    await worker.sessions.transition(worker.request(), { id: sessionId, verb: 'suspend' })
    await expect(open(worker, { key: 'n' })).rejects.toMatchObject({ code: 'SESSION_NOT_ACTIVE' })
    await expect(call(worker, run, 'one')).rejects.toMatchObject({ code: 'SESSION_NOT_ACTIVE' })
    await worker.sessions.transition(worker.request(), { id: sessionId, verb: 'resume' })
    await expect(call(worker, run, 'one')).resolves.toMatchObject({ state: 'run' })
  })

  it('RU15 an opening that is sent again gives the run it opened', async () => {
    const request = worker.request()
    const first = await worker.runs.open(request, { sessionId, name: 'x' })
    expect(await worker.runs.open({ ...request, mayRepeat: true }, { sessionId, name: 'x' })).toEqual(first)
    expect(await worker.runs.list({ sessionId })).toHaveLength(1)
  })

  it('RU16 a large result of a run stands in a content', async () => {
    const { run } = await open()
    const done = await finish(worker, run, 'x'.repeat(40_000))
    expect(done.result).toMatchObject({ content: expect.any(String) })
    if (done.result) expect(await worker.readValue(done.result)).toHaveLength(40_000)
  })

  it('RU16 what is redacted in events is redacted in the input and the result of a run', async () => {
    for (const hook of defaultHooks().hooks) worker.register(hook)
    const { run } = await open(worker, { input: { password: 'hunter2secret', rows: 1 } })
    const done = await finish(worker, run, { password: 'hunter2secret', rows: 2 })
    expect(done.result).toEqual({ inline: { password: '[REDACTED]', rows: 2 } })
    const events = await worker.events(sessionId)
    expect(dataOf(events, 'run.started')[0]?.input).toEqual({ inline: { password: '[REDACTED]', rows: 1 } })
    expect(JSON.stringify(events)).not.toContain('hunter2secret')
  })

  it('RU18 what is redacted in events is redacted in why a run failed or was cancelled', async () => {
    for (const hook of defaultHooks().hooks) worker.register(hook)
    const failing = await open(worker, { key: 'f' })
    const error = {
      name: 'Error',
      message: 'The step failed: password=hunter2secret is wrong',
      code: 'STEP_FAILED',
    }
    await worker.runs.finish(worker.request(), {
      runId: failing.run.id,
      epoch: failing.run.epoch,
      outcome: { ok: false, error },
    })
    const cancelled = await open(worker, { key: 'c' })
    await worker.runs.cancel(worker.request(), {
      runId: cancelled.run.id,
      reason: 'password=hunter2secret leaked',
    })
    const redacted = {
      name: 'Error',
      message: 'The step failed: password=[REDACTED] is wrong',
      code: 'STEP_FAILED',
    }
    const events = await worker.events(sessionId)
    expect(dataOf(events, 'run.failed')[0]?.error).toEqual(redacted)
    expect((await worker.tables.run(failing.run.id))?.error).toEqual(redacted)
    expect(dataOf(events, 'run.cancelled')[0]?.reason).toBe('password=[REDACTED] leaked')
  })

  it('RU12 explain tells parked, done and cancelled runs apart', async () => {
    const explained = async (id: RunId) => {
      const row = await worker.tables.run(id)
      if (row === undefined) throw new Error('no run')
      return explainRun(worker, row)
    }
    const done = await open(worker, { key: 'd' })
    await finish(worker, done.run, 1)
    expect(await explained(done.run.id)).toMatchObject({ status: 'done', who: 'nobody' })
    const cancelled = await open(worker, { key: 'c' })
    await worker.runs.cancel(worker.request(), { runId: cancelled.run.id, reason: 'enough' })
    expect(await explained(cancelled.run.id)).toMatchObject({ status: 'cancelled', who: 'nobody' })
    const parked = await open(worker, { key: 'p' })
    await runStep(worker, parked.run, 'one', 1, { input: 1 })
    mustRun(await call(worker, parked.run, 'mail', { purity: 'effect' }))
    worker = await restart(worker)
    const again = await open(worker, { key: 'p' })
    await expect(call(worker, again.run, 'one', { input: 2 })).rejects.toMatchObject({ code: 'RUN_DIVERGED' })
    expect(await explained(parked.run.id)).toMatchObject({
      status: 'blocked',
      who: 'anybody',
      why: expect.stringContaining('tool:sql'),
    })
    const third = await open(worker, { key: 'p' })
    await expect(call(worker, third.run, 'mail', { purity: 'effect' })).rejects.toMatchObject({
      code: 'RUN_BLOCKED',
    })
    expect(await explained(parked.run.id)).toMatchObject({
      status: 'blocked',
      who: 'person',
      why: expect.stringContaining('cut off'),
    })
  })

  it('RU5 a page that has left gives up its runs, and another tab goes on at once', async () => {
    const { run } = await open()
    const other = await openWorker(worker.house)
    expect((await open(other)).owned).toBe(false)
    worker.runs.leave(run.id)
    expect(await open(other)).toMatchObject({ owned: true, run: { epoch: 2 } })
  })
})

describe('keys of steps', () => {
  it('RU17 a key is made of run, scope, name and the n-th call of that name in that scope', () => {
    const keys = createStepKeys('r1')
    expect(keys.next('tool:sql@1')).toBe('r1/tool:sql/0')
    expect(keys.next('tool:sql@2')).toBe('r1/tool:sql/1')
    expect(keys.next('tool:sql@1', ['each', 'a/b'])).toBe('r1/each/a%2Fb/tool:sql/0')
    expect(keys.next('other@1')).toBe('r1/other/0')
    expect(keys.named('tool:sql@1', 'row 7')).toBe('r1/tool:sql/=row 7')
    expect(keys.next('a/b@1')).not.toBe(keys.next('b@1', ['a']))
    expect(keys.named('a@1', '0')).not.toBe(keys.next('a@1'))
  })
})
