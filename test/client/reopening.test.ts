import { expect, onTestFinished, test, vi } from 'vitest'
import { createReopening } from '../../src/client/reopening.ts'
import { TIMING } from '../../src/client/timing.ts'
import { createError, type ErrorCode } from '../../src/core/errors.ts'

/** An opening that fails as the browser's storage does, until it is mended. */
function failing(name = 'UnknownError', code: ErrorCode = 'STORAGE_FAILED') {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  let isBroken = true
  let tries = 0
  const reopening = createReopening(TIMING, {
    open: async () => {
      tries += 1
      if (isBroken) throw createError(code, 'It failed.', { name })
      reopening.over()
    },
    probe: () => void reopening.again(),
  })
  let outcome: unknown
  const begin = () =>
    reopening.begin().then(
      () => {
        outcome = 'open'
      },
      (error: unknown) => {
        outcome = error
      },
    )
  return {
    reopening,
    begin,
    tries: () => tries,
    outcome: () => outcome,
    mend: () => {
      isBroken = false
    },
  }
}

test('DM13 the tries wait less than four seconds in all', async () => {
  const { begin, outcome, tries, reopening } = failing()
  void begin()
  await vi.advanceTimersByTimeAsync(3_700)
  expect(outcome()).toBeUndefined()
  await vi.advanceTimersByTimeAsync(100)
  expect(outcome()).toMatchObject({ code: 'STORAGE_NEEDS_RELOAD', details: { tries: 5 } })
  expect(tries()).toBe(5)
  expect(reopening.isGivenUp).toBe(true)
})

test('DM13 a failure that passes costs no more than the wait', async () => {
  const { begin, outcome, mend } = failing()
  void begin()
  await vi.advanceTimersByTimeAsync(300)
  mend()
  await vi.advanceTimersByTimeAsync(500)
  expect(outcome()).toBe('open')
})

test('DM13 a disk that is full is tried as often, and told as what it is', async () => {
  const { begin, outcome, tries } = failing('disk full', 'QUOTA_EXCEEDED')
  void begin()
  await vi.advanceTimersByTimeAsync(3_800)
  expect(outcome()).toMatchObject({
    code: 'STORAGE_NEEDS_RELOAD',
    message: expect.stringMatching(/^The disk is full.*goes on by itself/),
    cause: { code: 'QUOTA_EXCEEDED' },
  })
  expect(tries()).toBe(5)
})

test('DM13 what another try cannot mend is told at once', async () => {
  const { begin, outcome, tries } = failing('VersionError')
  await begin()
  expect(outcome()).toMatchObject({ code: 'STORAGE_FAILED' })
  expect(tries()).toBe(1)
})

test('DM14 a page that needs a reload tries again every 15 seconds, until it is open or closed', async () => {
  const opened = failing()
  void opened.begin()
  await vi.advanceTimersByTimeAsync(4_000 + 30_000)
  expect(opened.tries()).toBe(5 + 2)
  opened.mend()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(opened.tries()).toBe(5 + 3)
  expect(opened.reopening.isGivenUp).toBe(false)

  const closed = failing()
  void closed.begin()
  await vi.advanceTimersByTimeAsync(4_000)
  closed.reopening.stop()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(closed.tries()).toBe(5)
})
