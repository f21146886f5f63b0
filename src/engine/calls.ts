import { createDeadlines } from '../core/deadlines.ts'
import { createError, isHoldfastError } from '../core/errors.ts'
import type { RequestId } from '../core/ids.ts'
import type { WallClock } from '../core/ports.ts'
import type { Request } from '../core/request.ts'
import type { Actor } from '../core/session/record.ts'
import type { Cause } from '../protocol/worker-api.ts'

/** How long a call that does not heed its signal may go on after its deadline until its outcome is called unknown. */
const GRACE_MS = 2_000

/** The part of a call or write message that says who asks and how it may end. */
export interface CallFrame {
  readonly id: number
  readonly requestId?: RequestId
  readonly mayRepeat?: boolean
  readonly deadlineMs: number
  readonly cause?: Cause
  readonly hookPath?: readonly string[]
}

/** What a call's work may do beside its answer. */
export interface Going {
  /** Begins the deadline anew: the work has come further. */
  goesOn(): void
}

/** The calls of one page that are under way: each ends, by its answer, its deadline, or the page's abort. */
export interface Calls {
  perform<T>(
    frame: CallFrame,
    subject: string,
    work: (request: Request, going: Going) => Promise<T> | T,
  ): Promise<T>
  /** The page's caller has given up. */
  abort(id: number): void
  abortAll(reason: Error): void
  /** No page waits any more. */
  stop(): void
}

interface Underway {
  abort(reason: Error): void
}

export function createCalls(deps: {
  readonly wall: WallClock
  readonly client: string
  readonly actor: Actor | undefined
  readonly newRequestId: () => RequestId
}): Calls {
  const underway = new Map<number, Underway>()
  const deadlines = createDeadlines(deps.wall)

  function requestOf(frame: CallFrame, signal: AbortSignal): Request {
    return {
      id: frame.requestId ?? deps.newRequestId(),
      mayRepeat: frame.mayRepeat ?? false,
      hookPath: frame.hookPath ?? [],
      startedAt: deps.wall.now(),
      signal,
      client: deps.client,
      ...(deps.actor === undefined ? {} : { actor: deps.actor }),
      ...frame.cause,
    }
  }

  return {
    perform: (frame, subject, work) =>
      new Promise((resolve, reject) => {
        const controller = new AbortController()
        const request = requestOf(frame, controller.signal)
        const { deadlineMs } = frame
        let stopWaiting = deadlines.set(deadlineMs, expire)

        function expire(): void {
          abort(deadlineError(subject, deadlineMs, request.id))
        }
        function abort(reason: Error): void {
          if (controller.signal.aborted) return
          controller.abort(reason)
          stopWaiting()
          // Work that goes on although it was told to stop: then nobody can say whether it will be stored.
          stopWaiting = deadlines.set(GRACE_MS, () =>
            end(() => reject(unheeded(subject, request.id, reason))),
          )
        }
        function end(answer: () => void): void {
          stopWaiting()
          underway.delete(frame.id)
          answer()
        }
        const going: Going = {
          goesOn() {
            if (controller.signal.aborted) return
            stopWaiting()
            stopWaiting = deadlines.set(deadlineMs, expire)
          },
        }

        underway.set(frame.id, { abort })
        perform(() => work(request, going)).then(
          (value) => end(() => resolve(value)),
          (error: unknown) => end(() => reject(error)),
        )
      }),
    abort(id) {
      underway.get(id)?.abort(createError('ABORTED', 'The caller aborted the call; nothing was stored.'))
    },
    abortAll(reason) {
      for (const one of [...underway.values()]) one.abort(reason)
    },
    stop: () => deadlines.stop(),
  }
}

async function perform<T>(work: () => Promise<T> | T): Promise<T> {
  return work()
}

function deadlineError(subject: string, deadlineMs: number, requestId: RequestId): Error {
  return createError(
    'DEADLINE',
    `${subject} did not finish within ${deadlineMs} ms and was aborted; nothing was stored. Send it again, with a longer deadline if need be.`,
    { deadlineMs, requestId },
  )
}

function unheeded(subject: string, requestId: RequestId, reason: Error): Error {
  return createError(
    'OUTCOME_UNKNOWN',
    `${subject} did not stop when it was told to; send it again with request id ${requestId} to learn its outcome.`,
    { requestId },
    isHoldfastError(reason) ? reason : undefined,
  )
}
