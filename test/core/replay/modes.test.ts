import { beforeEach, expect, it } from 'vitest'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import type { EventId, SessionId } from '../../../src/core/ids.ts'
import type { StateValue } from '../../../src/core/state/value.ts'
import { openWorker, started, stepped, type Worker } from '../run/rig.ts'
import { replay, stepOf } from './rig.ts'

let worker: Worker
let sessionId: SessionId

beforeEach(async () => {
  worker = await openWorker()
  sessionId = await worker.session()
})

const run = (key: string, input: StateValue, value: StateValue, step = 'tool:sql@1') =>
  stepped(worker, { sessionId, key, input, step }, value)

async function fail(error: { name: string; message: string; code?: string }, step = 'tool:sql@1') {
  const { startedId } = await started(worker, { sessionId, step })
  await worker.steps.finish(worker.request(), { sessionId, startedId, outcome: { ok: false, error } })
}

/** Gives back what it was given. */
const echo = { 'tool:sql@1': stepOf((input) => input), 'tool:other@1': stepOf((input) => input) }

it('RP21 another kind of end is critical, and so is a hook that does something else', async () => {
  const gate = (limit: number) =>
    defineHook({
      id: 'gate',
      version: 1,
      point: 'step:run',
      stage: 'before',
      run: ({ input }) => (Number(input) > limit ? { kind: 'cancel', reason: 'too much' } : undefined),
    })
  worker.register(gate(9))
  await run('one', 5, 5)
  const throwing = { 'tool:sql@1': stepOf(() => Promise.reject(new Error('no'))) }
  expect(await replay(worker, sessionId, throwing, { hooks: [gate(9)] })).toMatchObject({
    divergences: [{ kind: 'step', severity: 'critical' }],
    severities: { critical: 1, major: 0 },
  })
  expect(await replay(worker, sessionId, echo, { hooks: [gate(3)] })).toMatchObject({
    divergences: [{ kind: 'hook', subject: 'gate@1', severity: 'critical' }],
  })
  const lenient = { severities: [{ path: 'outcome', severity: 'info' }], threshold: 'minor' } as const
  expect(await replay(worker, sessionId, echo, { hooks: [gate(3)], compare: lenient })).toMatchObject({
    divergences: [{ severity: 'info' }],
    verdict: 'same',
  })
})

it('RP22 ignored places, notes of hooks among them, and differences below the threshold leave the verdict', async () => {
  const timed = (took: number) =>
    defineHook({
      id: 'timed',
      version: 1,
      point: 'step:run',
      stage: 'record',
      run: () => ({ kind: 'continue', note: { took } }),
    })
  worker.register(timed(1))
  await run('one', 1, { rows: 1, took: 5, text: 'A' })
  const other = { 'tool:sql@1': stepOf(() => ({ rows: 1, took: 6, text: 'a' })) }
  const hooks = [timed(2)]
  expect(await replay(worker, sessionId, other, { hooks })).toMatchObject({ verdict: 'diverged' })
  const compare = { ignore: ['took'], threshold: 'minor' } as const
  expect(await replay(worker, sessionId, other, { hooks, compare })).toMatchObject({
    divergences: [{ path: 'text', severity: 'info' }],
    verdict: 'same',
  })
})

it('RP23 a modification changes inputs by path, for the steps it names, and says what it changed', async () => {
  await run('one', { q: 1, rows: [1, 2] }, { q: 1, rows: [1, 2] })
  await run('two', { q: 2 }, { q: 2 })
  await run('three', { q: 3 }, { q: 3 }, 'tool:other@1')
  const modified = (modifications: Parameters<typeof replay>[3] & object) =>
    replay(worker, sessionId, echo, { mode: 'modified', ...modifications })

  const byStep = await modified({ modifications: [{ step: 'tool:sql@*', path: 'q', value: 9 }] })
  expect(byStep.divergences.map(({ key, path, got }) => [key, path, got])).toEqual([
    ['one', 'q', 9],
    ['two', 'q', 9],
  ])
  expect(byStep.modifications).toEqual([{ path: 'q', step: 'tool:sql@*', applied: 2 }])
  expect(byStep.modified).toEqual([
    { step: 'tool:sql@1', key: 'one', path: 'q', from: 1, to: 9 },
    { step: 'tool:sql@1', key: 'two', path: 'q', from: 2, to: 9 },
  ])

  const byKey = await modified({
    modifications: [
      { key: 'one', path: ['rows', 1], value: 7 },
      { key: 'one', path: 'rows.0' },
      { key: 'two', path: 'added', value: null },
      { key: 'three', path: '', value: 'whole' },
      { path: 'rows.9.deep', value: 1 },
      { path: 'nowhere' },
      { path: 'q.deeper', value: 1 },
      { path: '__proto__.x', value: 1 },
    ],
  })
  expect(byKey.divergences.map(({ key, path, got }) => [key, path, got])).toEqual([
    ['one', 'rows.0', 7],
    ['one', 'rows.1', null],
    ['two', 'added', null],
    ['three', '', 'whole'],
  ])
  expect(byKey.modifications.map(({ applied }) => applied)).toEqual([1, 1, 1, 1, 0, 0, 0, 0])
  expect(byKey.modified).toContainEqual({ step: 'tool:sql@1', key: 'one', path: 'rows.0', from: 1, to: null })
  // The recording is as it was.
  expect(await replay(worker, sessionId, echo)).toMatchObject({ verdict: 'same', modifications: [] })
})

it('RP23 a modified replay needs modifications, and other modes make none', async () => {
  await run('one', 1, 1)
  const modifications = [{ path: 'q', value: 1 }]
  for (const spec of [
    { mode: 'modified' },
    { mode: 'exact', modifications },
    { mode: 'simulate', modifications },
    { mode: 'modified', modifications: [{ path: 1 }] },
    { mode: 'modified', modifications: [{ path: 'q', step: 1 }] },
    { mode: 'other' },
    { compare: null },
  ])
    await expect(replay(worker, sessionId, echo, spec as never)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { path: expect.any(String) },
    })
  expect(await replay(worker, sessionId, echo, { mode: 'debug', modifications })).toMatchObject({
    mode: 'debug',
  })
})

it('RP24 a simulated replay runs no body and no hook, and counts what could be run again', async () => {
  let calls = 0
  const counting = defineHook({
    id: 'counting',
    version: 1,
    point: 'step:run',
    stage: 'record',
    run: () => {
      calls += 1
      return undefined
    },
  })
  worker.register(counting)
  await run('one', 1, 1)
  await run('two', 2, 2, 'tool:gone@1')
  await run('three', 3, 3, 'tool:mail@1')
  await started(worker, { sessionId })
  calls = 0
  const body = () => {
    calls += 1
    return 1
  }
  const steps = { 'tool:sql@1': stepOf(body), 'tool:mail@1': stepOf(body, 'effect') }
  expect(await replay(worker, sessionId, steps, { mode: 'simulate', hooks: [counting] })).toMatchObject({
    mode: 'simulate',
    steps: { rerun: 0, runnable: 1, answered: 2, unfinished: 1, missing: ['tool:gone@1'] },
    hooks: { rerun: 0 },
    divergences: [],
    verdict: 'nothing to check',
  })
  expect(calls).toBe(0)
})

it('RP25 an effect is run again only where it is named', async () => {
  await run('one', 1, 1, 'tool:mail@1')
  await run('two', 1, 1, 'tool:post@1')
  const sent: string[] = []
  const steps = {
    'tool:mail@1': stepOf(() => sent.push('mail'), 'effect'),
    'tool:post@1': stepOf(() => sent.push('post'), 'effect'),
  }
  for (const mode of ['exact', 'debug', 'simulate'] as const) {
    expect(await replay(worker, sessionId, steps, { mode })).toMatchObject({
      steps: { rerun: 0, effects: 0, answered: 2 },
    })
  }
  expect(sent).toEqual([])
  expect(await replay(worker, sessionId, steps, { effects: ['tool:mail@1'] })).toMatchObject({
    steps: { rerun: 1, effects: 1, answered: 1 },
    verdict: 'same',
  })
  expect(sent).toEqual(['mail'])
  await expect(replay(worker, sessionId, steps, { effects: true as never })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  })
})

it('RP26 a part is what was asked for: from an event, to an event, of one correlation', async () => {
  await run('one', 1, 1)
  const first = await worker.events(sessionId)
  await run('two', 2, 2)
  const second = await worker.events(sessionId)
  const correlationId = worker.clock.nextId() as never
  const { startedId } = await worker.steps
    .start(worker.request({ correlationId }), {
      sessionId,
      step: 'tool:sql@1',
      purity: 'pure',
      input: 3,
      key: 'three',
    })
    .then((ticket) => ticket as { startedId: EventId })
  await worker.steps.finish(worker.request({ correlationId }), {
    sessionId,
    startedId,
    outcome: { ok: true, value: 3 },
  })
  const all = await worker.events(sessionId)
  const met: string[] = []
  const steps = {
    'tool:sql@1': stepOf((input, { key }) => {
      met.push(key)
      return input
    }),
  }
  const from = second[first.length]?.id as EventId
  const to = second.at(-1)?.id as EventId
  expect(await replay(worker, sessionId, steps, { from, to })).toMatchObject({
    events: second.length - first.length,
    steps: { rerun: 1 },
  })
  expect(await replay(worker, sessionId, steps, { from })).toMatchObject({
    events: all.length - first.length,
    steps: { rerun: 2 },
  })
  expect(await replay(worker, sessionId, steps, { correlationId })).toMatchObject({
    events: all.filter((event) => event.correlationId === correlationId).length,
    steps: { rerun: 1 },
  })
  expect(met).toEqual(['two', 'two', 'three', 'three'])
  await expect(replay(worker, sessionId, steps, { from: worker.clock.nextId() })).rejects.toMatchObject({
    code: 'EVENT_NOT_FOUND',
  })
  for (const part of [{ from }, { correlationId }])
    await expect(replay(worker, sessionId, steps, { mode: 'state', ...part })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
})

it('RP32 recorded errors are counted by type, step, hook and hour, with the share of steps', async () => {
  worker.register(
    defineHook({
      id: 'broken',
      version: 2,
      point: 'step:run',
      stage: 'record',
      onError: 'ignore',
      run: () => {
        throw new Error('hook')
      },
    }),
  )
  const hour = 3_600_000
  worker.house.wall.advance(hour - (worker.house.wall.now() % hour))
  const from = worker.house.wall.now()
  await run('one', 1, 1)
  await fail({ name: 'TypeError', message: 'a' })
  worker.house.wall.advance(2 * hour)
  await fail({ name: 'TypeError', message: 'b' })
  await fail({ name: 'Error', message: 'c', code: 'E_NET' }, 'tool:other@1')
  const { errors } = await replay(worker, sessionId, {}, { mode: 'simulate' })
  const hooks = errors.byHook[0]?.count ?? 0
  expect(hooks).toBeGreaterThan(0)
  expect(errors).toMatchObject({
    total: 3 + hooks,
    rate: 0.75,
    byHook: [{ name: 'broken@2' }],
    bySubject: [
      { name: 'tool:sql@1', count: 2 },
      { name: 'tool:other@1', count: 1 },
    ],
  })
  expect(errors.byType).toContainEqual({ name: 'TypeError', count: 2 })
  expect(errors.byType).toContainEqual({ name: 'E_NET', count: 1 })
  expect(errors.byHour.map((one) => one.from)).toEqual([from, from + 2 * hour])
})

it('RP20 hooks of other operations are counted, not run again, and named where they are missing', async () => {
  let calls = 0
  const raise = defineHook({
    id: 'raise',
    version: 3,
    point: 'state:write',
    stage: 'before',
    run: ({ value }) => {
      calls += 1
      return value === 1 ? { kind: 'modify', change: { value: 2 } } : undefined
    },
  })
  worker.register(raise)
  const target = { session: sessionId }
  await worker.sessions.writeState(worker.request(), { target, changes: [{ key: 'k', value: 1 }] })
  calls = 0
  expect(await replay(worker, sessionId, echo, { hooks: [raise] })).toMatchObject({
    hooks: { rerun: 0, answered: 1, missing: [] },
  })
  expect(await replay(worker, sessionId, echo, { hooks: [] })).toMatchObject({
    hooks: { answered: 1, missing: ['raise@3'] },
    divergences: [],
  })
  expect(calls).toBe(0)
})
