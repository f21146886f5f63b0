/** One call that waits for its answer: its time, its signal, and how it ends. */
import type { Deadlines } from '../core/deadlines.ts'
import type { Outgoing, Waiting } from './call-errors.ts'

export interface Sending {
  readonly outgoing: Outgoing
  readonly transfers?: readonly Transferable[] | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((loaded: number, total: number | null) => void) | undefined
  readonly onSend?: (() => void) | undefined
  /** Called once it is over: with the barrier that makes it safe, where it was stored and is not safe yet. */
  readonly onEnd?: ((barrier?: number) => void) | undefined
  /** Not to be sent to a second worker. */
  readonly once?: boolean | undefined
  /** What it weighs; may grow until it is sent. */
  readonly load: Load
}

/** Bytes of a call. */
export interface Load {
  bytes: number
  /** The window counts it. */
  isCounted?: boolean
}

export interface Entry extends Sending, Waiting {
  outgoing: Outgoing
  sent: boolean
  repeated: boolean
  endsAt: number
  /** Kept while there is no worker to be had; its time stands still. */
  held: boolean
  /** Begins the time anew: the work has come further. */
  goesOn(): void
  hold(): void
  resolve(value: unknown, barrier: number | undefined): void
  reject(error: unknown): void
}

export interface EntryDeps {
  readonly deadlines: Deadlines
  /** How much later than the worker the page gives up by itself. */
  readonly backstopMs: number
  /** Its time is over. False where it waits on. */
  readonly onLate: () => boolean
  readonly onAbort: () => void
}

export function createEntry(
  sending: Sending,
  { deadlines, backstopMs, onLate, onAbort }: EntryDeps,
  resolve: (value: unknown) => void,
  reject: (error: unknown) => void,
): Entry {
  const { outgoing, signal } = sending
  const { deadlineMs } = outgoing
  const wait = () =>
    deadlines.set(deadlineMs + backstopMs, () => {
      if (!onLate()) stopWaiting = wait()
    })
  let stopWaiting = wait()
  const stop = (barrier?: number) => {
    sending.onEnd?.(barrier)
    stopWaiting()
    signal?.removeEventListener('abort', onAbort)
  }
  signal?.addEventListener('abort', onAbort)
  return {
    ...sending,
    sent: false,
    repeated: false,
    held: false,
    endsAt: performance.now() + deadlineMs,
    goesOn() {
      stopWaiting()
      stopWaiting = wait()
      this.endsAt = performance.now() + deadlineMs
    },
    hold() {
      stopWaiting()
      this.held = true
      this.outgoing = { ...this.outgoing, deadlineMs }
    },
    resolve: (value, barrier) => {
      stop(barrier)
      resolve(value)
    },
    reject: (error) => {
      stop()
      reject(error)
    },
  }
}
