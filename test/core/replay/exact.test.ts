import { beforeEach, describe, expect, it } from 'vitest'
import { createError } from '../../../src/core/errors.ts'
import { defaultHooks } from '../../../src/core/hook/default-hooks.ts'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import type { HookDefinition } from '../../../src/core/hook/definition.ts'
import type { EventId, SessionId } from '../../../src/core/ids.ts'
import type { StartStep } from '../../../src/core/run/input.ts'
import { createSeeded } from '../../../src/core/run/seeded.ts'
import { dataOf, openWorker, restart, started, stepped, type Worker } from '../run/rig.ts'
import { replay, stepOf } from './rig.ts'

let worker: Worker
let sessionId: SessionId

beforeEach(async () => {
  worker = await openWorker()
  sessionId = await worker.session()
})

const run = (value: unknown, more: Partial<StartStep> = {}) =>
  stepped(worker, { sessionId, ...more }, value as never)

async function fail(message: string, more: Partial<StartStep> = {}, stack?: string) {
  const { startedId } = await started(worker, { sessionId, ...more })
  const error = { name: 'Error', message, ...(stack === undefined ? {} : { stack }) }
  await worker.steps.finish(worker.request(), { sessionId, startedId, outcome: { ok: false, error } })
}

describe('exact replay', () => {
  it('RP1 of a large value that is another one a report tells the beginning', async () => {
    const rows = Array.from({ length: 10_000 }, (_, at) => ({ at }))
    await run({ rows })
    const report = await replay(worker, sessionId, { 'tool:sql@1': stepOf(() => 'gone') })
    expect(report.divergences[0]).toMatchObject({
      got: 'gone',
      expected: expect.stringMatching(/^\{"rows":\[/),
    })
    expect(JSON.stringify(report.divergences).length).toBeLessThan(5_000)
    const added = await replay(worker, sessionId, {
      'tool:sql@1': stepOf(() => ({ rows, more: { few: 1 } })),
    })
    expect(added.divergences[0]).toMatchObject({ path: 'more', got: { few: 1 } })
  })

  it('RP2 what is pure or idempotent and found is run again on the recorded input, key, clock and seed', async () => {
    const first = await started(worker, { sessionId, key: 'k', input: { q: 2 } })
    const { now, random, id } = createSeeded(first.key, first.startedAt)
    const value = { doubled: 4, now: now(), random: random(), id: id() }
    await worker.steps.finish(worker.request(), {
      sessionId,
      startedId: first.startedId,
      outcome: { ok: true, value },
    })
    await run('again', { step: 'tool:other@2', purity: 'idempotent' })
    worker = await restart(worker)
    const met: unknown[] = []
    const report = await replay(worker, sessionId, {
      'tool:sql@1': stepOf((input, context) => {
        met.push({ input, ...context })
        const seeded = createSeeded(context.key, context.startedAt)
        const { q } = input as { q: number }
        return { doubled: q * 2, now: seeded.now(), random: seeded.random(), id: seeded.id() }
      }),
      'tool:other@2': stepOf(() => 'again', 'idempotent'),
    })
    expect(met).toEqual([{ input: { q: 2 }, key: 'k', startedAt: first.startedAt }])
    expect(report).toMatchObject({
      mode: 'exact',
      steps: { rerun: 2, answered: 0, unfinished: 0, missing: [] },
      divergences: [],
      verdict: 'same',
    })
    expect(report.events).toBe((await worker.events(sessionId)).length)
  })

  it('RP3 effects and steps without a definition are answered from the recording, and the missing are named', async () => {
    await run('mailed', { step: 'mail:send@1', purity: 'effect' })
    await run(1, { step: 'b@1' })
    await run(2, { step: 'a@1' })
    await run(3, { step: 'a@1' })
    await started(worker, { sessionId, step: 'c@1' })
    const report = await replay(worker, sessionId, { 'mail:send@1': stepOf(() => 'mailed', 'effect') })
    expect(report).toMatchObject({
      steps: { rerun: 0, answered: 4, unfinished: 1, missing: ['a@1', 'b@1'] },
      divergences: [],
      verdict: 'nothing to check',
    })
  })

  it('RP4 another result is named by step, key and path', async () => {
    await run({ rows: [1, 2] }, { key: 'one' })
    await run({ rows: [3] }, { key: 'two' })
    const events = await worker.events(sessionId)
    const report = await replay(worker, sessionId, {
      'tool:sql@1': stepOf((_input, { key }) => ({ rows: key === 'one' ? [1, 9] : [3] })),
    })
    expect(report.verdict).toBe('diverged')
    expect(report.divergences).toEqual([
      {
        kind: 'step',
        subject: 'tool:sql@1',
        eventId: events.find((event) => event.type === 'step.completed')?.id,
        key: 'one',
        path: 'rows.1',
        expected: 2,
        got: 9,
        severity: 'major',
      },
    ])
  })

  it('RP5 a recorded error is expected to be thrown again, by name, message and code, not by stack', async () => {
    await fail('no such table', {}, 'at old code')
    const throwing = (error: unknown) =>
      replay(worker, sessionId, {
        'tool:sql@1': stepOf(() => {
          throw error
        }),
      })
    expect(await throwing(new Error('no such table'))).toMatchObject({ steps: { rerun: 1 }, verdict: 'same' })
    expect((await throwing(new Error('other'))).divergences).toMatchObject([
      { path: 'error.message', expected: 'no such table', got: 'other' },
    ])
    expect((await throwing(new TypeError('no such table'))).divergences).toMatchObject([
      { path: 'error.name' },
    ])
    const coded = await throwing(createError('INVALID_VALUE', 'no such table'))
    expect(coded.divergences.map(({ path }) => path)).toEqual(['error.name', 'error.code'])
    const quiet = await replay(worker, sessionId, { 'tool:sql@1': stepOf(() => 1) })
    expect(quiet.divergences).toMatchObject([
      { path: '', expected: 'failed: no such table', got: 'completed' },
    ])
    await run('fine', { step: 'b@1' })
    const broken = await replay(worker, sessionId, {
      'b@1': stepOf(() => {
        throw new Error('broke')
      }),
    })
    expect(broken.divergences).toMatchObject([
      { subject: 'b@1', path: '', expected: 'completed', got: 'failed: broke' },
    ])
  })

  it('RP8 a step whose recorded input lacks what a hook took out is withheld, not said to differ', async () => {
    for (const hook of defaultHooks().hooks) worker.register(hook)
    await run(13, { key: 'one', input: { password: 'hunter2secret' } })
    worker = await restart(worker)

    const report = await replay(worker, sessionId, {
      'tool:sql@1': stepOf((input) => JSON.stringify(input).length),
    })

    expect(report).toMatchObject({
      steps: { rerun: 0, answered: 0, withheld: 1 },
      divergences: [],
      verdict: 'nothing to check',
    })
    expect(report.hooks.withheld).toBeGreaterThan(0)
  })

  it('RP6 the hooks of a step run again on what came out, and each that did something else is named', async () => {
    for (const hook of defaultHooks().hooks) worker.register(hook)
    await run({ text: 'ü' }, { key: 'one', input: { question: 'which' } })
    await fail('token=abcdef0123456789abcdef expired', { key: 'two' }, 'at token=abcdef0123456789abcdef')
    worker = await restart(worker)
    const same = await replay(worker, sessionId, {
      'tool:sql@1': stepOf((_input, { key }) => {
        if (key === 'two') throw new Error('token=abcdef0123456789abcdef expired')
        return { text: 'ü' }
      }),
    })
    expect(same).toMatchObject({ steps: { rerun: 2 }, divergences: [], verdict: 'same' })
    expect(same.hooks.rerun).toBeGreaterThanOrEqual(6)

    const other = await replay(worker, sessionId, {
      'tool:sql@1': stepOf((_input, { key }) => {
        if (key === 'two') throw new Error('token=abcdef0123456789abcdef expired')
        return { text: 'other' }
      }),
    })
    expect(other.verdict).toBe('diverged')
    expect(new Set(other.divergences.map(({ kind, subject, key }) => `${kind} ${subject} ${key}`))).toEqual(
      new Set(['step tool:sql@1 one', 'hook collect-tool-results@1 one', 'hook metrics@1 one']),
    )
  })

  it('RP7 redaction is run again too: a recording without the secret is equal to a result with it', async () => {
    for (const hook of defaultHooks().hooks) worker.register(hook)
    const secret = { password: 'hunter2secret', rows: 3 }
    await run(secret)
    const report = await replay(worker, sessionId, { 'tool:sql@1': stepOf(() => secret) })
    expect(report).toMatchObject({ steps: { rerun: 1 }, verdict: 'same' })
    // Without that hook what came out is not what was recorded, and the report says which hook is missing.
    const without = await replay(worker, sessionId, { 'tool:sql@1': stepOf(() => secret) }, { hooks: [] })
    expect(without.hooks).toMatchObject({
      rerun: 0,
      missing: expect.arrayContaining(['redaction@1', 'collect-tool-results@1']),
    })
    expect(without.divergences).toMatchObject([{ path: 'password' }])
  })

  it('RP8 hooks that ran at the start are asked again where the recorded input is what they were given', async () => {
    const limited = (limit: number): HookDefinition =>
      defineHook({
        id: 'limit',
        version: 1,
        point: 'step:run',
        stage: 'before',
        run: ({ input }) =>
          Number(input) > limit ? { kind: 'modify', change: { input: limit } } : undefined,
      })
    const seen: unknown[] = []
    const told: HookDefinition = defineHook({
      id: 'told',
      version: 1,
      point: 'step:run',
      stage: 'before',
      run(_draft, { session, replay: again }) {
        seen.push([session?.name, again])
        return { kind: 'continue', note: session?.name ?? '' }
      },
    })
    await worker.sessions.edit(worker.request(), { id: sessionId, changes: { name: 'first name' } })
    worker.register(limited(5))
    worker.register(told)
    await run('done', { input: 9 })
    await worker.sessions.edit(worker.request(), { id: sessionId, changes: { name: 'second name' } })
    const steps = { 'tool:sql@1': stepOf((input) => (input === 5 ? 'done' : 'wrong')) }
    expect(await replay(worker, sessionId, steps, { hooks: [limited(5), told] })).toMatchObject({
      verdict: 'same',
      hooks: { rerun: 2 },
    })
    expect(seen.at(-1)).toEqual(['first name', true])
    const { divergences } = await replay(worker, sessionId, steps, { hooks: [limited(3), told] })
    expect(divergences).toMatchObject([
      {
        kind: 'hook',
        subject: 'limit@1',
        path: '',
        expected: { outcome: 'continue' },
        got: { outcome: 'modify' },
      },
    ])
  })

  it('RP9 a step that a before-hook answered is answered in the replay', async () => {
    const cache: HookDefinition = defineHook({
      id: 'cache',
      version: 1,
      point: 'step:run',
      stage: 'before',
      run: () => ({ kind: 'replace', result: 'cached' }),
    })
    worker.register(cache)
    await worker.steps.start(worker.request(), { sessionId, step: 'tool:sql@1', purity: 'pure', input: 1 })
    const report = await replay(
      worker,
      sessionId,
      { 'tool:sql@1': stepOf(() => 'computed') },
      { hooks: [cache] },
    )
    expect(report).toMatchObject({
      steps: { rerun: 0, answered: 1, unfinished: 0 },
      verdict: 'nothing to check',
    })
  })

  it('RP10 a step that was cut off and then tried again is one step; an interrupted one is unfinished', async () => {
    const first = await worker.runs.open(worker.request(), { sessionId, name: 'r', key: 'k' })
    const input = { sessionId, runId: first.run.id, key: 'one' }
    await started(worker, { ...input, epoch: 1 })
    worker = await restart(worker)
    await worker.runs.open(worker.request(), { sessionId, name: 'r', key: 'k' })
    const again = await run('done', { ...input, epoch: 2 })
    expect(again.attempt).toBe(2)
    const report = await replay(worker, sessionId, { 'tool:sql@1': stepOf(() => 'done') })
    expect(report).toMatchObject({ steps: { rerun: 1, unfinished: 0 }, verdict: 'same' })
  })

  it('RP11 a replay up to an event stops there; an event of another session is refused', async () => {
    await run(1, { key: 'one' })
    const events = await worker.events(sessionId)
    await run(2, { key: 'two' })
    const to = events.at(-1)?.id as EventId
    const report = await replay(worker, sessionId, { 'tool:sql@1': stepOf(() => 1) }, { to })
    expect(report).toMatchObject({ events: events.length, steps: { rerun: 1 }, verdict: 'same' })
    const other = await worker.session()
    await expect(replay(worker, other, {}, { to })).rejects.toMatchObject({ code: 'EVENT_NOT_FOUND' })
    await expect(replay(worker, 'nobody' as SessionId, {})).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
    })
  })

  it('RP12 a replay stores nothing, can be aborted, and stops when the page that has the body has left', async () => {
    await run(1)
    await run(2)
    const before = await worker.events(sessionId)
    const stop = new AbortController()
    const stopping = () => {
      stop.abort()
      return 1
    }
    const aborted = replay(worker, sessionId, { 'tool:sql@1': stepOf(stopping) }, { signal: stop.signal })
    await expect(aborted).rejects.toThrow()
    const left = replay(worker, sessionId, {
      'tool:sql@1': stepOf(() => {
        throw createError('CLOSED', 'The page has left.')
      }),
    })
    await expect(left).rejects.toMatchObject({ code: 'CLOSED' })
    await replay(worker, sessionId, { 'tool:sql@1': stepOf(() => 1) })
    expect(await worker.events(sessionId)).toEqual(before)
    expect(dataOf(before, 'step.started')).toHaveLength(2)
  })

  it('RP2 large inputs and results are read from their contents', async () => {
    const large = 'ä'.repeat(30_000)
    await run(`${large}!`, { input: large })
    const report = await replay(worker, sessionId, { 'tool:sql@1': stepOf((input) => `${input}!`) })
    expect(report).toMatchObject({ steps: { rerun: 1 }, verdict: 'same' })
  })
})
