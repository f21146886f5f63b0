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

/** The calls of one page that are under way: each ends, by its answer, its deadline, or the page's abort. */
export interface Calls {
  perform<T>(frame: CallFrame, subject: string, work: (request: Request) => Promise<T> | T): Promise<T>
  /** The page's caller has given up. */
  abort(id: number): void
  abortAll(reason: Error): void
}

export function createCalls(deps: {
  readonly wall: WallClock
  readonly client: string
  readonly actor: Actor | undefined
  readonly newRequestId: () => RequestId
}): Calls {
  const controllers = new Map<number, AbortController>()

  function requestOf(frame: CallFrame, signal: AbortSignal): Request {
    return {
      id: frame.requestId ?? deps.newRequestId(),
      mayRepeat: frame.mayRepeat ?? false,
      hookPath: frame.hookPath ?? [],
      signal,
      client: deps.client,
      ...(deps.actor === undefined ? {} : { actor: deps.actor }),
      ...frame.cause,
    }
  }

  return {
    async perform(frame, subject, work) {
      const controller = new AbortController()
      controllers.set(frame.id, controller)
      const request = requestOf(frame, controller.signal)
      const stopDeadline = deps.wall.after(frame.deadlineMs, () => {
        controller.abort(deadlineError(subject, frame.deadlineMs, request.id))
      })
      const lost = unheeded(deps.wall, controller.signal, subject, request.id)
      try {
        return await Promise.race([Promise.resolve(work(request)), lost.promise])
      } finally {
        stopDeadline()
        lost.stop()
        controllers.delete(frame.id)
      }
    },
    abort(id) {
      controllers.get(id)?.abort(createError('ABORTED', 'The caller aborted the call; nothing was stored.'))
    },
    abortAll(reason) {
      for (const controller of controllers.values()) controller.abort(reason)
    },
  }
}

function deadlineError(subject: string, deadlineMs: number, requestId: RequestId): Error {
  return createError(
    'DEADLINE',
    `${subject} did not finish within ${deadlineMs} ms and was aborted; nothing was stored. Send it again, with a longer deadline if need be.`,
    { deadlineMs, requestId },
  )
}

/** Rejects when work goes on although it was told to stop: then nobody can say whether it will be stored. */
function unheeded(wall: WallClock, signal: AbortSignal, subject: string, requestId: RequestId) {
  let stop = () => {}
  const promise = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      stop = wall.after(GRACE_MS, () => {
        const reason = signal.reason
        const unknown = createError(
          'OUTCOME_UNKNOWN',
          `${subject} did not stop when it was told to; send it again with request id ${requestId} to learn its outcome.`,
          { requestId },
          isHoldfastError(reason) ? reason : undefined,
        )
        reject(unknown)
      })
    })
  })
  return { promise, stop: () => stop() }
}
