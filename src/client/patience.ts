import { TIME_OUT } from './within.ts'

/** Waits for an answer, and anew when there is a reason why it takes longer. */
export interface Patience {
  /** The same promise, or a rejection with {@link TIME_OUT} when the time is up. */
  wait<T>(work: Promise<T>): Promise<T>
  /** From now on so many milliseconds. */
  putOff(ms: number): void
}

export function createPatience(ms: number): Patience {
  let giveUp = () => {}
  let timer = setTimeout(() => giveUp(), ms)
  const timeOut = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(TIME_OUT)
  })
  // What came in time leaves nobody who waits for it.
  timeOut.catch(() => {})
  return {
    async wait(work) {
      try {
        return await Promise.race([work, timeOut])
      } finally {
        clearTimeout(timer)
      }
    },
    putOff(longerMs) {
      clearTimeout(timer)
      timer = setTimeout(() => giveUp(), longerMs)
    },
  }
}
