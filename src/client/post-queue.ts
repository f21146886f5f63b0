import { nextTurn } from '../core/next-turn.ts'
import type { PageMessage } from '../protocol/messages.ts'
import { toForeignError } from '../protocol/wire-error.ts'

/** Sends by the data port what one microtask produced as one array. */
export interface PostQueue {
  /** Messages posted so far: what a batch tells the worker to wait for. */
  readonly posted: number
  /** @param transfer what is handed over with it */
  post(message: PageMessage, transfer?: readonly Transferable[]): void
  /** Sends at once what is queued. */
  flush(): void
}

export function createPostQueue(port: MessagePort): PostQueue {
  let queue: Posting[] = []
  let posted = 0

  const flush = () => {
    if (queue.length === 0) return
    const postings = queue
    queue = []
    try {
      port.postMessage(
        postings.map(({ message }) => message),
        postings.flatMap(({ transfer }) => transfer),
      )
    } catch {
      // Something that a hook or a step answered cannot be cloned: the others go without it.
      for (const posting of postings) postAlone(port, posting)
    }
  }

  return {
    get posted() {
      return posted
    },
    post: (message, transfer = []) => {
      if (queue.length === 0) nextTurn(flush)
      queue.push({ message, transfer })
      posted += 1
    },
    flush,
  }
}

interface Posting {
  readonly message: PageMessage
  readonly transfer: readonly Transferable[]
}

function postAlone(port: MessagePort, { message, transfer }: Posting): void {
  try {
    port.postMessage([message], [...transfer])
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
