import { expect, onTestFinished, test, vi } from 'vitest'
import type { Caller } from '../../src/client/caller.ts'
import type { SendOptions } from '../../src/client/connection.ts'
import { startReplay } from '../../src/client/replay.ts'
import type { ReplayOptions } from '../../src/client/replay-handle.ts'
import { createError } from '../../src/core/errors.ts'
import type { SessionId } from '../../src/core/ids.ts'
import type { AdvancedReplay, AdvanceReplay } from '../../src/core/replay/open-replays.ts'

const REPORT = { verdict: 'same' } as NonNullable<AdvancedReplay['report']>
const lost = () => createError('ABORTED', 'The worker was replaced.', { isLost: true })

/** A worker that answers so, one call after the other. */
function replaying(
  answers: readonly (Partial<AdvancedReplay> | Error)[],
  options: ReplayOptions = {},
  onCall: () => void = () => {},
) {
  const asked: (readonly [method: string, input: unknown])[] = []
  const sent: SendOptions[] = []
  const left = [...answers]
  const caller = {
    call: async (method: string, input: unknown, how: SendOptions) => {
      asked.push([method, input])
      sent.push(how)
      onCall()
      const answer = left.shift()
      if (answer instanceof Error) throw answer
      return method === 'replay.advance' ? { frames: [], events: 0, ...answer } : REPORT
    },
  }
  const replay = startReplay(caller as never as Caller, 's' as SessionId, options)
  const begins = () => asked.map(([, input]) => (input as AdvanceReplay).begin)
  return { replay, asked, sent, begins }
}

test('RP33 a replay whose worker died begins anew where nobody has seen or steered it', async () => {
  const { replay, begins } = replaying([{ next: 1 }, lost(), { next: 1 }, { report: REPORT }])
  expect(await replay.report).toBe(REPORT)
  expect(begins()).toEqual([true, false, true, false])
})

test('RP33 one that was read, steered, or sends effects is aborted', async () => {
  for (const options of [{ mode: 'debug' }, { effects: ['mail@1'] }] as const) {
    const { replay } = replaying([{ next: 1 }, lost(), { report: REPORT }], options)
    await expect(replay.report).rejects.toMatchObject({ code: 'ABORTED' })
  }
  const { replay } = replaying([{ next: 1 }, lost(), { report: REPORT }])
  const reading = (async () => {
    for await (const frame of replay) expect(frame).toBeUndefined()
  })()
  await expect(replay.report).rejects.toMatchObject({ code: 'ABORTED' })
  await reading
})

test('RP25 what runs effects is sent to no second worker, and ends with its own', async () => {
  const died = createError('WORKER_START', 'It died.')
  const { replay, sent } = replaying([{ next: 1 }, died, { report: REPORT }], { effects: ['mail@1'] })
  await expect(replay.report).rejects.toMatchObject({ code: 'ABORTED', cause: died })
  expect(sent.map(({ once }) => once)).toEqual([true, true])
  const without = replaying([{ report: REPORT }])
  await without.replay.report
  expect(without.sent.map(({ once }) => once)).toEqual([false])
})

test('RP27 a stop is told with its breakpoint, also where another one was taken out meanwhile', async () => {
  const once = { on: 'step', step: 'b@1', once: true } as const
  const stop = { breakpoint: 1, place: 'before' } as NonNullable<AdvancedReplay['stop']>
  let remove = () => {}
  const { replay } = replaying([{ stop }], { mode: 'debug' }, () => remove())
  remove = replay.breakpoints.add({ on: 'type', type: 'a' })
  replay.breakpoints.add(once)
  expect(await replay.stopped()).toMatchObject({ breakpoint: once })
  expect(replay.breakpoints.list()).toEqual([])
})

test('VE9 a worker of the first protocol replays as a whole, in the modes and with the end that it knows', async () => {
  const unknown = () => createError('VERSION_MISMATCH', 'It came later.', { method: 'replay.advance' })
  const { replay, asked } = replaying([unknown()], { mode: 'state', to: 'e1' })
  expect(await replay.report).toBe(REPORT)
  expect(asked.at(-1)).toEqual(['replay.run', { sessionId: 's', mode: 'state', to: 'e1' }])
  for (const options of [{ mode: 'debug' }, { mode: 'simulate' }, { from: 'e0' }, { compare: {} }] as const)
    await expect(replaying([unknown()], options).replay.report).rejects.toMatchObject({
      code: 'VERSION_MISMATCH',
    })
})

test('RP28 a cancelled replay is let go in the worker', async () => {
  const { replay, asked } = replaying([{ next: 1 }], { paused: true })
  replay.cancel()
  await expect(replay.report).rejects.toMatchObject({ code: 'ABORTED' })
  expect(asked).toMatchObject([['replay.end', { replay: expect.any(String) }]])
})

test('RP31 what a listener throws is reported and does not end the replay', async () => {
  const reported: unknown[] = []
  vi.stubGlobal('reportError', (error: unknown) => reported.push(error))
  onTestFinished(() => void vi.unstubAllGlobals())
  const onProgress = () => {
    throw new Error('mine')
  }
  const { replay } = replaying(
    [
      { next: 1, events: 3 },
      { report: REPORT, events: 4 },
    ],
    { onProgress },
  )
  replay.subscribe(onProgress)
  expect(await replay.report).toBe(REPORT)
  expect(reported.length).toBeGreaterThan(1)
})

test('RP26 what names no part is refused, not taken for the whole', async () => {
  for (const options of [{ from: {} }, { to: 7 }, { correlation: {} }] as const)
    await expect(replaying([], options as never).replay.report).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { path: Object.keys(options)[0] },
    })
  for (const options of [{ breakpoints: 'all' }, { modifications: {} }] as const)
    expect(() => replaying([], options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    )
})
