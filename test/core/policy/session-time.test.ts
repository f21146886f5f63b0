import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import type { SessionId } from '../../../src/core/ids.ts'
import type { StartStep } from '../../../src/core/run/input.ts'
import type { SessionLimits } from '../../../src/core/session/record.ts'
import { checkLaws } from '../../../src/testing/check-laws.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'
import { type PolicyTab, startTab } from './tab.ts'

const MINUTE_MS = 60_000
const DONE = { ok: true, value: 'done' } as const

async function startedIn(tab: PolicyTab, limits: SessionLimits) {
  const { id } = (await tab.call('sessions.create', { limits })).record
  return { sessionId: id, startedId: await start(tab, { sessionId: id }) }
}

async function start(tab: PolicyTab, input: Partial<StartStep> & { readonly sessionId: SessionId }) {
  const ticket = await tab.call('steps.start', {
    step: 'agent:plan@1',
    purity: 'pure',
    input: null,
    ...input,
  })
  if (ticket.state !== 'run') throw new Error(`The step is ${ticket.state}.`)
  return ticket.startedId
}

const found = async (tab: PolicyTab, sessionId: SessionId, types: readonly string[]) =>
  (await tab.call('timeline.query', { sessionId, types })).items

const sound = async (tab: PolicyTab) => {
  await tab.call('flush', {})
  expect(await checkLaws(tab.native)).toEqual([])
}

test('PO27 a step that runs when its time and the grace are over is stopped once, with what it used; a later end is dropped', async () => {
  const wall = fakeClock()
  const tab = await startTab({ wall })
  const step = await startedIn(tab, { maxDurationMs: MINUTE_MS, graceMs: 1_000 })
  const expire = () => tab.call('steps.expire', { ...step, usage: { inputTokens: 7 } })
  expect(await expire()).toEqual({ leftMs: MINUTE_MS + 1_000 })
  wall.advance(MINUTE_MS + 1_000)
  expect(await expire()).toEqual({ leftMs: 0 })
  wall.advance(1)

  const stopped = {
    code: 'LIMIT_EXCEEDED',
    message: expect.stringContaining('Step agent:plan@1'),
    details: { limit: 'maxDurationMs', step: 'agent:plan@1', ...step },
  }
  await expect(expire()).rejects.toMatchObject(stopped)
  await expect(expire()).rejects.toMatchObject(stopped)
  await expect(tab.call('steps.finish', { ...step, outcome: DONE })).rejects.toMatchObject(stopped)

  const ends = await found(tab, step.sessionId, ['step.failed', 'step.completed'])
  expect(ends.map(({ data }) => data)).toMatchObject([
    { limit: 'maxDurationMs', error: { code: 'LIMIT_EXCEEDED' }, usage: { inputTokens: 7 } },
  ])
  const session = await tab.call('sessions.open', { id: step.sessionId })
  expect(session.record.counters).toMatchObject({ stepsFailed: 1, usage: { inputTokens: 7 } })
  await sound(tab)
})

test('PO27 a page that was frozen over the time of its session is told when it ends its step', async () => {
  const wall = fakeClock()
  const tab = await startTab({ wall })
  const step = await startedIn(tab, { maxDurationMs: MINUTE_MS })
  wall.advance(60 * MINUTE_MS)

  await expect(tab.call('steps.finish', { ...step, outcome: DONE })).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    details: { limit: 'maxDurationMs', startedId: step.startedId },
  })
  expect(await found(tab, step.sessionId, ['step.completed'])).toEqual([])
  expect(await found(tab, step.sessionId, ['step.failed'])).toHaveLength(1)
  await sound(tab)
})

test('PO27 a limit that is set, lowered or raised while a step runs holds at once; a resume begins the time anew', async () => {
  const wall = fakeClock()
  const tab = await startTab({ wall })
  const step = await startedIn(tab, {})
  const id = step.sessionId
  const limit = (maxDurationMs: number) =>
    tab.call('sessions.edit', { id, changes: { limits: { maxDurationMs } } })
  expect(await tab.call('steps.expire', step)).toEqual({ leftMs: null })
  await limit(MINUTE_MS)
  wall.advance(0.5 * MINUTE_MS)
  expect(await tab.call('steps.expire', step)).toEqual({ leftMs: 0.5 * MINUTE_MS })
  await limit(2 * MINUTE_MS)
  wall.advance(MINUTE_MS)
  expect(await tab.call('steps.expire', step)).toEqual({ leftMs: 0.5 * MINUTE_MS })
  await tab.call('sessions.transition', { id, verb: 'suspend' })
  await tab.call('sessions.transition', { id, verb: 'resume' })
  wall.advance(MINUTE_MS)
  expect(await tab.call('steps.expire', step)).toEqual({ leftMs: MINUTE_MS })
  await limit(1)
  await expect(tab.call('steps.expire', step)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
  await sound(tab)
})

test('PO28 in a run a step that a limit stopped is tried again after a resume; of an effect a person is asked', async () => {
  for (const purity of ['pure', 'effect'] as const) {
    const wall = fakeClock()
    const tab = await startTab({ wall })
    const limits = { maxDurationMs: MINUTE_MS }
    const { id: sessionId } = (await tab.call('sessions.create', { limits })).record
    const open = async () => (await tab.call('runs.open', { sessionId, name: 'analyse', key: 'q4' })).run
    const startIn = async ({ id: runId, epoch }: Awaited<ReturnType<typeof open>>) =>
      start(tab, { sessionId, purity, key: 'k', runId, epoch })
    const run = await open()
    const startedId = await startIn(run)
    wall.advance(MINUTE_MS + 1)
    const stopping = tab.call('steps.expire', { sessionId, startedId, runId: run.id, epoch: run.epoch })
    await expect(stopping).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
    await tab.call('runs.leave', { runId: run.id })
    await tab.call('sessions.transition', { id: sessionId, verb: 'suspend' })
    await tab.call('sessions.transition', { id: sessionId, verb: 'resume' })

    const again = await open()
    if (purity === 'pure') expect(await startIn(again)).not.toBe(startedId)
    else await expect(startIn(again)).rejects.toMatchObject({ code: 'RUN_BLOCKED' })
    await sound(tab)
  }
})

test('PO28 in a replay a step that a limit stopped is unfinished', async () => {
  const wall = fakeClock()
  const tab = await startTab({ wall })
  const step = await startedIn(tab, { maxDurationMs: MINUTE_MS })
  wall.advance(MINUTE_MS + 1)
  await expect(tab.call('steps.expire', step)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })

  const report = await tab.call('replay.run', { sessionId: step.sessionId, mode: 'exact' })
  expect(report).toMatchObject({ verdict: 'nothing to check', steps: { unfinished: 1, answered: 0 } })
})
