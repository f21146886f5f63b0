/**
 * What this worker knows of the streams it writes to. Numbers are its own and begin anew with each start of a worker.
 */
import type { StreamId, WriterId } from '../core/ids.ts'

export class StreamNotes {
  readonly writer: WriterId
  readonly #numbers = new Map<StreamId, number>()
  readonly #indexedTo = new Map<StreamId, number>()

  constructor(writer: WriterId) {
    this.writer = writer
  }

  /** The number of this writer's last stored row of a stream; 0 before the first. */
  lastNumber(stream: StreamId): number {
    return this.#numbers.get(stream) ?? 0
  }

  stored(stream: StreamId, n: number): void {
    this.#numbers.set(stream, n)
  }

  /** The last row that the stream's index row is known to hold; undefined where it was not looked at. */
  indexedTo(stream: StreamId): number | undefined {
    return this.#indexedTo.get(stream)
  }

  indexed(stream: StreamId, upTo: number): void {
    this.#indexedTo.set(stream, upTo)
  }

  /** The stream was erased. Ids are never used again, so its numbers need not be remembered. */
  forget(stream: StreamId): void {
    this.#numbers.delete(stream)
    this.#indexedTo.delete(stream)
  }
}
