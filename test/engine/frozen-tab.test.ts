/** A tab that the browser has frozen keeps its locks and answers nothing. */
import 'fake-indexeddb/auto'
import { expect, onTestFinished, test } from 'vitest'
import type { TabChannel } from '../../src/core/ports.ts'
import { encodeStepValue } from '../../src/core/run/value.ts'
import { createTabChannel } from '../../src/platform/channel.ts'
import { createProcessLocks } from '../../src/platform/process-locks.ts'
import { createWallClock } from '../../src/platform/wall-clock.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { startEngine } from './rig.ts'

/** The host's clock, whose timers ring ten times as soon. */
function hastyWall() {
  const wall = createWallClock()
  return { ...wall, after: (delayMs: number, ring: () => void) => wall.after(delayMs / 10, ring) }
}

async function twoTabs() {
  const name = `frozen-${crypto.randomUUID()}`
  const locks = createProcessLocks()
  let frozen = false
  const freezable = (channel: string): TabChannel => {
    const real = createTabChannel(channel)
    return {
      post: (message) => frozen || real.post(message),
      listen: (listener) => real.listen((message) => frozen || listener(message)),
      close: real.close,
    }
  }
  const one = await startEngine(name, { locks, wall: hastyWall(), openChannel: freezable })
  const other = await startEngine(name, { locks, wall: hastyWall() })
  const { record } = await one.call('sessions.create', { name: 'one' })
  onTestFinished(async () => {
    await one.engine.close()
    await other.engine.close()
    expect(await checkLaws(name)).toEqual([])
  })
  return {
    name,
    one,
    other,
    session: record.id,
    freeze: () => {
      frozen = true
    },
    thaw: () => {
      frozen = false
    },
  }
}

async function stewardRow(name: string): Promise<{ epoch: number; writer: string }> {
  const database = await new Promise<IDBDatabase>((resolve) => {
    const opening = indexedDB.open(name)
    opening.onsuccess = () => resolve(opening.result)
  })
  return new Promise((resolve) => {
    const reading = database.transaction('meta').objectStore('meta').get('steward')
    reading.onsuccess = () => {
      database.close()
      resolve(reading.result)
    }
  })
}

test('TA11 a run whose owner answers is left to it; of a frozen owner it is taken over, and what that commits late is RUN_FENCED', async () => {
  const { one, other, session, freeze, thaw } = await twoTabs()
  const begun = await one.call('runs.open', { sessionId: session, name: 'work', key: 'k' })
  expect(begun.owned).toBe(true)
  expect((await other.call('runs.open', { sessionId: session, name: 'work', key: 'k' })).owned).toBe(false)

  freeze()
  const taken = await other.call('runs.open', { sessionId: session, name: 'work', key: 'k' })
  expect(taken).toMatchObject({ owned: true, run: { id: begun.run.id, epoch: begun.run.epoch + 1 } })

  thaw()
  const outcome = { ok: true, value: await encodeStepValue(null) } as const
  await expect(
    one.call('runs.finish', { runId: begun.run.id, epoch: begun.run.epoch, outcome }),
  ).rejects.toMatchObject({ code: 'RUN_FENCED' })
  expect(await one.call('runs.explain', { runId: begun.run.id })).toMatchObject({
    why: 'Another tab runs it.',
  })
})

test('SW6 a steward that is frozen is robbed of it by whoever has chores to be done; its own late chores are fenced', async () => {
  const { name, one, other, session, freeze, thaw } = await twoTabs()
  await expect.poll(() => stewardRow(name)).toMatchObject({ epoch: 1 })
  const first = await stewardRow(name)
  freeze()
  await other.call('timeline.emit', { sessionId: session, type: 'order.placed', data: {} })
  await expect.poll(() => stewardRow(name), { timeout: 4_000 }).toMatchObject({ epoch: 2 })
  expect((await stewardRow(name)).writer).not.toBe(first.writer)

  thaw()
  // It hears that it lost the lock, and waits behind the new one.
  await one.call('sessions.transition', { id: session, verb: 'suspend' })
  expect(await stewardRow(name)).toMatchObject({ epoch: 2 })
  expect([one.errors, other.errors]).toEqual([[], []])
})
