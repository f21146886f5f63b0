import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { type SessionId, STORE_STREAM, type StreamId, sessionStream } from '../../src/core/ids.ts'
import { createNotices, NOTICE_MS } from '../../src/engine/notices.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { startEngine } from './rig.ts'

const [ONE, OTHER] = ['s1' as SessionId, 's2' as SessionId]

function rig() {
  const wall = fakeClock()
  const said: number[] = []
  const notices = createNotices(wall, ({ watch }) => said.push(watch))
  return { wall, said, notices, take: () => said.splice(0) }
}

test('WL1 a change is told at once, and once more when its index rows have come', () => {
  const { wall, notices, take } = rig()
  notices.add({ type: 'notice', watch: 1 })
  notices.note(sessionStream(ONE))
  expect(take()).toEqual([1])
  wall.advance(NOTICE_MS)
  expect(take()).toEqual([1])
  wall.advance(NOTICE_MS)
  expect(take()).toEqual([])
})

test('WL1 a stream of changes is told every 300 ms, and after the last one', () => {
  const { wall, notices, take } = rig()
  notices.add({ type: 'notice', watch: 1 })
  for (let ms = 0; ms < 900; ms += 10) {
    notices.note(sessionStream(ONE))
    wall.advance(10)
  }
  expect(take().length).toBe(4)
  wall.advance(NOTICE_MS)
  expect(take()).toEqual([1])
})

test('WL1 a list of sessions hears of all of them and of deletions, one of artifacts of its session alone', () => {
  const { notices, take } = rig()
  notices.add({ type: 'notice', watch: 1 })
  notices.add({ type: 'notice', watch: 2, sessionId: ONE })
  notices.note(sessionStream(OTHER))
  expect(take()).toEqual([1])
  notices.note(sessionStream(ONE))
  expect(take()).toEqual([2])
  notices.note('global' as StreamId)
  expect(take()).toEqual([])
})

test('WL1 a deletion, which the store itself tells, concerns the list of sessions', () => {
  const { notices, take } = rig()
  notices.add({ type: 'notice', watch: 1 })
  notices.note(STORE_STREAM)
  expect(take()).toEqual([1])
})

test('WL2 a watch that ended is told nothing more', () => {
  const { wall, notices, take } = rig()
  notices.add({ type: 'notice', watch: 1 })
  notices.add({ type: 'notice', watch: 2 })
  notices.note(sessionStream(ONE))
  take()
  notices.remove(1)
  notices.close()
  notices.note(sessionStream(ONE))
  wall.advance(NOTICE_MS)
  expect(take()).toEqual([])
})

test('WL1 a list of artifacts hears that its session was deleted, in every tab', async () => {
  const name = 'noticed-deletion'
  const [here, there] = [await startEngine(name), await startEngine(name)]
  const { record } = await here.call('sessions.create', {})
  for (const tab of [here, there]) tab.send({ type: 'notice', watch: 1, sessionId: record.id })
  await here.call('sessions.delete', { id: record.id })
  for (const tab of [here, there]) {
    await expect.poll(() => tab.sent.filter(({ type }) => type === 'noticed').length).toBeGreaterThan(0)
    await tab.engine.close()
  }
})
