import { beforeEach, expect, it } from 'vitest'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import type { EventId, SessionId } from '../../../src/core/ids.ts'
import { assertBreakpoint, type Breakpoint } from '../../../src/core/replay/breakpoints.ts'
import { createOpenReplays, MAX_REPLAYS } from '../../../src/core/replay/open-replays.ts'
import type { ReplayFrame } from '../../../src/core/replay/player.ts'
import { openReplay } from '../../../src/core/replay/replay-whole.ts'
import { openWorker, restart, started, stepped, type Worker } from '../run/rig.ts'
import { replayDeps, stepOf } from './rig.ts'

let worker: Worker
let sessionId: SessionId
let met: string[]

const noting = defineHook({
  id: 'noting',
  version: 1,
  point: 'step:run',
  stage: 'record',
  when: { names: ['tool:hooked@*'] },
  run: () => ({ kind: 'continue', note: 'here' }),
})

beforeEach(async () => {
  worker = await openWorker()
  worker.register(noting)
  sessionId = await worker.session()
  met = []
  await stepped(worker, { sessionId, key: 'one', input: 1 }, 1)
  worker.house.wall.advance(60_000)
  await worker.sessions.writeState(worker.request(), {
    target: { session: sessionId },
    changes: [
      { key: 'mood', value: 'calm' },
      { key: 'mood', scope: 'agent:a', value: 'tense' },
    ],
  })
  const { startedId } = await started(worker, { sessionId, key: 'two', step: 'tool:broken@1' })
  const error = { name: 'Error', message: 'no' }
  await worker.steps.finish(worker.request(), { sessionId, startedId, outcome: { ok: false, error } })
  await stepped(worker, { sessionId, key: 'three', input: 3, step: 'tool:hooked@1' }, 4)
})

/** Goes to the first stop. */
async function stopAt(...breakpoints: Breakpoint[]) {
  const { player } = await openReplay(
    replayDeps(
      worker,
      (step) =>
        stepOf((input, { key }) => {
          met.push(key)
          if (step === 'tool:broken@1') throw new Error('no')
          return input
        }),
      [noting],
    ),
    sessionId,
    { mode: 'debug' },
  )
  const advanced = await player.advance({ breakpoints, keep: true })
  return { player, ...advanced }
}

const eventIn = async (id: EventId | undefined) =>
  (await worker.events(sessionId)).find((event) => event.id === id)

it('RP27 a step is stopped before its body runs, by pattern and by key', async () => {
  const { stop, player } = await stopAt({ on: 'step', step: 'tool:*', key: 'three' })
  expect(stop).toMatchObject({
    breakpoint: 0,
    kind: 'step',
    place: 'before',
    step: 'tool:hooked@1',
    key: 'three',
  })
  expect(met).toEqual(['one', 'two'])
  expect(await player.advance({ breakpoints: [{ on: 'step', step: 'tool:*', key: 'three' }] })).toMatchObject(
    {
      stop: { key: 'three' },
    },
  )
  expect(met).toEqual(['one', 'two'])
  await player.advance({ breakpoints: [{ on: 'step', step: 'tool:*' }], pass: true })
  expect(met).toEqual(['one', 'two', 'three'])
  expect(player.report()).toMatchObject({ steps: { rerun: 3 } })
})

it('RP27 a hook is stopped before the step that it had a part in', async () => {
  const { stop } = await stopAt({ on: 'hook', hook: 'noting@1' })
  expect(stop).toMatchObject({ kind: 'step', key: 'three' })
  expect(met).toEqual(['one', 'two'])
  expect((await stopAt({ on: 'hook', hook: 'noting@2' })).stop).toBeUndefined()
})

it('RP27 types, errors and states are stopped before their events', async () => {
  const byType = await stopAt({ on: 'type', type: 'state.*' })
  expect(await eventIn(byType.stop?.eventId)).toMatchObject({ type: 'state.changed' })
  expect(met).toEqual(['one'])
  const byError = await stopAt({ on: 'error' })
  expect(await eventIn(byError.stop?.eventId)).toMatchObject({ type: 'step.failed' })
  for (const [breakpoint, stops] of [
    [{ on: 'state', key: 'mood' }, true],
    [{ on: 'state', key: 'mood', value: 'calm' }, true],
    [{ on: 'state', key: 'mood', value: 'tense' }, false],
    [{ on: 'state', key: 'mood', scope: 'agent:a', value: 'tense' }, true],
    [{ on: 'state', key: 'mood', scope: 'agent:b' }, false],
    [{ on: 'state', key: 'other' }, false],
  ] as const)
    expect([breakpoint, (await stopAt(breakpoint)).stop !== undefined]).toEqual([breakpoint, stops])
})

it('RP27 a count stops after so many events, a time before its first event', async () => {
  const events = await worker.events(sessionId)
  const third = await stopAt({ on: 'count', count: 3 })
  expect(third).toMatchObject({ events: 3, stop: { eventId: events[3]?.id } })
  expect((await stopAt({ on: 'count', count: 0 })).stop).toMatchObject({ eventId: events[0]?.id })
  const later = events.find(({ type }) => type === 'state.changed')
  const byTime = await stopAt({ on: 'time', time: (later?.time ?? 0) - 10 })
  expect(byTime.stop).toMatchObject({ eventId: later?.id })
  expect(
    await byTime.player.advance({ breakpoints: [{ on: 'time', time: (later?.time ?? 0) - 10 }], pass: true }),
  ).not.toHaveProperty('stop')
})

it('RP27 a step that came out differently is stopped after; the breakpoint is told by its place in the list', async () => {
  const { stop } = await stopAt({ on: 'count', count: 99 }, { on: 'divergence' })
  expect(stop).toMatchObject({ breakpoint: 1, place: 'after', kind: 'step', key: 'three' })
  expect(met).toEqual(['one', 'two', 'three'])
})

it('RP27 what is no breakpoint is refused, and other modes take none', async () => {
  for (const given of [
    {},
    { on: 'nothing' },
    { on: 'step' },
    { on: 'count', count: -1 },
    { on: 'time' },
    { on: 'error', once: 1 },
  ])
    expect(() => assertBreakpoint(given)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  const replays = createOpenReplays(() => 0)
  const input = { sessionId, replay: 'a', begin: true, frames: false, pass: false }
  const deps = () => replayDeps(worker, {})
  await expect(
    replays.advance('p', { ...input, spec: { mode: 'exact' }, breakpoints: [{ on: 'error' }] }, deps, {}),
  ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', details: { path: 'breakpoints' } })
})

it('RP30 each event is a frame once, in recorded order, and each step once all its events are known', async () => {
  const { frames } = await stopAt()
  const events = await worker.events(sessionId)
  const isEvent = (frame: ReplayFrame) => frame.kind === 'event'
  expect(frames.filter(isEvent).map(({ event }) => event.id)).toEqual(events.map(({ id }) => id))
  const steps = frames.filter((frame) => frame.kind === 'step')
  expect(steps.map(({ key, done, divergences }) => [key, done, divergences.length])).toEqual([
    ['one', 'rerun', 0],
    ['two', 'rerun', 0],
    ['three', 'rerun', 1],
  ])
  for (const { eventId } of steps) {
    const of = frames.findIndex((frame) => frame.kind === 'event' && frame.event.id === eventId)
    expect(of).toBeLessThan(frames.findIndex((frame) => frame.kind === 'step' && frame.eventId === eventId))
  }
})

it('RP33 of one page ten are kept that stand still: the one that has stood longest is given up', async () => {
  const replays = createOpenReplays(() => 0)
  const deps = () => replayDeps(worker, {})
  const ask = (replay: string, begin: boolean, page = 'p') =>
    replays.advance(
      page,
      {
        sessionId,
        replay,
        begin,
        spec: { mode: 'debug' },
        limit: 1,
        frames: false,
        breakpoints: [],
        pass: false,
      },
      deps,
      {},
    )
  for (let one = 0; one < MAX_REPLAYS; one += 1) await ask(`r${one}`, true)
  await ask('r0', false)
  await ask('more', true)
  await expect(ask('r1', false)).rejects.toMatchObject({
    code: 'ABORTED',
    details: { replay: 'r1', isLost: true },
  })
  await expect(ask('r0', false, 'another page')).rejects.toMatchObject({ code: 'ABORTED' })
  await ask('r0', false)
  replays.end('p', 'r0')
  await expect(ask('r0', false)).rejects.toMatchObject({ code: 'ABORTED' })
  await ask('r2', false)
  replays.pageLeft('p')
  await expect(ask('r2', false)).rejects.toMatchObject({ code: 'ABORTED' })
})

it('RP30 a step is replayed where it ended, also where its tab wrote nothing more', async () => {
  const next = await restart(worker)
  next.house.wall.advance(5_000)
  await stepped(next, { sessionId, key: 'four', input: 1 }, 1)
  worker = next
  const { frames } = await stopAt()
  const keys = frames.map((frame) => (frame.kind === 'step' ? frame.key : frame.event.type))
  expect(keys.indexOf('three')).toBeLessThan(keys.lastIndexOf('step.started'))
  expect(keys.at(-1)).toBe('four')
})

it('RP33 as many as are begun at once come to their end, each with all its steps', async () => {
  const replays = createOpenReplays(() => 0)
  const deps = () =>
    replayDeps(worker, (step) =>
      stepOf(async (input) => {
        await new Promise((resolve) => setTimeout(resolve, 5))
        if (step === 'tool:broken@1') throw new Error('no')
        return input === 3 ? 4 : input
      }),
    )
  const all = Array.from({ length: 2 * MAX_REPLAYS }, (_, at) =>
    replays.advance(
      'p',
      { sessionId, replay: `r${at}`, begin: true, spec: {}, frames: false, breakpoints: [], pass: false },
      deps,
      {},
    ),
  )
  for (const { report } of await Promise.all(all))
    expect(report).toMatchObject({ steps: { rerun: 3 }, verdict: 'same' })
})

it('RP28 a replay that is let go in the middle of a step has no report', async () => {
  const replays = createOpenReplays(() => 0)
  const deps = () =>
    replayDeps(worker, () =>
      stepOf((input) => {
        replays.end('p', 'r')
        return input
      }),
    )
  const input = { sessionId, replay: 'r', begin: true, spec: {}, frames: false, breakpoints: [], pass: false }
  await expect(replays.advance('p', input, deps, {})).rejects.toMatchObject({ code: 'ABORTED' })
})
