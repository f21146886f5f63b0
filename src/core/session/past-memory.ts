/**
 * Stretches of the past that were read lately, each from a mark to an event before the next mark. What is stored later has
 * later clocks, so they never change; and who looks through the past asks for one moment after another of the same stretch.
 */
import type { Clock, EventId, StreamId } from '../ids.ts'
import type { Log } from '../ports.ts'
import { sizeOf } from '../size.ts'
import type { TimelineEvent } from '../timeline/event.ts'
import type { MarksAround, PastMark } from './mark.ts'

export interface Stretch {
  /** Undefined where it begins with the first event. */
  readonly mark: PastMark | undefined
  /** All events after the mark up to `to`, in order. */
  readonly batches: readonly (readonly TimelineEvent[])[]
  readonly to: EventId
  /** Clock of a mark that comes after it: while that is there the session is. */
  readonly before: Clock
}

/** Of all stretches together. */
const MAX_BYTES = 2_097_152

/** Those of one worker. Whether the session is still there, its marks tell. */
export class PastMemory {
  /** The one that was used last comes last. */
  readonly #kept = new Map<string, { readonly stretch: Stretch; readonly sizeBytes: number }>()

  /** One that holds the event, unless it is not known where that stands. */
  get(stream: StreamId, around: MarksAround | undefined, event: EventId): Stretch | undefined {
    if (around?.isEnd === undefined) return undefined
    const key = `${stream} ${around.isEnd ? around.after : around.before}`
    const kept = this.#kept.get(key)
    if (kept === undefined || (kept.stretch.to < event && !around.isEnd)) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    return kept.stretch
  }

  /** @param around as it was known before the stretch was read: a mark that came later says nothing of it */
  keep(stream: StreamId, around: MarksAround, stretch: Stretch): void {
    const clock = stretch.mark?.clock ?? 0
    if (clock !== around.before && clock !== around.after) return
    const sizeBytes = sizeOf(stretch)
    // It would take the place of all others, and not be kept either.
    if (sizeBytes > MAX_BYTES) return
    const key = `${stream} ${clock}`
    this.#kept.delete(key)
    this.#kept.set(key, { stretch, sizeBytes })
    let left = MAX_BYTES
    for (const [key, kept] of [...this.#kept].reverse()) {
      left -= kept.sizeBytes
      if (left < 0) this.#kept.delete(key)
    }
  }

  /** What is kept of other sessions can be read again. */
  clear(): void {
    this.#kept.clear()
  }
}

const memories = new WeakMap<Log, PastMemory>()

/** The memory of what was read of a log; it goes with the log. */
export function pastMemoryOf(log: Log): PastMemory {
  const known = memories.get(log)
  if (known !== undefined) return known
  const memory = new PastMemory()
  memories.set(log, memory)
  return memory
}
