import { expect, onTestFinished, test } from 'vitest'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { openClosing } from './closing.ts'
import { openAgain } from './open.ts'

for (const fault of ['close', 'mute'] as const) {
  test(`FA7 a connection that the browser closes (${fault}) is opened anew: what was under way is performed once`, async () => {
    const { holdfast, name, workers, fail } = await openClosing()
    const session = await holdfast.sessions.create()
    const states: string[] = []
    holdfast.storage.subscribe((state) => states.push(state))
    const events: string[] = []
    const stop = new AbortController()
    onTestFinished(() => stop.abort())
    const watching = (async () => {
      for await (const event of session.timeline.watch({ types: ['it.was'], signal: stop.signal }))
        events.push(String((event.data as { turn: number }).turn))
    })()

    const turns = Array.from({ length: 60 }, (_, turn) => turn)
    const writing = turns.map(async (turn) => {
      if (turn === 30) await fail(fault)
      await session.state.set(`key-${turn}`, turn, { requestId: `set-${turn}` })
      await session.emit('it.was', { turn })
    })
    await Promise.all(writing)

    expect(workers).toHaveLength(2)
    expect(states).toEqual([])
    const { items } = await session.timeline.query({ types: ['it.was'], limit: 100 })
    expect(items.map(({ data }) => (data as { turn: number }).turn).toSorted((a, b) => a - b)).toEqual(turns)
    expect(session.state.keys()).toHaveLength(60)
    await expect.poll(() => events.length).toBe(60)
    stop.abort()
    await watching.catch(() => {})
    await holdfast.close()
    expect(await checkLaws(name)).toEqual([])
  })
}

test('FA7 a page that waits for nothing opens it anew too, and shows what other tabs wrote meanwhile', async () => {
  const opened = await openClosing()
  const session = await opened.holdfast.sessions.create()
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  await opened.fail('close')
  await other.state.set('meanwhile', 1)
  await expect.poll(() => session.state.get('meanwhile'), { timeout: 10_000 }).toBe(1)
  // Pages tell each other what they write, also while one has no worker.
  await expect.poll(() => opened.workers, { timeout: 10_000 }).toHaveLength(2)
})

test("FA7 an instance of the app's own is kept, and opens the database anew", async () => {
  const { holdfast, workers, fail } = await openClosing(true)
  const session = await holdfast.sessions.create()
  await fail('close')
  await session.state.set('a', 1)
  expect((await holdfast.sessions.open(session.id)).state.get('a')).toBe(1)
  expect(workers).toHaveLength(1)
})

test('FA8 a connection that puts nothing any more is opened anew once, and the write is performed', async () => {
  const { holdfast, name, workers, fail } = await openClosing()
  const session = await holdfast.sessions.create()
  await fail('wedge')
  await session.state.set('a', 1)
  expect(workers).toHaveLength(2)
  await holdfast.close()
  expect(await checkLaws(name)).toEqual([])
})

test('FA13 a worker that throws what nobody catches is replaced: what was under way is performed once', async () => {
  const { holdfast, name, workers, fail } = await openClosing()
  const session = await holdfast.sessions.create()
  const turns = Array.from({ length: 40 }, (_, turn) => turn)
  const outcomes = await Promise.allSettled(
    turns.map(async (turn) => {
      if (turn === 20) await fail('throw')
      await session.emit('it.was', { turn }, { requestId: `emit-${turn}` })
    }),
  )

  await expect.poll(() => workers.length, { timeout: 10_000 }).toBe(2)
  const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason.retryable] : []))
  expect(refused).toEqual(refused.map(() => true))
  const { items } = await session.timeline.query({ types: ['it.was'], limit: 100 })
  const stored = items.map(({ data }) => (data as { turn: number }).turn)
  expect(new Set(stored).size).toBe(stored.length)
  const acknowledged = turns.filter((turn) => outcomes[turn]?.status === 'fulfilled')
  expect(stored).toEqual(expect.arrayContaining(acknowledged))
  await holdfast.close()
  expect(await checkLaws(name)).toEqual([])
})
