import { expect, onTestFinished, test } from 'vitest'
import { type Breakpoint, defineApp, defineStep, openHoldfast, type ReplayFrame } from '../../src/index.ts'

/** A session of three steps with a change of state after each, opened anew with steps that note their keys. */
async function recorded() {
  const met: string[] = []
  const note = (n: number) =>
    defineStep({
      id: 'tool:note',
      version: 1,
      purity: 'pure',
      run: (input: string, { key }) => {
        met.push(key)
        return `${input}${n}`
      },
    })
  const name = `replay-${crypto.randomUUID()}`
  const first = await openHoldfast({ name })
  const session = await first.sessions.create()
  for (const key of ['a', 'b', 'c']) {
    await session.step(note(1), key, { key })
    await session.state.set('last', key)
  }
  await first.close()
  met.length = 0
  const holdfast = await openHoldfast({ name, app: defineApp({ steps: [note(1)] }) })
  onTestFinished(() => holdfast.close())
  return { holdfast, met, session: await holdfast.sessions.open(session.id) }
}

test('RP27 a breakpoint stops the replay before the body runs; resumed, it goes to the next', async () => {
  const { session, met } = await recorded()
  const replay = session.replay({ mode: 'debug', breakpoints: [{ on: 'step', step: 'tool:note@1' }] })
  const stops: unknown[] = []
  for (let stop = await replay.stopped(); stop !== null; stop = await replay.stopped()) {
    expect(replay.state).toBe('paused')
    stops.push([stop.key, [...met]])
    replay.resume()
  }
  expect(stops).toEqual([
    ['a', []],
    ['b', ['a']],
    ['c', ['a', 'b']],
  ])
  expect(await replay.report).toMatchObject({ mode: 'debug', steps: { rerun: 3 }, verdict: 'same' })
  expect(replay.state).toBe('done')
  expect(await replay.stopped()).toBeNull()
})

test('RP27 one that is once stops once; they are added and taken out while the replay runs', async () => {
  const { session, met } = await recorded()
  const once: Breakpoint = { on: 'step', step: '*', once: true }
  const replay = session.replay({ mode: 'debug', breakpoints: [once] })
  expect(await replay.stopped()).toMatchObject({ breakpoint: once, key: 'a' })
  expect(replay.breakpoints.list()).toEqual([])
  const remove = replay.breakpoints.add({ on: 'state', key: 'last', value: 'b' })
  replay.breakpoints.add({ on: 'step', step: '*', key: 'c' })
  replay.resume()
  expect(await replay.stopped()).toMatchObject({ kind: 'event', breakpoint: { on: 'state' } })
  expect(met).toEqual(['a', 'b'])
  remove()
  replay.resume()
  expect(await replay.stopped()).toMatchObject({ key: 'c' })
  replay.resume()
  await replay.report
  expect(() => session.replay().breakpoints.add(once)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
  )
  await expect(session.replay({ breakpoints: [once] }).report).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  })
})

test('RP28 a paused replay replays nothing; a step replays one frame, past a breakpoint', async () => {
  const { session, met } = await recorded()
  const replay = session.replay({ mode: 'debug', paused: true, breakpoints: [{ on: 'step', step: '*' }] })
  expect(await replay.stopped()).toEqual({ breakpoint: null })
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(replay.progress.events).toBe(0)
  expect(await replay.step()).toMatchObject({ kind: 'event', event: { type: 'session.created' } })
  expect(replay.state).toBe('paused')
  expect(replay.progress.events).toBe(1)
  replay.resume()
  expect(await replay.stopped()).toMatchObject({ key: 'a', place: 'before' })
  expect(met).toEqual([])
  expect(await replay.step()).toMatchObject({ kind: 'step', key: 'a', done: 'rerun' })
  expect(met).toEqual(['a'])
  const frames: ReplayFrame[] = []
  for (let frame = await replay.step(); frame !== null; frame = await replay.step()) frames.push(frame)
  expect(met).toEqual(['a', 'b', 'c'])
  expect(frames.at(-1)).toMatchObject({ kind: 'event' })
  expect(await replay.report).toMatchObject({ verdict: 'same' })
  expect(await replay.step()).toBeNull()
})

test('RP28 pause holds a replay of any mode, and cancel ends it', async () => {
  const { session, met } = await recorded()
  const replay = session.replay()
  replay.pause()
  expect(await replay.stopped()).toEqual({ breakpoint: null })
  expect(met).toEqual([])
  replay.resume()
  expect(await replay.report).toMatchObject({ steps: { rerun: 3 } })

  const cancelled = session.replay({ mode: 'debug', paused: true })
  await cancelled.step()
  cancelled.cancel()
  await expect(cancelled.report).rejects.toMatchObject({ code: 'ABORTED' })
  expect(cancelled.state).toBe('failed')
  const controller = new AbortController()
  const aborted = session.replay({ paused: true, signal: controller.signal })
  controller.abort()
  await expect(aborted.report).rejects.toThrow()
})

test('RP28 a body that a cancelled replay runs on the page hears of it', async () => {
  const signals: AbortSignal[] = []
  const wait = defineStep({
    id: 'tool:wait',
    version: 1,
    purity: 'pure',
    run: (_input: null, { signal }) => {
      signals.push(signal)
      if (signals.length === 1) return 'recorded'
      return new Promise<string>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    },
  })
  const name = `replay-${crypto.randomUUID()}`
  const holdfast = await openHoldfast({ name, app: defineApp({ steps: [wait] }) })
  onTestFinished(() => holdfast.close())
  const session = await holdfast.sessions.create()
  await session.step(wait, null)

  for (const at of [1, 2]) {
    const replay = session.replay()
    await expect.poll(() => signals[at]).toBeDefined()
    replay.cancel()
    await expect(replay.report).rejects.toMatchObject({ code: 'ABORTED' })
    await expect.poll(() => signals[at]?.reason).toMatchObject({ code: 'ABORTED' })
  }
})

test('RP29 a speed keeps the recorded pace, and long pauses are cut', async () => {
  const name = `replay-${crypto.randomUUID()}`
  const holdfast = await openHoldfast({ name })
  onTestFinished(() => holdfast.close())
  const session = await holdfast.sessions.create()
  for (let n = 0; n < 3; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    await session.emit('tick', n)
  }
  const timed = async (options: Parameters<typeof session.replay>[0]) => {
    const begun = performance.now()
    await session.replay({ mode: 'simulate', ...options }).report
    return performance.now() - begun
  }
  await timed({})
  const slow = await timed({ speed: 0.5 })
  expect(slow).toBeGreaterThan(580)
  expect(await timed({ speed: 10, maxGapMs: 100 })).toBeLessThan(slow / 2)
  expect(await timed({ speed: 0.5, maxGapMs: 10 })).toBeLessThan(slow / 2)

  const replay = session.replay({ speed: 0.001, mode: 'simulate' })
  expect(replay.speed).toBe(0.1)
  replay.setSpeed(100)
  expect(replay.speed).toBe(10)
  expect(() => replay.setSpeed(Number.NaN)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  expect(() => session.replay({ speed: '2' as never })).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
  )
  expect(() => session.replay({ speed: 1, maxGapMs: -1 })).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
  )
  await replay.report

  const crawling = session.replay({ speed: 0.1, mode: 'simulate' })
  await timed({})
  // What it still waited for is due at once: at its old speed that would take seconds.
  const begun = performance.now()
  crawling.setSpeed(undefined)
  await crawling.report
  expect(performance.now() - begun).toBeLessThan(1_500)
})

test('RP30 in mode debug no frame is replayed before its reader asks for it', async () => {
  const { session, met } = await recorded()
  const replay = session.replay({ mode: 'debug' })
  const seen: string[] = []
  for await (const frame of replay) {
    if (frame.kind !== 'step') continue
    seen.push(frame.key)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(met).toEqual(seen)
  }
  expect(seen).toEqual(['a', 'b', 'c'])
  expect(await replay.report).toMatchObject({ verdict: 'same' })

  const abandoned = session.replay({ mode: 'debug' })
  for await (const frame of abandoned) if (frame.kind === 'step') break
  met.length = 0
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect([abandoned.state, met]).toEqual(['paused', []])
  abandoned.resume()
  expect(await abandoned.report).toMatchObject({ steps: { rerun: 3 } })

  const left = session.replay()
  for await (const frame of left) {
    expect(frame).toMatchObject({ kind: 'event' })
    break
  }
  expect(await left.report).toMatchObject({ steps: { rerun: 3 } })
})

test('RP31 a replay says how far it has come, and calls back when that changes', async () => {
  const { session } = await recorded()
  const progress: unknown[] = []
  const states: string[] = []
  const replay = session.replay({ onProgress: (loaded, total) => progress.push([loaded, total]) })
  const stop = replay.subscribe(() => states.push(`${replay.state} ${replay.progress.events}`))
  const { events } = await replay.report
  expect(progress.at(-1)).toEqual([events, events])
  expect(replay.progress).toEqual({ events, total: events })
  expect(states).toContain(`running ${events}`)
  expect(states.at(-1)).toBe(`done ${events}`)
  stop()
  const [first] = (await session.timeline.query({ limit: 1 })).items
  if (first === undefined) throw new Error('The session has no event')
  const part = session.replay({ to: first })
  await part.report
  expect(part.progress).toEqual({ events: 1, total: null })
})

test('RP15 a replay gives its report as text', async () => {
  const { session } = await recorded()
  expect(await session.replay().markdown()).toContain('# Replay: same')
})

test('RP23 values of modifications are given as the step takes them', async () => {
  const name = `replay-${crypto.randomUUID()}`
  const year = defineStep({
    id: 'tool:year',
    version: 1,
    purity: 'pure',
    run: ({ at }: { at: Date }) => at.getUTCFullYear(),
  })
  const holdfast = await openHoldfast({ name, app: defineApp({ steps: [year] }) })
  onTestFinished(() => holdfast.close())
  const session = await holdfast.sessions.create()
  await session.step(year, { at: new Date('2024-01-01') })
  const modifications = [{ path: 'at', value: new Date('1999-01-01') }]
  expect(await session.replay({ mode: 'modified', modifications }).report).toMatchObject({
    divergences: expect.arrayContaining([expect.objectContaining({ expected: 2024, got: 1999 })]),
  })
})
