import { expect, test } from 'vitest'
import { HoldfastError } from '../../src/index.ts'
import { expectSound, visit, visitAgain } from './visit.ts'

const COUNT = 10_000
const BUFFER = 500

test('OR49 ten thousand events under slow readers: bounded buffers, each loss counted, nothing lost in the log', async () => {
  const first = await visit()
  const session = await first.holdfast.sessions.create()
  const start = (overflow: 'catch-up' | 'drop-oldest' | 'drop-newest' | 'fail') =>
    session.timeline.watch({ types: ['load.*'], buffer: BUFFER, overflow })
  const catching = start('catch-up')
  const [oldest, newest, failing] = [start('drop-oldest'), start('drop-newest'), start('fail')]
  const watches = [catching, oldest, newest, failing]
  // Whoever waits is asked first, so that each watch has begun.
  const firsts = Promise.all(watches.map((watch) => watch.next()))
  const stored: string[] = []
  let most = 0
  for (let burst = 0; burst < 10; burst += 1) {
    const emitted = Array.from({ length: COUNT / 10 }, (_, n) => session.emit(`load.t${n % 7}`, { burst, n }))
    for (const { id } of await Promise.all(emitted)) stored.push(id)
    most = Math.max(most, ...watches.map(({ waiting }) => waiting))
  }
  expect(most).toBeLessThanOrEqual(BUFFER)
  expect(stored).toEqual(stored.toSorted())
  expect(new Set(stored).size).toBe(COUNT)

  const [one] = await firsts
  const seen = [one?.value?.id ?? '']
  while (seen.length < COUNT) seen.push((await catching.next()).value?.id ?? 'ended')
  expect(seen).toEqual(stored)
  expect(catching.pauses).toBeGreaterThan(0)
  expect([catching.dropped, catching.waiting]).toEqual([0, 0])
  await expect.poll(() => oldest.dropped + oldest.waiting).toBe(COUNT - 1)
  await expect.poll(() => newest.dropped + newest.waiting).toBe(COUNT - 1)
  const left: string[] = []
  while (oldest.waiting > 0) left.push((await oldest.next()).value?.id ?? '')
  expect(left).toEqual(stored.slice(-BUFFER))
  expect((await newest.next()).value?.id).toBe(stored[1])

  const failed = async () => {
    for (let read = 1; ; read += 1) {
      try {
        await failing.next()
      } catch (error) {
        return { read, since: error instanceof HoldfastError ? error.details.since : error }
      }
    }
  }
  const { read, since } = await failed()
  expect(since).toBe(stored[read - 1])
  // What arrives together counts before its first reader is answered.
  expect([BUFFER, BUFFER + 1]).toContain(read)

  const next = await visitAgain(first)
  const again = await next.holdfast.sessions.open(session.id)
  const found: string[] = []
  let cursor: string | undefined
  do {
    const page = await again.timeline.query({
      types: ['load.*'],
      limit: 3_000,
      ...(cursor !== undefined && { cursor }),
    })
    found.push(...page.items.map(({ id }) => id))
    cursor = page.cursor
  } while (cursor !== undefined)
  expect(found).toEqual(stored)
  const { types } = await again.timeline.statistics({ types: ['load.t*'] })
  expect(Object.values(types).reduce((sum, count) => sum + count, 0)).toBe(COUNT)
  expect((await again.timeline.metrics()).operations.kinds.app).toBe(COUNT)
  await expectSound(next)
}, 120_000)
