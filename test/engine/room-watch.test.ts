import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import type { SessionId } from '../../src/core/ids.ts'
import type { StorageMeter } from '../../src/core/ports.ts'
import { LOOK_AFTER_MS, LOOK_EVERY_MS, type RoomTold, watchRoom } from '../../src/engine/room-watch.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { startEngine } from './rig.ts'

/** A browser that says what a test sets, in percent of its quota. */
function meterAt(usage: number | null) {
  const meter = { usage, asked: 0 }
  const estimate: StorageMeter['estimate'] = async () => {
    meter.asked += 1
    return { usageBytes: meter.usage, quotaBytes: 100 }
  }
  const others = { persisted: async () => false, persist: async () => false }
  return { set: (next: number | null) => (meter.usage = next), asked: () => meter.asked, estimate, ...others }
}

function rig(usage: number | null) {
  const [wall, meter] = [fakeClock(), meterAt(usage)]
  const heard: RoomTold[] = []
  const watch = watchRoom(
    { wall, meter },
    (told) => heard.push(told),
    (error) => expect.unreachable(String(error)),
  )
  /** Lets so much time pass, and the answer to what it asked for come. */
  const pass = async (ms: number) => {
    wall.advance(ms)
    await Promise.resolve()
    await Promise.resolve()
  }
  return { watch, meter, heard, pass, rooms: () => heard.map(({ room }) => room) }
}

test('DM24 what becomes of the room is told once, when it is little, very little, and enough again', async () => {
  const { watch, meter, heard, pass, rooms } = rig(50)
  for (const usage of [50, 80, 85, 95, 79, 50, null]) {
    meter.set(usage)
    watch.noteStored()
    await pass(LOOK_EVERY_MS)
  }
  expect(rooms()).toEqual(['low', 'critical', 'enough', 'unknown'])
  expect(heard.map(({ message }) => message).slice(0, 2)).toEqual([
    'Little room is left: 80 % of what this browser gives is used.',
    'Hardly any room is left: 95 % of what this browser gives is used. Delete something, or storing will fail.',
  ])
})

test('DM24 the browser is asked two seconds after something was stored, and each half a minute at most', async () => {
  const { watch, meter, pass } = rig(90)
  await pass(LOOK_EVERY_MS)
  expect(meter.asked()).toBe(0)
  for (let at = 0; at < 5; at += 1) watch.noteStored()
  await pass(LOOK_AFTER_MS - 1)
  expect(meter.asked()).toBe(0)
  await pass(1)
  expect(meter.asked()).toBe(1)
  watch.noteStored()
  await pass(LOOK_EVERY_MS - 1)
  expect(meter.asked()).toBe(1)
  await pass(1)
  expect(meter.asked()).toBe(2)
  watch.noteStored()
  watch.stop()
  await pass(LOOK_EVERY_MS)
  expect(meter.asked()).toBe(2)
})

test('DM24 every page is told, also one that comes later; where there is room enough none is', async () => {
  const wall = fakeClock()
  const meter = meterAt(20)
  const tab = await startEngine(`room-${crypto.randomUUID()}`, { wall, meter })
  const told = () => tab.sent.filter(({ type }) => type === 'room')
  wall.advance(LOOK_AFTER_MS)
  await expect.poll(meter.asked).toBe(1)
  meter.set(96)
  await tab.call('sessions.create', { id: 'one' as SessionId })
  expect(told()).toEqual([])
  wall.advance(LOOK_EVERY_MS)
  await expect.poll(told).toMatchObject([{ type: 'room', room: 'critical' }])
  const later: unknown[] = []
  await tab.engine.connect({ protocol: 2, name: 'x', client: 'later' }, (message) => later.push(message))
  expect(later).toMatchObject([{ type: 'room', room: 'critical' }])
  await tab.engine.close()
})
