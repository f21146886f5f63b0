import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchSessionTime } from '../../src/client/session-time.ts'
import type { Stream } from '../../src/client/shared-stream.ts'
import { createError } from '../../src/core/errors.ts'
import type { SessionLimits, SessionRecord } from '../../src/core/session/record.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A step under way in a session whose worker says in turn how much time is left. */
function watched(limits: SessionLimits | undefined, answers: readonly (number | null | Error)[]) {
  let record = recordOf(limits)
  let listener = (_record: SessionRecord | undefined) => {}
  let asked = 0
  const stream: Pick<Stream, 'record' | 'subscribe'> = {
    get record() {
      return record
    },
    subscribe: (follow) => {
      listener = follow
      return () => {
        listener = () => {}
      }
    },
  }
  const stopping = new AbortController()
  const ask = async () => {
    const answer = answers[asked] ?? null
    asked += 1
    if (answer instanceof Error) throw answer
    return { leftMs: answer }
  }
  const end = watchSessionTime(stream, stopping, ask)
  return {
    signal: stopping.signal,
    end,
    get asked() {
      return asked
    },
    edit(next: SessionLimits | undefined) {
      record = recordOf(next)
      listener(record)
    },
  }
}

const recordOf = (limits: SessionLimits | undefined) =>
  ({ id: 's1', status: 'active', ...(limits && { limits }) }) as Partial<SessionRecord> as SessionRecord

const over = createError('LIMIT_EXCEEDED', 'over')

test('PO27 without a limit of its time a session costs no call and no timer', async () => {
  const { edit, ...watch } = watched({ maxIdleMs: 5, maxTokens: 7 }, [])
  expect(vi.getTimerCount()).toBe(0)
  edit({ maxIdleMs: 6 })
  await vi.runAllTimersAsync()
  expect(watch.asked).toBe(0)
})

test('PO27 the worker is asked again when the time that it named has passed, at once after an edit, and after a failure that may pass', async () => {
  const watch = watched({ maxDurationMs: 1_000 }, [900, createError('DEADLINE', 'late'), 500, over])
  await vi.advanceTimersByTimeAsync(50)
  expect(watch.asked).toBe(1)
  await vi.advanceTimersByTimeAsync(901)
  expect(watch.asked).toBe(2)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(watch.asked).toBe(3)
  watch.edit({ maxDurationMs: 10 })
  await vi.advanceTimersByTimeAsync(0)
  expect(watch.asked).toBe(4)
  expect(watch.signal.reason).toBe(over)
})

test('PO27 a step that has ended asks no more', async () => {
  const watch = watched({ maxDurationMs: 1_000 }, [900])
  await vi.advanceTimersByTimeAsync(50)
  watch.end()
  watch.edit({ maxDurationMs: 10 })
  await vi.runAllTimersAsync()
  expect(watch.asked).toBe(1)
})
