import { createError, isErrorCode } from '../core/errors.ts'
import type { PageMessage, Question, WorkerMessage } from '../protocol/messages.ts'

/** Questions to one page: run your hook, run your step's body, tell nothing of these keys. Each is answered once, or rejects when the page leaves. A page is told when nobody waits for a step any more. */
export interface Asks {
  ask(what: Question, signal?: AbortSignal): Promise<unknown>
  /** Takes the page's answer. One to a question that nobody waits for any more is dropped. */
  answer(message: Extract<PageMessage, { type: 'answer' }>): void
  /** The page has left. */
  close(): void
}

interface Waiting {
  resolve(value: unknown): void
  reject(error: unknown): void
}

export function createAsks(page: string, send: (message: WorkerMessage) => void): Asks {
  const waiting = new Map<number, Waiting>()
  let last = 0
  let closed = false

  return {
    ask(what, signal) {
      if (closed) return Promise.reject(leftError(page))
      last += 1
      const ask = last
      return new Promise((resolve, reject) => {
        const giveUp = () => {
          if (!waiting.delete(ask)) return
          // A hook has a time of its own.
          if (what.kind === 'step') send({ type: 'unask', ask })
          reject(signal?.reason)
        }
        const stop = () => signal?.removeEventListener('abort', giveUp)
        waiting.set(ask, {
          resolve: (value) => {
            stop()
            resolve(value)
          },
          reject: (error) => {
            stop()
            reject(error)
          },
        })
        signal?.addEventListener('abort', giveUp, { once: true })
        send({ type: 'ask', ask, what })
      })
    },
    answer({ ask, outcome }) {
      const waiter = waiting.get(ask)
      if (waiter === undefined) return
      waiting.delete(ask)
      if (outcome.ok) waiter.resolve(outcome.value)
      else waiter.reject(thrownOnPage(outcome.error))
    },
    close() {
      closed = true
      for (const waiter of waiting.values()) waiter.reject(leftError(page))
      waiting.clear()
    },
  }
}

function leftError(page: string): Error {
  return createError(
    'ABORTED',
    `The page ${page} was closed before it answered; open it again and repeat the call.`,
    { page },
  )
}

/** What a page's body threw, as it was: its name and message are recorded, so it must not become one of our codes by accident. */
function thrownOnPage(error: {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly code?: string
}): Error {
  if (isErrorCode(error.code)) return createError(error.code, error.message)
  const thrown = new Error(error.message)
  thrown.name = error.name
  if (error.stack !== undefined) thrown.stack = error.stack
  return thrown
}
