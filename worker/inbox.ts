import { isHoldfastError } from '../src/core/errors.ts'
import { assertPageMessage } from '../src/protocol/assert-page-message.ts'
import type { PageMessage } from '../src/protocol/messages.ts'

export interface Inbox {
  /** Resolves when this many messages have come in since the port was opened. */
  received(count: number): Promise<void>
}

/** Reads the data port. A page sends what one microtask produced as one array. */
export function createInbox(
  port: MessagePort,
  take: (message: PageMessage) => void,
  refuse: (message: unknown, error: unknown) => void,
): Inbox {
  let count = 0
  let waiting: { readonly count: number; readonly resolve: () => void }[] = []

  port.onmessage = ({ data }: MessageEvent<unknown>) => {
    for (const message of Array.isArray(data) ? data : [data]) {
      count += 1
      try {
        assertPageMessage(message)
        // Also what is refused only where it is looked at closely must not end this worker.
        take(message)
      } catch (error) {
        if (!isHoldfastError(error)) throw error
        refuse(message, error)
      }
    }
    const ready = waiting.filter((each) => each.count <= count)
    waiting = waiting.filter((each) => each.count > count)
    for (const { resolve } of ready) resolve()
  }

  return {
    received: (wanted) =>
      wanted <= count
        ? Promise.resolve()
        : new Promise((resolve) => waiting.push({ count: wanted, resolve })),
  }
}
