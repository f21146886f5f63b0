import { createError, type HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { Call, PageMessage, Settled } from '../protocol/messages.ts'
import { METHODS } from '../protocol/methods.ts'
import { fromWireError } from '../protocol/wire-error.ts'
import { abortedBySignal } from './request.ts'
import type { Timing } from './timing.ts'

/** A call, or a state write, which goes by the data port. */
export type Outgoing = Call | Extract<PageMessage, { type: 'write' }>

export interface Sending {
  readonly outgoing: Outgoing
  readonly transfers?: readonly Transferable[] | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((loaded: number, total: number | null) => void) | undefined
  readonly onSend?: (() => void) | undefined
}

interface Entry extends Sending {
  outgoing: Outgoing
  sent: boolean
  repeated: boolean
  endsAt: number
  /** Begins the time anew: the work has come further. */
  goesOn(): void
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** Everything that waits for an answer. Each ends: by its answer, by its deadline, or with its worker. */
export interface Pending {
  readonly size: number
  add(sending: Sending): Promise<unknown>
  /** What has not been sent to the present worker, marked as sent from now on. */
  takeUnsent(): readonly Sending[]
  settle(settled: Settled): void
  progress(id: number, loaded: number, total: number | null): void
  /** The answer of a call that was sent did not come through. */
  lose(id: number, error: HoldfastError): void
  /** The worker died: what can be repeated waits to be sent once more, the rest is rejected. */
  workerDied(error: HoldfastError): void
  rejectAll(error: HoldfastError): void
  /** Resolves as soon as nothing waits any more. */
  drained(): Promise<unknown>
}

export function createPending(timing: Timing, onAbort: (id: number) => void): Pending {
  const entries = new Map<number, Entry>()

  let drainWaiters: ((value?: unknown) => void)[] = []

  const end = (id: number): Entry | undefined => {
    const entry = entries.get(id)
    entries.delete(id)
    if (entries.size > 0) return entry
    for (const drained of drainWaiters) drained()
    drainWaiters = []
    return entry
  }

  return {
    get size() {
      return entries.size
    },
    add: (sending) =>
      new Promise((resolve, reject) => {
        const { outgoing, signal } = sending
        const { id, deadlineMs } = outgoing
        if (signal?.aborted) return reject(abortedBySignal(nameOf(outgoing), signal))
        const giveUp = () => {
          const entry = end(id)
          // Nobody waits any more: what is still at it may stop.
          if (entry?.sent) onAbort(id)
          entry?.reject(lateError(entry))
        }
        const wait = () => setTimeout(giveUp, deadlineMs + timing.backstopMs)
        let backstop = wait()
        const abort = () => {
          const entry = entries.get(id)
          if (entry?.sent) onAbort(id)
          else if (end(id)) entry?.reject(lostError(entry, abortedBySignal(nameOf(outgoing), signal)))
        }
        const stop = () => {
          clearTimeout(backstop)
          signal?.removeEventListener('abort', abort)
        }
        signal?.addEventListener('abort', abort)
        entries.set(id, {
          ...sending,
          sent: false,
          repeated: false,
          endsAt: performance.now() + deadlineMs,
          goesOn() {
            clearTimeout(backstop)
            backstop = wait()
            this.endsAt = performance.now() + deadlineMs
          },
          resolve: (value) => {
            stop()
            resolve(value)
          },
          reject: (error) => {
            stop()
            reject(error)
          },
        })
      }),
    takeUnsent: () => {
      const unsent = [...entries.values()].filter((entry) => !entry.sent)
      for (const entry of unsent) {
        entry.sent = true
        entry.onSend?.()
      }
      return unsent
    },
    settle: (settled) => {
      const entry = end(settled.id)
      if (settled.ok) entry?.resolve(settled.value)
      else entry?.reject(withReason(fromWireError(settled.error), entry.signal))
    },
    progress: (id, loaded, total) => {
      const entry = entries.get(id)
      entry?.goesOn()
      entry?.onProgress?.(loaded, total)
    },
    lose: (id, error) => {
      const entry = end(id)
      entry?.reject(lostError(entry, error))
    },
    workerDied: (error) => {
      for (const entry of [...entries.values()].filter(({ sent }) => sent)) {
        if (canRepeat(entry)) repeat(entry)
        else end(entry.outgoing.id)?.reject(lostError(entry, error))
      }
    },
    rejectAll: (error) => {
      for (const entry of [...entries.values()]) end(entry.outgoing.id)?.reject(lostError(entry, error))
    },
    drained: () =>
      entries.size === 0 ? Promise.resolve() : new Promise((resolve) => drainWaiters.push(resolve)),
  }
}

/** Why the caller aborted never crosses to the worker: it may be anything. */
function withReason(error: Error, signal: AbortSignal | undefined): Error {
  if (!signal?.aborted || !isHoldfastError(error) || error.code !== 'ABORTED') return error
  return createError('ABORTED', error.message, error.details, signal.reason)
}

/** A transferred stream went down with its worker. */
function canRepeat({ repeated, transfers, signal }: Entry): boolean {
  return !repeated && !signal?.aborted && (transfers === undefined || transfers.length === 0)
}

/** The same request id finds the first outcome where there was one. */
function repeat(entry: Entry): void {
  entry.sent = false
  entry.repeated = true
  entry.outgoing = {
    ...entry.outgoing,
    mayRepeat: true,
    deadlineMs: Math.max(1, entry.endsAt - performance.now()),
  }
}

function lateError({ outgoing, sent, repeated }: Entry): HoldfastError {
  const { deadlineMs } = outgoing
  const text = `${nameOf(outgoing)} was not answered within ${deadlineMs} ms`
  if (isRead(outgoing)) return createError('DEADLINE', `${text}; call again.`, { deadlineMs })
  if (sent || repeated) return unknownOutcome(outgoing, text)
  return createError('DEADLINE', `${text}: there was no worker. Nothing was stored; call again.`, {
    deadlineMs,
  })
}

/** What ended the worker, or kept the next one from starting, as this call's error. */
function lostError({ outgoing, sent, repeated }: Entry, error: HoldfastError): HoldfastError {
  if ((!sent && !repeated) || isRead(outgoing)) return error
  return unknownOutcome(outgoing, `The answer to ${nameOf(outgoing)} was lost`, error)
}

function unknownOutcome(outgoing: Outgoing, text: string, cause?: HoldfastError): HoldfastError {
  const { requestId } = outgoing
  return createError(
    'OUTCOME_UNKNOWN',
    `${text}; send it again with request id ${requestId} to learn its outcome.`,
    { requestId },
    cause,
  )
}

function isRead(outgoing: Outgoing): boolean {
  return 'method' in outgoing && METHODS[outgoing.method].kind === 'read'
}

function nameOf(outgoing: Outgoing): string {
  return 'method' in outgoing ? outgoing.method : 'state.write'
}
