import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { createError } from '../../src/core/errors.ts'
import { createStewardChores, IDLE_MS, MAX_WAIT_MS } from '../../src/engine/steward-chores.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'

function rig() {
  const wall = fakeClock()
  const errors: unknown[] = []
  const heard: string[] = []
  const holder: { epoch: number | undefined } = { epoch: 5 }
  const chores = createStewardChores({
    wall,
    epoch: () => holder.epoch,
    onFenced: () => heard.push('fenced'),
    onDue: () => heard.push('due'),
    onError: (error) => errors.push(error),
  })
  return { wall, errors, heard, holder, chores }
}

test('SW3 chores are done one after the other, behind the epoch, when nothing was stored for two seconds', async () => {
  const { wall, chores, heard } = rig()
  const done: string[] = []
  for (const name of ['a', 'b']) {
    chores.register({
      name,
      async run(fence) {
        done.push(`${name} ${fence}`)
        await Promise.resolve()
        done.push(`${name} end`)
      },
    })
  }
  chores.noteWork()
  wall.advance(IDLE_MS - 1)
  chores.noteWork()
  expect(chores.due).toBe(true)
  wall.advance(IDLE_MS - 1)
  expect(done).toEqual([])
  wall.advance(1)
  await chores.run()
  expect(done.slice(0, 4)).toEqual(['a 5', 'a end', 'b 5', 'b end'])
  expect(chores.due).toBe(false)
  expect(heard).toEqual([])
})

test('SW3 where something is stored again and again the chores are done every 30 seconds all the same', async () => {
  const { wall, chores } = rig()
  let count = 0
  chores.register({
    name: 'a',
    async run() {
      count += 1
    },
  })
  const storeUntil = async (endMs: number) => {
    for (let at = 0; at < endMs; at += IDLE_MS / 2) {
      chores.noteWork()
      wall.advance(IDLE_MS / 2)
      await Promise.resolve()
    }
  }
  await storeUntil(MAX_WAIT_MS - IDLE_MS)
  expect(count).toBe(0)
  await storeUntil(IDLE_MS)
  expect(count).toBe(1)
  await storeUntil(10 * MAX_WAIT_MS)
  expect(count).toBe(11)
  wall.advance(IDLE_MS)
  // Nothing waits that was looked at.
  expect(wall.waiting).toBe(0)
})

test('SW3 a chore that fails is reported, and the others are done', async () => {
  const { chores, errors, heard } = rig()
  const done: string[] = []
  chores.register({ name: 'broken', run: () => Promise.reject(new Error('broken')) })
  chores.register({ name: 'sound', run: async () => done.push('sound') })
  await chores.run()
  expect(done).toEqual(['sound'])
  expect(errors).toMatchObject([{ message: 'broken' }])
  expect(heard).toEqual([])
})

test('SW4 a chore that meets the fence says that the stewardship is gone, and the rest is left to who has it', async () => {
  const { chores, errors, heard, holder } = rig()
  const done: string[] = []
  chores.register({
    name: 'late',
    run() {
      holder.epoch = undefined
      return Promise.reject(createError('STEWARD_FENCED', 'late'))
    },
  })
  chores.register({ name: 'next', run: async () => done.push('next') })
  await chores.run()
  expect([done, errors, heard]).toEqual([[], [], ['fenced']])
})

test('SW3 a worker that is not the steward does none, and says that some are due', async () => {
  const { wall, chores, heard, holder } = rig()
  holder.epoch = undefined
  const done: string[] = []
  chores.register({ name: 'a', run: async () => done.push('a') })
  await chores.run()
  chores.noteWork()
  wall.advance(IDLE_MS)
  expect([done, heard]).toEqual([[], ['due']])
})

test('SW3 what is asked for while chores are done has them done once more', async () => {
  const { chores } = rig()
  let count = 0
  chores.register({
    name: 'a',
    async run() {
      count += 1
      if (count === 1) void chores.run()
    },
  })
  await chores.run()
  expect(count).toBe(2)
})
