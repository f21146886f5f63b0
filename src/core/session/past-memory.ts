/**
 * Stretches of the past that were read lately, each from a mark to an event before the next mark. What is stored later has
 * later clocks, so they never change; and who looks through the past asks for one moment after another of the same stretch.
 */
import type { Clock, EventId, StreamId } from '../ids.ts'
import type { Log, MarksAround } from '../ports.ts'
import { sizeOf } from '../size.ts'
import type { TimelineEvent } from '../timeline/event.ts'
import type { PastMark } from './mark.ts'

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
  #sizeBytes = 0

  /** One that holds the event, unless it is not known where that stands. */
  get(stream: StreamId, around: MarksAround | undefined, event: EventId): Stretch | undefined {
    if (around?.isEnd === undefined) return undefined
    const key = keyOf(stream, around.isEnd ? around.after : around.before)
    const kept = this.#kept.get(key)
    if (kept === undefined || (kept.stretch.to < event && !around.isEnd)) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    return kept.stretch
  }

  /** @param around as it was known before the stretch was read: a mark that came later says nothing of it */
  keep(stream: StreamId, around: MarksAround, stretch: Stretch): void {
    const { mark, batches } = stretch
    const clock = mark?.clock ?? 0
    const sizeBytes = sizeOf([mark, batches])
    if (sizeBytes > MAX_BYTES / 2 || (clock !== around.before && clock !== around.after)) return
    const key = keyOf(stream, clock)
    this.#remove(key)
    this.#kept.set(key, { stretch, sizeBytes })
    this.#sizeBytes += sizeBytes
    for (const oldest of this.#kept.keys()) {
      if (this.#sizeBytes <= MAX_BYTES) return
      this.#remove(oldest)
    }
  }

  forget(stream: StreamId): void {
    for (const key of this.#kept.keys()) if (key.startsWith(keyOf(stream))) this.#remove(key)
  }

  #remove(key: string): void {
    this.#sizeBytes -= this.#kept.get(key)?.sizeBytes ?? 0
    this.#kept.delete(key)
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

function keyOf(stream: StreamId, clock: Clock | 0 | '' = ''): string {
  return `${stream} ${clock}`
}
