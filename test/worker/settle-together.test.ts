import { expect, onTestFinished, test, vi } from 'vitest'
import { BATCH_WAIT_MS } from '../../src/protocol/gate.ts'
import type { Settled } from '../../src/protocol/messages.ts'
import { settleTogether } from '../../worker/settle-together.ts'

function useFakeTimers(): void {
  vi.useFakeTimers()
  onTestFinished(() => {
    vi.useRealTimers()
  })
}

function call(id: number): { readonly settled: Promise<Settled>; settle(): void } {
  let settle = () => {}
  const settled = new Promise<Settled>((resolve) => {
    settle = () => resolve({ id, ok: true, value: id })
  })
  return { settled, settle }
}

const ids = (settled: readonly Settled[]) => settled.map(({ id }) => id)

test('WI6 a batch is answered as soon as all of it settled', async () => {
  useFakeTimers()
  const calls = [call(1), call(2)]
  const late = vi.fn()
  const answer = settleTogether(
    calls.map(({ settled }) => settled),
    late,
  )
  for (const { settle } of calls.toReversed()) settle()
  expect(ids(await answer)).toEqual([2, 1])
  expect(late).not.toHaveBeenCalled()
})

test('WI6 what has not settled 4 ms after the first goes its own way', async () => {
  useFakeTimers()
  const [first, soon, slow] = [call(1), call(2), call(3)]
  const late: Settled[] = []
  const answer = settleTogether([first.settled, soon.settled, slow.settled], (settled) => late.push(settled))
  // Nothing is waited for before the first.
  await vi.advanceTimersByTimeAsync(1_000)
  first.settle()
  await vi.advanceTimersByTimeAsync(BATCH_WAIT_MS - 1)
  soon.settle()
  await vi.advanceTimersByTimeAsync(1)
  expect(ids(await answer)).toEqual([1, 2])
  slow.settle()
  await slow.settled
  await vi.advanceTimersByTimeAsync(0)
  expect(ids(late)).toEqual([3])
})

test('WI6 an empty batch is answered', async () => {
  expect(await settleTogether([], () => {})).toEqual([])
})
