import { expect, test } from 'vitest'
import type { Locks } from '../../src/core/ports.ts'

/** What any implementation of locks does. */
export function describeLocks(make: () => Locks): void {
  test('PL6 one holder at a time, in the order of asking; another name is another lock', async () => {
    const locks = make()
    const name = freshName()
    const order: string[] = []
    const first = gate()
    const work = (label: string, wait?: Promise<void>) => async () => {
      order.push(`${label} in`)
      await wait
      order.push(`${label} out`)
      return label
    }
    const answers = [
      locks.request(name, {}, work('a', first.promise)),
      locks.request(name, {}, work('b')),
      locks.request(name, {}, work('c')),
    ]
    expect(await locks.request(freshName(), {}, async () => 'other')).toBe('other')
    first.open()
    expect(await Promise.all(answers)).toEqual(['a', 'b', 'c'])
    expect(order).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out'])
  })

  test('PL6 ifAvailable gives undefined at once while somebody holds the lock, and the lock when nobody does', async () => {
    const locks = make()
    const name = freshName()
    const inner = await locks.request(name, {}, async () => {
      const answer = await locks.request(name, { ifAvailable: true }, async () => 'got it')
      return { answer }
    })
    expect(inner).toEqual({ answer: undefined })
    expect(await locks.request(name, { ifAvailable: true }, async () => 'got it')).toBe('got it')
  })

  test('PL6 a holder that throws frees the lock', async () => {
    const locks = make()
    const name = freshName()
    await expect(locks.request(name, {}, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect(await locks.request(name, {}, async () => 'next')).toBe('next')
  })

  test('PL6 a waiter that is aborted leaves at once, and those behind it get the lock', async () => {
    const locks = make()
    const name = freshName()
    const held = gate()
    const holder = locks.request(name, {}, () => held.promise)
    const abort = new AbortController()
    let ran = false
    const waiter = locks.request(name, { signal: abort.signal }, async () => {
      ran = true
    })
    const behind = locks.request(name, {}, async () => 'behind')
    abort.abort(new Error('not any more'))
    await expect(waiter).rejects.toThrow('not any more')
    held.open()
    await holder
    expect(await behind).toBe('behind')
    expect(ran).toBe(false)
  })

  test('PL6 a signal that was aborted before asking, also with ifAvailable, asks for nothing', async () => {
    const locks = make()
    const signal = AbortSignal.abort(new Error('too late'))
    for (const options of [{ signal }, { signal, ifAvailable: true }]) {
      await expect(locks.request(freshName(), options, async () => 'held')).rejects.toThrow('too late')
    }
  })

  test('PL6 aborting after the lock was granted changes nothing', async () => {
    const locks = make()
    const abort = new AbortController()
    const answer = await locks.request(freshName(), { signal: abort.signal }, async () => {
      abort.abort()
      return 'done'
    })
    expect(answer).toBe('done')
  })

  test('PL6 a stolen lock ends its holder with an AbortError, lets its work go on, and is handed to who waits after the thief', async () => {
    const locks = make()
    const name = freshName()
    const order: string[] = []
    const [first, thief] = [gate(), gate()]
    const robbed = locks.request(name, {}, async () => {
      await first.promise
      order.push('first done')
    })
    const waiter = locks.request(name, {}, async () => order.push('waiter'))
    const stolen = locks.request(name, { steal: true }, async () => {
      order.push('thief')
      await thief.promise
    })
    await expect(robbed).rejects.toMatchObject({ name: 'AbortError' })
    // Whether the holder or the thief hears of it first is the browser's choice.
    await expect.poll(() => order).toEqual(['thief'])
    first.open()
    await expect.poll(() => order).toEqual(['thief', 'first done'])
    expect(await locks.request(name, { ifAvailable: true }, async () => 'free')).toBeUndefined()
    thief.open()
    await Promise.all([stolen, waiter])
    expect(order).toEqual(['thief', 'first done', 'waiter'])
    expect(await locks.request(name, { steal: true }, async () => 'nobody had it')).toBe('nobody had it')
  })
}

let count = 0

function freshName(): string {
  count += 1
  return `lock-${count}`
}

function gate(): { readonly promise: Promise<void>; readonly open: () => void } {
  let open = () => {}
  const promise = new Promise<void>((resolve) => {
    open = resolve
  })
  return { promise, open }
}
