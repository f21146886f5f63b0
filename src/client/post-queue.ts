import type { PageMessage } from '../protocol/messages.ts'

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
    port.postMessage(messages)
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
