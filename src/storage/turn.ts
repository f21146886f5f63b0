/**
 * A writer's turn in the log. As long as nobody else stores anything, its rows follow each other, and the number of the
 * next one is known beforehand. The row is put under that number: where another writer stored something meanwhile, the
 * number is taken, and the browser refuses the row and with it the whole transaction. So a row that goes in says as
 * well that no head was changed by others since the turn began, since each change of a head comes with a row. Heads
 * that were read in the turn need not be read again, and a lone write is one trip to the database in place of two.
 *
 * Each turn opens with a row of its own, which is never packed. Rows of others leave the log when they are packed: the
 * number could be free again, and a worker that stood still for an hour would take it.
 */
import { type CommitId, clockOfId, TURNS_STREAM, type WriterId } from '../core/ids.ts'
import { type HeadState, sameHead } from './heads.ts'
import { writeForm } from './row-form.ts'
import type { StoredCommit } from './schema.ts'
import type { NewRow } from './stream-rows.ts'

/** Beyond this many heads all are read again. */
const MAX_HEADS = 2_000

export class Turn {
  #last: number | undefined
  readonly #heads = new Map<string, HeadState>()

  /** The number of the next row; undefined where it is not this writer's turn, as far as it knows. */
  get next(): number | undefined {
    return this.#last === undefined ? undefined : this.#last + 1
  }

  /** Whether these heads are stored so if the next number is free. */
  holds(heads: ReadonlyMap<string, HeadState>): boolean {
    if (this.#last === undefined) return false
    for (const [text, state] of heads) {
      const known = this.#heads.get(text)
      if (known === undefined || !sameHead(state, known)) return false
    }
    return true
  }

  /** Rows were stored, the last one under this number; and heads were read or written with them. */
  goOn(last: number, heads: ReadonlyMap<string, HeadState>): void {
    if (this.#heads.size + heads.size > MAX_HEADS) this.#heads.clear()
    this.#last = last
    for (const [text, state] of heads) this.#heads.set(text, state)
  }

  /** What is stored may be other than what was seen. */
  end(): void {
    this.#last = undefined
    this.#heads.clear()
  }
}

/** The row that opens a turn, or stands for a change of heads alone. */
export function turnRow(commitId: CommitId, writer: WriterId): NewRow {
  const stored: StoredCommit = {
    streamId: TURNS_STREAM,
    hlc: clockOfId(commitId),
    writer,
    n: 0,
    refs: [],
    body: { commitId, requests: {}, events: [] },
  }
  return { stored, written: writeForm(stored, 0), applied: false, sizeBytes: 0 }
}

export function isTurnRow({ stored }: NewRow): boolean {
  return stored.streamId === TURNS_STREAM
}

/** Under the numbers that come next, where these are known. */
export function numbered(rows: readonly NewRow[], next: number | undefined): readonly NewRow[] {
  if (next === undefined) return rows
  return rows.map((row, at) => ({ ...row, written: { ...row.written, seq: next + at } }))
}

/** A row stands under its number already. WebKit says so of the request alone, not of its transaction. */
export function isTaken(added: IDBRequest<IDBValidKey>): boolean {
  return added.readyState === 'done' && added.error?.name === 'ConstraintError'
}
