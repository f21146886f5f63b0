import { createDeadlines } from '../core/deadlines.ts'
import type { HoldfastError } from '../core/errors.ts'
import type { Settled } from '../protocol/messages.ts'
import { fromWireError } from '../protocol/wire-error.ts'
import { lateError, lostError, nameOf, withReason } from './call-errors.ts'
import { createEntry, type Entry, type Sending } from './pending-entry.ts'
import { abortedBySignal } from './request.ts'
import type { SendWindow } from './send-window.ts'
import type { Timing } from './timing.ts'

/** Everything that waits for an answer. Each ends: by its answer, by its deadline, or with its worker. */
export interface Pending {
  readonly size: number
  add(sending: Sending): Promise<unknown>
  /** Of what has not been sent to the present worker: what fits the window, in order, marked as sent from now on. */
  takeUnsent(): readonly Sending[]
  settle(settled: Settled): void
  progress(id: number, loaded: number, total: number | null): void
  /** The answer of a call that was sent did not come through. */
  lose(id: number, error: HoldfastError): void
  /** The worker died: what can be repeated waits to be sent once more, the rest is rejected. */
  workerDied(error: HoldfastError): void
  rejectAll(error: HoldfastError): void
  /**
   * No worker can be had, perhaps not before a reload. State writes are kept for one, at most {@link MAX_HELD_BYTES} of
   * them; everything else ends with this error, now and from now on.
   */
  hold(error: HoldfastError): void
  /** There is a worker: what was kept is sent like anything else. */
  release(): void
  /** State writes that are kept for a worker. */
  readonly held: number
  /** Resolves as soon as nothing waits any more. */
  drained(): Promise<unknown>
}

/** Of state writes that are kept while no worker can be had. */
export const MAX_HELD_BYTES = 4_194_304

export interface PendingEvents {
  /** A call that was sent has no caller any more. */
  onAbort(id: number): void
  /** Something was answered, and calls wait for room. */
  onRoom(): void
}

export function createPending(
  { backstopMs }: Pick<Timing, 'backstopMs'>,
  window: SendWindow,
  { onAbort, onRoom }: PendingEvents,
): Pending {
  const deadlines = createDeadlines({ now: () => performance.now(), after: setTimer })
  const entries = new Map<number, Entry>()
  /** Not sent, in order. */
  let line = new Set<Entry>()

  /** Why no worker can be had. */
  let holding: HoldfastError | undefined

  let drainWaiters: ((value?: unknown) => void)[] = []

  const end = (id: number): Entry | undefined => {
    const entry = entries.get(id)
    entries.delete(id)
    if (entry !== undefined) {
      line.delete(entry)
      if (entry.sent) window.unsend(entry.load.bytes)
      window.remove(entry.load.bytes)
      entry.load.isCounted = false
    }
    if (line.size > 0) onRoom()
    if (entries.size > 0) return entry
    for (const drained of drainWaiters) drained()
    drainWaiters = []
    return entry
  }

  /** Its time is over; false where it waits for its turn: what is under way has deadlines of its own. */
  const isLate = (id: number): boolean => {
    const waiting = entries.get(id)
    if (waiting !== undefined && !waiting.sent && window.isBusy) return false
    const entry = end(id)
    // Nobody waits any more: what is still at it may stop.
    if (entry?.sent) onAbort(id)
    entry?.reject(lateError(entry))
    return true
  }

  const abort = (id: number): void => {
    const entry = entries.get(id)
    if (entry?.sent) onAbort(id)
    else if (end(id)) entry?.reject(lostError(entry, abortedBySignal(nameOf(entry.outgoing), entry.signal)))
  }

  const held = () => [...entries.values()].filter((entry) => entry.held)

  const canHold = ({ outgoing, load }: Sending) => {
    const heldBytes = held().reduce((sum, entry) => sum + entry.load.bytes, 0)
    return !('method' in outgoing) && heldBytes + load.bytes <= MAX_HELD_BYTES
  }

  return {
    get size() {
      return entries.size
    },
    get held() {
      return held().length
    },
    add: (sending) =>
      new Promise((resolve, reject) => {
        const { outgoing, signal } = sending
        const { id } = outgoing
        const refusal = signal?.aborted ? abortedBySignal(nameOf(outgoing), signal) : holding
        if (refusal !== undefined && (refusal !== holding || !canHold(sending))) {
          sending.onEnd?.()
          return reject(refusal)
        }
        const timing = { deadlines, backstopMs, onLate: () => isLate(id), onAbort: () => abort(id) }
        const entry = createEntry(sending, timing, resolve, reject)
        entries.set(id, entry)
        line.add(entry)
        window.add(sending.load.bytes)
        sending.load.isCounted = true
        if (holding !== undefined) entry.hold()
      }),
    takeUnsent: () => {
      const taken = takeFrom(line, window)
      for (const entry of taken) {
        line.delete(entry)
        window.sent(entry.load.bytes)
        if (!entry.repeated || entry.held) entry.goesOn()
        entry.held = false
        entry.sent = true
        entry.onSend?.()
      }
      return taken
    },
    settle: (settled) => {
      const entry = end(settled.id)
      if (settled.ok) entry?.resolve(settled.value, settled.barrier)
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
      const repeated: Entry[] = []
      for (const entry of [...entries.values()].filter(({ sent }) => sent)) {
        if (!canRepeat(entry)) end(entry.outgoing.id)?.reject(lostError(entry, error))
        else {
          window.unsend(entry.load.bytes)
          repeat(entry)
          repeated.push(entry)
        }
      }
      line = new Set([...repeated, ...line])
    },
    rejectAll: (error) => {
      for (const entry of [...entries.values()]) end(entry.outgoing.id)?.reject(lostError(entry, error))
      deadlines.stop()
    },
    hold: (error) => {
      holding = error
      for (const entry of [...entries.values()].filter((waiting) => !waiting.held)) {
        if (canHold(entry)) entry.hold()
        else end(entry.outgoing.id)?.reject(lostError(entry, error))
      }
    },
    release: () => {
      holding = undefined
    },
    drained: () =>
      entries.size === 0 ? Promise.resolve() : new Promise((resolve) => drainWaiters.push(resolve)),
  }
}

/** As many as fit, none before one that came earlier; but a call that a hook made goes at once, since what it is nested in waits for it. */
function takeFrom(line: ReadonlySet<Entry>, window: SendWindow): readonly Entry[] {
  const taken: Entry[] = []
  let bytes = 0
  let isFull = false
  for (const entry of line) {
    const isNested = entry.outgoing.hookPath !== undefined
    isFull ||= !window.fits(bytes + entry.load.bytes)
    if (isFull && !isNested) {
      if (!window.isBusy && taken.length === 0) taken.push(entry)
      continue
    }
    bytes += entry.load.bytes
    taken.push(entry)
  }
  return taken
}

/** A transferred stream went down with its worker. */
function canRepeat({ repeated, transfers, signal, once }: Entry): boolean {
  return !repeated && !once && !signal?.aborted && (transfers === undefined || transfers.length === 0)
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

function setTimer(delayMs: number, callback: () => void): () => void {
  const timer = setTimeout(callback, delayMs)
  return () => clearTimeout(timer)
}
