import { createError, type HoldfastError, isHoldfastError } from '../core/errors.ts'
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
  return setDeadline(wall, deadlineMs, work, doing, tooLate).settled
}

/** As {@link withDeadline}, where what is waited for may turn out to need another time. */
export interface Deadline<T> {
  readonly settled: Promise<T>
  /** Begins anew, with so many milliseconds from now on. */
  putOff(deadlineMs: number): void
}

export function setDeadline<T>(
  wall: WallClock,
  deadlineMs: number,
  work: Promise<T>,
  doing: string,
  tooLate: (value: T) => void,
): Deadline<T> {
  let late = false
  let stop = () => {}
  let expire = (_afterMs: number) => {}

  function begin(ms: number): void {
    stop()
    stop = wall.after(ms, () => expire(ms))
  }
  const settled = new Promise<T>((resolve, reject) => {
    expire = (afterMs) => {
      late = true
      reject(deadlineError(doing, afterMs))
    }
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
  begin(deadlineMs)
  return {
    settled,
    putOff(ms) {
      if (!late) begin(ms)
    },
  }
}

function deadlineError(doing: string, deadlineMs: number): HoldfastError {
  return createError(
    'STORAGE_FAILED',
    `The browser did not answer within ${deadlineMs} ms while ${doing}. Close other tabs of this page and reload.`,
    { name: DEADLINE, doing, deadlineMs },
  )
}

const DEADLINE = 'deadline'

/** Whether this is the error of a deadline that passed. */
export function isDeadline(error: unknown): boolean {
  return isHoldfastError(error) && error.details.name === DEADLINE
}
