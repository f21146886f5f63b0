import { expect, onTestFinished, test, vi } from 'vitest'
import type { Outgoing } from '../../src/client/call-errors.ts'
import { createPending } from '../../src/client/pending.ts'
import { createSendWindow } from '../../src/client/send-window.ts'
import { TIMING } from '../../src/client/timing.ts'
import { createError, type HoldfastError } from '../../src/core/errors.ts'
import type { RequestId } from '../../src/core/ids.ts'

function sending() {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const aborted: number[] = []
  const pending = createPending({ ...TIMING, backstopMs: 100 }, createSendWindow(1_000), {
    onAbort: (id) => aborted.push(id),
    onRoom: () => {},
  })
  const outgoing: Outgoing = { id: 1, method: 'sessions.get', input: { id: 's1' }, deadlineMs: 1_000 }
  let ended: unknown
  pending.add({ outgoing, load: { bytes: 1 } }).then(
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

test('WI36, EN14: after all calls were given up the next ones have their deadlines', async () => {
  const { pending, ended } = sending()
  pending.rejectAll(createError('STORAGE_LOST', 'gone'))
  await vi.advanceTimersByTimeAsync(10)
  expect(ended()).toMatchObject({ code: 'STORAGE_LOST' })
  const outgoing: Outgoing = { id: 2, method: 'sessions.get', input: { id: 's1' }, deadlineMs: 1_000 }
  const later = pending.add({ outgoing, load: { bytes: 1 } }).catch((error: unknown) => error)
  pending.takeUnsent()
  await vi.advanceTimersByTimeAsync(1_200)
  expect(await later).toMatchObject({ code: 'DEADLINE' })
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

/** Calls of some bytes each, over a window of 1,000. */
function windowed() {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const window = createSendWindow(1_000)
  let room = 0
  const pending = createPending({ ...TIMING, backstopMs: 100 }, window, {
    onAbort: () => {},
    onRoom: () => {
      room += 1
    },
  })
  const outcomes = new Map<number, unknown>()
  const call = (id: number, bytes: number, hookPath?: readonly string[]) => {
    const outgoing: Outgoing = {
      id,
      method: 'sessions.create',
      input: {},
      deadlineMs: 1_000,
      requestId: `r${id}` as RequestId,
      ...(hookPath && { hookPath }),
    }
    pending.add({ outgoing, load: { bytes } }).then(
      () => outcomes.set(id, 'stored'),
      (error: HoldfastError) => outcomes.set(id, error.code),
    )
  }
  return {
    window,
    pending,
    outcomes,
    call,
    rooms: () => room,
    take: () => pending.takeUnsent().map(({ outgoing }) => outgoing.id),
    settle: (id: number) => pending.settle({ id, ok: true, value: null }),
  }
}

test('WI43 calls beyond the window wait, and go in their order as others are answered', () => {
  const { call, take, settle, rooms, window } = windowed()
  for (const [id, bytes] of [
    [1, 600],
    [2, 300],
    [3, 200],
    [4, 50],
  ] as const)
    call(id, bytes)
  expect(take()).toEqual([1, 2])
  // The small one would fit, but it came later.
  expect(take()).toEqual([])
  expect(window.queuedBytes).toBe(1_150)
  settle(2)
  expect(rooms()).toBe(1)
  expect(take()).toEqual([3, 4])
  expect(window.queuedBytes).toBe(850)
})

test('WI43 a call larger than the window goes when nothing else is under way; what a hook called goes at once', () => {
  const { call, take, settle } = windowed()
  call(1, 10)
  call(2, 5_000)
  call(3, 10)
  expect(take()).toEqual([1])
  call(4, 10, ['state:write'])
  expect(take()).toEqual([4])
  settle(1)
  settle(4)
  expect(take()).toEqual([2])
  settle(2)
  expect(take()).toEqual([3])
})

test('WI43 the time of a call that waits for its turn begins when it is sent', async () => {
  const { call, take, settle, outcomes } = windowed()
  call(1, 900)
  call(2, 900)
  take()
  await vi.advanceTimersByTimeAsync(1_000)
  settle(1)
  call(3, 900)
  take()
  await vi.advanceTimersByTimeAsync(1_050)
  expect(outcomes).toEqual(new Map([[1, 'stored']]))
  await vi.advanceTimersByTimeAsync(100)
  expect(outcomes.get(2)).toBe('OUTCOME_UNKNOWN')
})

test('WI43 what a dead worker left goes first, before what waited behind it', () => {
  const { call, take, pending } = windowed()
  call(1, 600)
  call(2, 300)
  call(3, 900)
  expect(take()).toEqual([1, 2])
  pending.workerDied(createError('WORKER_START', 'died'))
  expect(take()).toEqual([1, 2])
})

test('PG105 ready waits while as much is under way as may be, and refuses when the store closes', async () => {
  const { call, take, settle, window } = windowed()
  await window.ready
  call(1, 400)
  expect(window.desiredSize).toBe(600)
  call(2, 700)
  take()
  expect(window.desiredSize).toBe(-100)
  let isReady = false
  void window.ready.then(() => {
    isReady = true
  })
  await Promise.resolve()
  expect(isReady).toBe(false)
  settle(1)
  await window.ready
  expect(window.desiredSize).toBe(300)
  call(3, 800)
  const refused = expect(window.ready).rejects.toMatchObject({ code: 'CLOSED' })
  window.close()
  await refused
})
