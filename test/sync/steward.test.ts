import { expect, test } from 'vitest'
import type { Locks } from '../../src/core/ports.ts'
import { createProcessLocks } from '../../src/platform/process-locks.ts'
import { createSteward } from '../../src/sync/steward.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'

/** Workers of one database, each with a steward of its own. */
function database(locks: Locks = createProcessLocks()) {
  const taken: string[] = []
  const errors: unknown[] = []
  const wall = fakeClock()
  let epoch = 0
  return {
    taken,
    errors,
    wall,
    raise: () => {
      epoch += 1
    },
    worker: (name: string, own: Locks = locks, takeEpoch: () => Promise<number> = async () => ++epoch) =>
      createSteward({
        locks: own,
        wall,
        takeEpoch,
        readEpoch: async () => epoch,
        onTaken: (at) => taken.push(`${name} ${at}`),
        onError: (error) => errors.push(error),
      }),
  }
}

test('SW1 one worker is the steward; when it ends the next one is, at the next epoch', async () => {
  const { taken, errors, worker } = database()
  const [one, other] = [worker('one'), worker('other')]
  await expect.poll(() => taken).toEqual(['one 1'])
  expect([one.held, one.epoch, other.held, other.epoch]).toEqual([true, 1, false, undefined])

  one.close()
  await expect.poll(() => taken).toEqual(['one 1', 'other 2'])
  expect([one.held, other.epoch]).toEqual([false, 2])
  other.close()
  expect(errors).toEqual([])
})

test("SW5 a stolen stewardship is the thief's; who lost it waits for it anew", async () => {
  const { taken, errors, wall, worker } = database()
  const [one, other] = [worker('one'), worker('other')]
  await expect.poll(() => taken).toEqual(['one 1'])

  other.steal()
  await expect.poll(() => taken).toEqual(['one 1', 'other 2'])
  await expect.poll(() => one.held).toBe(false)
  wall.advance(1_000)
  other.close()
  await expect.poll(() => taken).toEqual(['one 1', 'other 2', 'one 3'])
  one.close()
  expect(errors).toEqual([])
})

test('SW5 who left is passed over until it asks again', async () => {
  const { taken, errors, worker } = database()
  const [one, other] = [worker('one'), worker('other')]
  await expect.poll(() => taken).toEqual(['one 1'])
  one.leave()
  await expect.poll(() => taken).toEqual(['one 1', 'other 2'])
  other.leave()
  expect([one.held, other.held]).toEqual([false, false])
  one.queue()
  await expect.poll(() => taken).toEqual(['one 1', 'other 2', 'one 3'])
  for (const each of [one, other]) each.close()
  expect(errors).toEqual([])
})

test('SW4 workers that share no locks fence each other and go on', async () => {
  const { taken, errors, worker } = database()
  const [one, other] = [worker('one', createProcessLocks()), worker('other', createProcessLocks())]
  await expect.poll(() => taken).toEqual(['one 1', 'other 2'])
  one.fenced(1)
  await expect.poll(() => taken).toEqual(['one 1', 'other 2', 'one 3'])
  expect(one.epoch).toBe(3)
  // A chore of its former term that comes to its end only now.
  one.fenced(1)
  expect(one.epoch).toBe(3)
  for (const each of [one, other]) each.close()
  expect(errors).toEqual([])
})

test('SW5 an epoch that cannot be stored makes no steward; it is asked for again, and freed meanwhile', async () => {
  const { taken, errors, wall, worker } = database()
  let failures = 1
  const one = worker('one', undefined, async () => {
    failures -= 1
    if (failures >= 0) throw new Error('no room')
    return 7
  })
  await expect.poll(() => errors).toMatchObject([{ message: 'no room' }])
  expect(one.held).toBe(false)
  wall.advance(1_000)
  await expect.poll(() => taken).toEqual(['one 7'])
  one.close()
})

test('SW5 a stewardship that is stolen while its epoch is being taken is no failure', async () => {
  const { taken, errors, worker } = database()
  let store = (_epoch: number) => {}
  const storing = new Promise<number>((resolve) => {
    store = resolve
  })
  const asked: string[] = []
  const one = worker('one', undefined, () => {
    asked.push('one')
    return storing
  })
  const other = worker('other')
  await expect.poll(() => asked).toEqual(['one'])

  other.steal()
  await expect.poll(() => taken).toEqual(['other 1'])
  store(2)
  await storing
  expect([one.held, other.held]).toEqual([false, true])
  one.close()
  other.close()
  expect(errors).toEqual([])
})

test('SW5 who yields its turn waits behind the others, and keeps it where nobody waits', async () => {
  const { taken, worker } = database()
  const one = worker('one')
  await expect.poll(() => taken).toEqual(['one 1'])
  one.yieldTurn()
  await expect.poll(() => taken).toEqual(['one 1', 'one 2'])
  const other = worker('other')
  one.queue()
  one.yieldTurn()
  await expect.poll(() => taken).toEqual(['one 1', 'one 2', 'other 3'])
  other.close()
  await expect.poll(() => taken.at(-1)).toBe('one 4')
  one.close()
})

test('SW5 a worker that did not run for a while finds out by the stored epoch that it is the steward no more', async () => {
  const { taken, raise, worker } = database()
  const one = worker('one')
  await expect.poll(() => taken).toEqual(['one 1'])
  await one.check()
  expect([one.held, one.epoch]).toEqual([true, 1])
  // As a browser does that brings a page back without the lock it had.
  raise()
  await one.check()
  await expect.poll(() => taken).toEqual(['one 1', 'one 3'])
  one.close()
})
