import { expect, test } from 'vitest'
import { type App, defineApp, defineStep, type Session } from '../../src/index.ts'
import { checkRecordings } from '../../src/testing/index.ts'
import { expectSound, type Visit, visit, visitAgain } from './visit.ts'

/** An agent's day: a search, a tool that fails, a plan that changes, and a mail, which is an effect. */
function tools(met: string[], total = 3) {
  const note = <Input>(name: string, run: (input: Input) => unknown) => ({
    id: `tool:${name}`,
    version: 1,
    run: (input: Input, { key }: { readonly key: string }) => {
      met.push(key)
      return run(input)
    },
  })
  return {
    search: defineStep({ ...note('search', ({ q }: { q: string }) => ({ q, total })), purity: 'pure' }),
    flaky: defineStep({
      ...note('flaky', () => {
        throw new TypeError('no network')
      }),
      purity: 'idempotent',
    }),
    mail: defineStep({ ...note('mail', () => 'sent'), purity: 'effect' }),
  }
}

const appOf = (steps: ReturnType<typeof tools>) =>
  defineApp({ steps: Object.values(steps) as App['steps'] & [] })

/** Recorded, and opened by somebody who came back. */
async function recorded(
  met: string[],
): Promise<{ again: Visit; session: Session; moments: readonly number[] }> {
  const first = await visit()
  const session = await first.holdfast.sessions.create({ name: 'day' })
  const { search, flaky, mail } = tools([])
  const moments: number[] = [Date.now() - 1_000]
  const pass = async () => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    moments.push(Date.now())
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await session.state.set('plan', { goal: 'find', done: [] })
  await session.step(search, { q: 'rust' }, { key: 'search-1' })
  await pass()
  await session.state.set('plan', { goal: 'mail', done: ['search'] })
  await session.step(flaky, {}, { key: 'flaky-1' }).catch(() => {})
  await session.step(search, { q: 'wasm' }, { key: 'search-2' })
  await pass()
  await session.step(mail, {}, { key: 'mail-1' })
  await session.state.delete('plan')
  await pass()
  const again = await visitAgain(first, { app: appOf(tools(met)) })
  return { again, session: await again.holdfast.sessions.open(session.id), moments }
}

test('OR52 comparator: the same, another kind, other data, and fields that are ignored wherever they stand', async () => {
  const first = await visit()
  const session = await first.holdfast.sessions.create()
  const step = (run: () => unknown) => defineStep({ id: 'tool:data', version: 1, purity: 'pure', run })
  const value = { rows: [{ id: 1, timestamp: 1 }], tags: ['a', 'b'], timestamp: 1 }
  await session.step(
    step(() => value),
    null,
    { key: 'k' },
  )
  let visited: Visit = first
  const replayed = async (now: unknown, compare = {}) => {
    visited = await visitAgain(visited, { app: defineApp({ steps: [step(() => now)] }) })
    const report = await (await visited.holdfast.sessions.open(session.id)).replay({ compare }).report
    const ofStep = report.divergences.filter(({ kind }) => kind === 'step')
    return { verdict: report.verdict, found: ofStep.map(({ path, severity }) => `${path} ${severity}`) }
  }
  expect(await replayed(value)).toEqual({ verdict: 'same', found: [] })
  expect((await replayed('text')).found).toEqual([' critical'])
  expect((await replayed({ ...value, rows: [{ id: 2, timestamp: 1 }] })).found).toEqual(['rows.0.id major'])
  const later = { ...value, rows: [{ id: 1, timestamp: 2 }], tags: ['b', 'a'], timestamp: 2 }
  expect((await replayed(later)).found).toEqual(['rows.0.timestamp major', 'tags minor', 'timestamp major'])
  const ignore = ['timestamp', 'digest', 'note']
  expect(await replayed(later, { ignore, unordered: ['tags'] })).toEqual({ verdict: 'same', found: [] })
  await expectSound(visited)
})

test('OR53 inspection: the state at a moment, before the first, between two and after the last; what differs; errors', async () => {
  const { again, session, moments } = await recorded([])
  const stateAt = async (time: number) => {
    const { items } = await session.timeline.query({ to: time, order: 'desc', limit: 1 })
    return items[0] === undefined ? undefined : (await session.at(items[0])).state
  }
  const [before, second, third, last] = moments as [number, number, number, number]
  expect(await stateAt(before)).toBeUndefined()
  expect(await stateAt(second)).toEqual({ plan: { goal: 'find', done: [] } })
  expect(await stateAt(third)).toEqual({ plan: { goal: 'mail', done: ['search'] } })
  expect(await stateAt(last)).toEqual({})

  const eventAt = async (time: number) => {
    const { items } = await session.timeline.query({ to: time, order: 'desc', limit: 1 })
    if (items[0] === undefined) throw new Error('There is no event before that')
    return items[0]
  }
  expect((await session.diff(await eventAt(second), await eventAt(third))).state).toEqual([
    { kind: 'changed', path: 'plan.goal', from: 'find', to: 'mail' },
    { kind: 'added', path: 'plan.done.0', from: null, to: 'search' },
  ])
  const diff = await session.diff(await eventAt(third), await eventAt(last))
  expect(diff.state).toMatchObject([{ kind: 'removed', path: 'plan' }])
  expect(diff.artifacts.added).toMatchObject([{ name: expect.stringContaining('mail') }])

  const { errors } = await session.replay({ mode: 'simulate' }).report
  expect(errors).toMatchObject({
    total: 1,
    rate: 0.25,
    byType: [{ name: 'TypeError', count: 1 }],
    bySubject: [{ name: 'tool:flaky@1', count: 1 }],
  })
  const fork = await (await session.at(await eventAt(second))).fork({ name: 'what if' })
  expect(fork.state.get('plan')).toEqual({ goal: 'find', done: [] })
  await (await session.at(await eventAt(third))).restore()
  expect(session.state.get('plan')).toEqual({ goal: 'mail', done: ['search'] })
  await expectSound(again)
})

test('OR54 debugging: breakpoints of every kind really stop a replay, which is paused, stepped, resumed and cancelled', async () => {
  const met: string[] = []
  const { again, session, moments } = await recorded(met)
  const stopAt = async (
    breakpoint: Parameters<ReturnType<typeof session.replay>['breakpoints']['add']>[0],
  ) => {
    met.length = 0
    const replay = session.replay({ mode: 'debug', breakpoints: [breakpoint] })
    const stop = await replay.stopped()
    const ran = [...met]
    replay.cancel()
    await expect(replay.report).rejects.toMatchObject({ code: 'ABORTED' })
    // Nothing ran on behind the stop.
    expect(met).toEqual(ran)
    return { at: stop?.key ?? stop?.kind, ran }
  }
  expect(await stopAt({ on: 'step', step: 'tool:search@*', key: 'search-2' })).toEqual({
    at: 'search-2',
    ran: ['search-1', 'flaky-1'],
  })
  expect(await stopAt({ on: 'hook', hook: 'collect-tool-results@1' })).toEqual({ at: 'search-1', ran: [] })
  expect(await stopAt({ on: 'state', key: 'plan', value: { goal: 'mail', done: ['search'] } })).toEqual({
    at: 'event',
    ran: ['search-1'],
  })
  expect(await stopAt({ on: 'error' })).toEqual({ at: 'event', ran: ['search-1'] })
  expect(await stopAt({ on: 'type', type: 'artifact.*' })).toMatchObject({ at: 'event' })
  expect(await stopAt({ on: 'count', count: 0 })).toEqual({ at: 'event', ran: [] })
  expect(await stopAt({ on: 'time', time: moments[1] ?? 0 })).toMatchObject({ ran: ['search-1'] })

  met.length = 0
  const replay = session.replay({ mode: 'debug', breakpoints: [{ on: 'error', once: true }] })
  const stop = await replay.stopped()
  expect((await session.at(stop?.eventId ?? '')).state).toMatchObject({ plan: { goal: 'mail' } })
  expect(await replay.step()).toMatchObject({ kind: 'event', event: { type: 'step.failed' } })
  expect(replay.state).toBe('paused')
  replay.setSpeed(99)
  expect(replay.speed).toBe(10)
  replay.setSpeed(undefined)
  replay.resume()
  // The mail is an effect: it was not sent again.
  expect(await replay.report).toMatchObject({ steps: { rerun: 3, answered: 1 }, divergences: [] })
  expect(met).toEqual(['search-1', 'flaky-1', 'search-2'])
  await expectSound(again)
})

test('OR55 replay keeps the recorded order, takes a part, changes inputs, and bears what throws', async () => {
  const met: string[] = []
  const { again, session, moments } = await recorded(met)
  const types: string[] = []
  for await (const frame of session.replay()) if (frame.kind === 'event') types.push(frame.event.type)
  const events = (await session.timeline.query({ limit: 1_000 })).items
  expect(types).toEqual(events.map(({ type }) => type))
  expect(met).toEqual(['search-1', 'flaky-1', 'search-2'])

  met.length = 0
  const inPart = events.filter(({ time }) => time >= (moments[1] ?? 0) && time <= (moments[2] ?? 0))
  const [from, to] = [inPart[0], inPart.at(-1)]
  if (from === undefined || to === undefined) throw new Error('There is no such part')
  expect(await session.replay({ from, to }).report).toMatchObject({ events: inPart.length, verdict: 'same' })
  expect(met).toEqual(['flaky-1', 'search-2'])

  const modified = await session.replay({
    mode: 'modified',
    modifications: [{ step: 'tool:search@1', path: 'q', value: 'other' }],
  }).report
  expect(modified.divergences.filter(({ kind }) => kind === 'step')).toMatchObject([
    { key: 'search-1', path: 'q', expected: 'rust', got: 'other' },
    { key: 'search-2', path: 'q', expected: 'wasm', got: 'other' },
  ])
  expect(modified.modified).toHaveLength(2)

  met.length = 0
  expect(await session.replay({ effects: ['tool:mail@1'] }).report).toMatchObject({
    steps: { rerun: 4, effects: 1 },
    verdict: 'same',
  })
  expect(met).toContain('mail-1')

  const recording = { file: 'day.json', text: await session.saveRecording() }
  expect(await checkRecordings([recording], appOf(tools([])))).toMatchObject([{ verdict: 'same' }])
  expect(await checkRecordings([recording], appOf(tools([], 4)))).toMatchObject([
    { verdict: 'diverged', first: { subject: 'tool:search@1', key: 'search-1', path: 'total' } },
  ])
  await expectSound(again)
})
