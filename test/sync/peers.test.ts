import { expect, test } from 'vitest'
import type { WriterId } from '../../src/core/ids.ts'
import type { Locks } from '../../src/core/ports.ts'
import { createProcessLocks } from '../../src/platform/process-locks.ts'
import { createPeers, PING_MS } from '../../src/sync/peers.ts'
import { createTabs } from '../../src/sync/tabs.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'

/** Tabs of one origin, which hear each other at once unless they are frozen. */
function origin(locks: Locks = createProcessLocks()) {
  const wall = fakeClock()
  const errors: unknown[] = []
  const tabs: { readonly hear: (message: unknown) => void; frozen: boolean }[] = []
  let pings = 0

  function open(name: string, { steward = false, own = locks, silent = false } = {}) {
    const listeners = new Set<(message: unknown) => void>()
    const tab = {
      hear: (message: unknown) => {
        for (const listener of [...listeners]) listener(message)
      },
      frozen: false,
    }
    tabs.push(tab)
    const channel = {
      silent,
      post(message: unknown) {
        for (const other of tabs) if (other !== tab && !other.frozen) other.hear(message)
      },
      listen(listener: (message: unknown) => void) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      close: () => {},
    }
    const writer = name as WriterId
    const gone: string[] = []
    const peers = createPeers({
      tabs: createTabs(channel, wall, { writer, generation: 'this' }),
      locks: own,
      wall,
      writer,
      isSteward: () => steward,
      newId: () => `ping-${++pings}`,
      onError: (error) => errors.push(error),
    })
    peers.onGone((who) => gone.push(who))
    return {
      peers,
      gone,
      writer,
      hear: tab.hear,
      freeze: () => {
        tab.frozen = true
      },
    }
  }
  return { wall, errors, open }
}

test('TA10 tabs meet whichever was there first, and hear when one of them has ended', async () => {
  const { open, errors } = origin()
  const one = open('one')
  expect(one.peers.alone).toBe(true)
  const other = open('other')
  await expect.poll(() => [one.peers.alone, other.peers.alone]).toEqual([false, false])
  other.peers.stop()
  await expect.poll(() => one.gone).toEqual(['other'])
  expect([one.peers.alone, other.gone]).toEqual([true, []])
  one.peers.stop()
  expect(errors).toEqual([])
})

test('TA10 where tabs share no locks nobody is taken for gone', async () => {
  const { open, errors } = origin()
  const one = open('one')
  const other = open('other', { own: createProcessLocks() })
  await expect.poll(() => [one.peers.alone, other.peers.alone]).toEqual([false, false])
  other.peers.stop()
  await one.peers.answers(one.writer)
  expect([one.gone, errors]).toEqual([[], []])
  one.peers.stop()
})

test('TA10 a tab that had left when it was heard is watched once it is there again', async () => {
  const locks = createProcessLocks()
  const { open, errors } = origin(locks)
  const other = open('other')
  other.peers.leave()
  const isFree = () => locks.request('tab:other', {}, async () => {})
  await isFree()
  const one = open('one')
  expect(one.peers.alone).toBe(true)
  // Its word was on its way as it left.
  one.hear({ type: 'present', writer: other.writer, answer: false })
  await isFree()
  other.peers.join()
  await expect
    .poll(() => locks.request('tab:other', { ifAvailable: true }, async () => 'free'))
    .toBeUndefined()
  other.peers.stop()
  await expect.poll(() => one.gone).toEqual(['other'])
  expect([one.peers.alone, errors]).toEqual([true, []])
  one.peers.stop()
})

test('TA10 a tab that had ended when it was heard is gone, as soon as it is known that tabs share their locks', async () => {
  const { open, errors } = origin()
  const one = open('one')
  one.hear({ type: 'present', writer: 'dead before', answer: false })
  await one.peers.answers(one.writer)
  expect(one.gone).toEqual([])
  const other = open('other')
  await expect.poll(() => one.gone).toEqual(['dead before'])
  one.hear({ type: 'present', writer: 'dead after', answer: false })
  await expect.poll(() => one.gone).toEqual(['dead before', 'dead after'])
  expect(one.peers.alone).toBe(false)
  other.peers.stop()
  await expect.poll(() => one.peers.alone).toBe(true)
  one.peers.stop()
  expect(errors).toEqual([])
})

test('TA11 a worker answers for itself, and the steward as such; a frozen one does not', async () => {
  const { open, wall } = origin()
  const one = open('one')
  const other = open('other', { steward: true })
  expect(await one.peers.answers(other.writer)).toBe(true)
  expect(await one.peers.answers('steward')).toBe(true)
  expect(await one.peers.answers(one.writer)).toBe(true)

  other.freeze()
  const asked = [one.peers.answers(other.writer), one.peers.answers('steward')]
  wall.advance(PING_MS - 1)
  const unanswered = await Promise.race([Promise.all(asked), Promise.resolve('waiting')])
  wall.advance(1)
  expect([unanswered, await Promise.all(asked)]).toEqual(['waiting', [false, false]])
})

test('TA11 where tabs cannot hear each other, nobody is taken for frozen', async () => {
  const { open } = origin()
  const one = open('one', { silent: true })
  expect(await one.peers.answers('other' as WriterId)).toBe(true)
})

test('TA11 a worker that left is taken for ended and answers nothing, until it is there again', async () => {
  const { open, wall, errors } = origin()
  const one = open('one')
  const other = open('other')
  await expect.poll(() => [one.peers.alone, other.peers.alone]).toEqual([false, false])
  other.peers.leave()
  await expect.poll(() => one.gone).toEqual(['other'])
  const asked = one.peers.answers(other.writer)
  wall.advance(PING_MS)
  expect(await asked).toBe(false)

  other.peers.join()
  await expect.poll(() => one.peers.alone).toBe(false)
  expect(await one.peers.answers(other.writer)).toBe(true)
  for (const { peers } of [one, other]) peers.stop()
  expect(errors).toEqual([])
})
