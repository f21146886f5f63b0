/**
 * How much was added to each stream since its index row, its view and its snapshot were last brought up to date. Counts
 * of this worker's own rows: a guess that says when to look, never what is there.
 */
import type { StreamId } from '../core/ids.ts'
import type { Growth } from './group-result.ts'

export interface Tail {
  /** Since the last view. */
  viewRows: number
  viewBytes: number
  /** Size of that view; undefined before it was looked at. */
  viewSize?: number
  /** Since the last snapshot: rows that hold an update. */
  updateRows: number
  updateBytes: number
  /** Size of that snapshot, 0 where there is none; undefined before it was looked at. */
  snapshotSize?: number
  /** Rows of all writers since the snapshot were counted. */
  counted: boolean
}

export class Tails {
  readonly #byStream = new Map<StreamId, Tail>()

  of(stream: StreamId): Tail {
    const tail = this.#byStream.get(stream)
    if (tail !== undefined) return tail
    const empty: Tail = { viewRows: 0, viewBytes: 0, updateRows: 0, updateBytes: 0, counted: false }
    this.#byStream.set(stream, empty)
    return empty
  }

  grow({ stream, sizeBytes, updateBytes }: Growth): void {
    const tail = this.of(stream)
    tail.viewRows += 1
    tail.viewBytes += sizeBytes
    if (updateBytes === 0) return
    tail.updateRows += 1
    tail.updateBytes += updateBytes
  }

  forget(stream: StreamId): void {
    this.#byStream.delete(stream)
  }
}
