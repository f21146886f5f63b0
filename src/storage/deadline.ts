import { createError, isHoldfastError } from '../core/errors.ts'
import type { WallClock } from '../core/ports.ts'

/**
 * Rejects when `work` has not settled in time; what comes later is given to `tooLate`, so that nothing leaks.
 *
 * WebKit answers neither an open nor a delete that is queued behind a connection whose worker was terminated.
 */
export function withDeadline<T>(
  wall: WallClock,
  deadlineMs: number,
  work: Promise<T>,
  doing: string,
  tooLate: (value: T) => void = () => {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    let late = false
    const stop = wall.after(deadlineMs, () => {
      late = true
      reject(
        createError(
          'STORAGE_FAILED',
          `The browser did not answer within ${deadlineMs} ms while ${doing}. Close other tabs of this page and reload.`,
          { name: DEADLINE, doing, deadlineMs },
        ),
      )
    })
    work.then(
      (value) => {
        stop()
        if (late) tooLate(value)
        else resolve(value)
      },
      (error) => {
        stop()
        reject(error)
      },
    )
  })
}

const DEADLINE = 'deadline'

/** Whether this is the error of a deadline that passed. */
export function isDeadline(error: unknown): boolean {
  return isHoldfastError(error) && error.details.name === DEADLINE
}
