import { createError, type HoldfastError, isHoldfastError } from '../errors.ts'
import type { WallClock } from '../ports.ts'
import { type ContextBase, openCall } from './context.ts'
import type { HookDefinition, PayloadByPoint } from './definition.ts'
import { isPromise, type Soon } from './in-turn.ts'
import { type CheckedOutcome, checkOutcome } from './outcome.ts'
import type { PointName } from './points.ts'

/** How one call of a hook ended. */
export type Answer = CheckedOutcome | { readonly kind: 'failed'; readonly error: HoldfastError }

/** What is needed of a hook to call it. Where its `run` goes, into a function or to a page, makes no difference. */
export type Runnable = Pick<HookDefinition, 'id' | 'version' | 'point' | 'stage' | 'run'> & {
  readonly timeoutMs: number
  readonly onError: 'refuse' | 'ignore'
}

/**
 * Calls a hook once and says how that ended: at once where the hook is synchronous. An answer after the time-out is
 * dropped.
 *
 * @param signal of the request: when it aborts, nobody waits for the hook any more.
 * @throws the signal's reason, which is no fault of the hook's.
 */
export function runHook(
  hook: Runnable,
  payload: PayloadByPoint[PointName],
  base: ContextBase,
  wall: WallClock,
  signal?: AbortSignal,
): Soon<Answer> {
  const call = openCall(base)
  // A hook that stands at `custom:*` is asked at one of an app's own points.
  const asked = base.point === hook.point ? hook : { ...hook, point: base.point }
  try {
    const answer = hook.run(payload, call.context)
    if (!isPromise(answer)) return answerOf(asked, answer)
    return inTime(asked, answer, wall, signal, call.end)
  } catch (error) {
    return failure(asked, error)
  }
}

function inTime(
  hook: Runnable,
  answer: PromiseLike<unknown>,
  wall: WallClock,
  signal: AbortSignal | undefined,
  end: (reason: unknown) => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    function settle(finish: () => void): void {
      stopTimer()
      signal?.removeEventListener('abort', onAbort)
      finish()
    }
    function onAbort(): void {
      const reason = abortReason(signal)
      settle(() => reject(reason))
      end(reason)
    }
    const stopTimer = wall.after(hook.timeoutMs, () => {
      const error = timeout(hook)
      settle(() => resolve({ kind: 'failed', error }))
      end(error)
    })
    if (signal?.aborted) onAbort()
    signal?.addEventListener('abort', onAbort)
    // Settling a settled promise does nothing: that is how a late answer is dropped.
    Promise.resolve(answer).then(
      (value) => settle(() => resolve(answerOf(hook, value))),
      (error: unknown) => settle(() => resolve(failure(hook, error))),
    )
  })
}

function answerOf(hook: Runnable, answer: unknown): Answer {
  try {
    return checkOutcome(answer, hook.point, hook.stage)
  } catch (error) {
    return failure(hook, error)
  }
}

function failure(hook: Runnable, cause: unknown): Answer {
  const error = createError(
    'HOOK_FAILED',
    `${nameOf(hook)} failed: ${messageOf(cause).replace(/\.$/, '')}. ${consequence(hook)}`,
    detailsOf(hook),
    cause,
  )
  return { kind: 'failed', error }
}

function timeout(hook: Runnable): HoldfastError {
  const { timeoutMs } = hook
  const message = `${nameOf(hook)} did not answer within ${timeoutMs} ms. ${consequence(hook)}`
  return createError('HOOK_TIMEOUT', message, { ...detailsOf(hook), timeoutMs })
}

function abortReason(signal: AbortSignal | undefined): HoldfastError {
  const reason = signal?.reason
  if (isHoldfastError(reason)) return reason
  return createError(
    'ABORTED',
    'The call was aborted while a hook was asked; nothing was stored.',
    {},
    reason,
  )
}

function nameOf({ id, point, stage }: Runnable): string {
  return `Hook ${JSON.stringify(id)} at ${point} (${stage})`
}

function detailsOf({ id, version, point, stage }: Runnable) {
  return { hook: id, version, point, stage }
}

function consequence({ onError }: Runnable): string {
  if (onError === 'ignore') return 'The operation went on without it.'
  return 'The operation was refused and nothing was stored; mend the hook, or register it with onError: "ignore".'
}

/** Anything can be thrown, also what has no text. */
function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown)
  } catch {
    return 'it threw something without a text'
  }
}
