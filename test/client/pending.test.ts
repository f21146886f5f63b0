import { expect, onTestFinished, test, vi } from 'vitest'
import { createPending, type Outgoing } from '../../src/client/pending.ts'
import { TIMING } from '../../src/client/timing.ts'

function sending() {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const aborted: number[] = []
  const pending = createPending({ ...TIMING, backstopMs: 100 }, (id) => aborted.push(id))
  const outgoing: Outgoing = { id: 1, method: 'sessions.get', input: { id: 's1' }, deadlineMs: 1_000 }
  let ended: unknown
  pending.add({ outgoing }).then(
    () => {},
    (error: unknown) => {
      ended = error
    },
  )
  return { pending, aborted, ended: () => ended }
}

test('WI36 progress begins the time of a call anew', async () => {
  const { pending, ended } = sending()
  pending.takeUnsent()
  await vi.advanceTimersByTimeAsync(900)
  pending.progress(1, 1, 2)
  await vi.advanceTimersByTimeAsync(900)
  expect(ended()).toBeUndefined()
  await vi.advanceTimersByTimeAsync(200)
  expect(ended()).toMatchObject({ code: 'DEADLINE' })
})

test('WI36 a call that is repeated after progress has the time that is left since then', async () => {
  const { pending } = sending()
  pending.takeUnsent()
  await vi.advanceTimersByTimeAsync(900)
  pending.progress(1, 1, 2)
  await vi.advanceTimersByTimeAsync(300)
  pending.workerDied(new Error('gone') as never)
  expect(pending.takeUnsent()[0]?.outgoing).toMatchObject({ mayRepeat: true, deadlineMs: 700 })
})

test('WI36 a call that is given up is aborted, unless it was never sent', async () => {
  const sent = sending()
  sent.pending.takeUnsent()
  await vi.advanceTimersByTimeAsync(1_100)
  expect(sent.aborted).toEqual([1])
  const kept = sending()
  await vi.advanceTimersByTimeAsync(1_100)
  expect(kept.ended()).toMatchObject({ code: 'DEADLINE' })
  expect(kept.aborted).toEqual([])
})
