/**
 * What this worker knows of the streams it writes to: the number of its last row of each, and what the next barrier
 * has to bring up to date.
 */
import { type SessionId, type StreamId, sessionOfStream, type WriterId } from '../core/ids.ts'
import type { Reads } from './reads.ts'
import { PENDING } from './reads.ts'

interface Numbering {
  /** Number of this writer's last stored row of the stream. */
  n: number
  /** Arrival number of that row. */
  seq: number
  /** The session was changed elsewhere: it may have been deleted with our rows, and numbers then begin anew. */
  doubtful: boolean
}

export class StreamNotes {
  readonly writer: WriterId
  readonly #numbers = new Map<StreamId, Numbering>()
  readonly #indexedTo = new Map<StreamId, number>()

  constructor(writer: WriterId) {
    this.writer = writer
  }

  /** The number of this writer's last row of a stream; 0 before the first. */
  lastNumber(stream: StreamId): number {
    return this.#numbers.get(stream)?.n ?? 0
  }

  stored(stream: StreamId, n: number, seq: number): void {
    this.#numbers.set(stream, { n, seq, doubtful: false })
  }

  /** Another writer changed this session. */
  doubt(session: SessionId): void {
    for (const [stream, note] of this.#numbers) if (sessionOfStream(stream) === session) note.doubtful = true
  }

  /** Looks whether our last row of a doubtful stream is still there. Asks by `reads`; to be called again when it has read. */
  check(stream: StreamId, reads: Reads): void {
    const note = this.#numbers.get(stream)
    if (!note?.doubtful) return
    const there = reads.hasCommit(note.seq)
    if (there === PENDING) return
    if (there) note.doubtful = false
    else this.#numbers.delete(stream)
  }

  /** The last row that the stream's index row is known to hold. */
  indexedTo(stream: StreamId): number {
    return this.#indexedTo.get(stream) ?? 0
  }

  indexed(stream: StreamId, upTo: number): void {
    this.#indexedTo.set(stream, upTo)
  }

  /** The stream was erased. */
  forget(stream: StreamId): void {
    this.#numbers.delete(stream)
    this.#indexedTo.delete(stream)
  }
}
