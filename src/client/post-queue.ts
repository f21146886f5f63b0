import type { PageMessage } from '../protocol/messages.ts'
import { toForeignError } from '../protocol/wire-error.ts'

/** Sends by the data port what one microtask produced as one array. */
export interface PostQueue {
  /** Messages posted so far: what a batch tells the worker to wait for. */
  readonly posted: number
  post(message: PageMessage): void
  /** Sends at once what is queued. */
  flush(): void
}

export function createPostQueue(port: MessagePort): PostQueue {
  let queue: PageMessage[] = []
  let posted = 0

  const flush = () => {
    if (queue.length === 0) return
    const messages = queue
    queue = []
    try {
      port.postMessage(messages)
    } catch {
      // Something that a hook or a step answered cannot be cloned: the others go without it.
      for (const message of messages) postAlone(port, message)
    }
  }

  return {
    get posted() {
      return posted
    },
    post: (message) => {
      if (queue.length === 0) queueMicrotask(flush)
      queue.push(message)
      posted += 1
    },
    flush,
  }
}

function postAlone(port: MessagePort, message: PageMessage): void {
  try {
    port.postMessage([message])
  } catch (error) {
    port.postMessage([insteadOf(message, error)])
    if (message.type !== 'answer') reportError(error)
  }
}

/** Always one for one, since the worker counts what comes in. */
function insteadOf(message: PageMessage, error: unknown): PageMessage {
  if (message.type !== 'answer') return { type: 'ping', ping: 0 }
  return { ...message, outcome: { ok: false, error: toForeignError(error) } }
}
