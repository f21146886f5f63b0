/** What {@link within} rejects with. */
export const TIME_OUT = Symbol('time-out')

/** The same promise, or a rejection with {@link TIME_OUT} after `ms` milliseconds. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeOut = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(TIME_OUT), ms)
  })
  try {
    return await Promise.race([work, timeOut])
  } finally {
    clearTimeout(timer)
  }
}
