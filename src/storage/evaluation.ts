/**
 * Which entries of a batch hold on what the transaction has read: in order of arrival, each on what the ones before it
 * will have written. Nothing is put here, so that it can be done again when something more had to be read.
 */
import type { RowByTable, RowChange, RowKey, RowTable } from '../core/commit.ts'
import { createError, type HoldfastError } from '../core/errors.ts'
import type { RequestId, StreamId } from '../core/ids.ts'
import type { Entry } from './entry.ts'
import { type HeadState, sameHead, unreadHead } from './heads.ts'
import { assertSameCall, type Performed } from './performed.ts'
import { PENDING, type Pending, type Reads, rowText } from './reads.ts'
import type { StoreName } from './schema.ts'
import { fromStored, keyOfRow } from './table-rows.ts'

export interface Evaluation {
  /** Entries to be stored, in order. */
  readonly applied: readonly Entry[]
  readonly refused: readonly { readonly entry: Entry; readonly error: unknown }[]
  readonly repeated: readonly { readonly entry: Entry; readonly resultId: string }[]
  /** Entries that have to be decided again after the transaction. */
  readonly stale: readonly Entry[]
  /** Every head that was looked at, as it will be after the transaction. */
  readonly heads: ReadonlyMap<string, HeadState>
  /** Rows as they will be; undefined for one that goes. */
  readonly rows: ReadonlyMap<string, PlannedRow>
}

export interface PlannedRow {
  readonly table: RowTable
  readonly key: RowKey
  readonly row: RowByTable[RowTable] | undefined
}

/** Puts on the list what the present decisions of a batch need to know. */
export function expectReads(reads: Reads, batch: readonly Entry[]): void {
  for (const { operation, keys, decided } of batch) {
    for (const text of keys) reads.head(text)
    for (const change of decided.rows) reads.expect(change)
    if (operation.mayRepeat) reads.outcome(operation.requestId)
    if (operation.seen !== undefined) reads.goesOn(operation.seen)
  }
}

/** What a decision made inside the transaction has to do with. */
export interface Reach {
  /** Tables that the transaction was opened on. */
  readonly stores: ReadonlySet<StoreName>
  /** Streams whose document can be changed now. */
  readonly documents: ReadonlySet<StreamId>
  /** Told of each head that others changed, before a decision is made on it. */
  observe(state: HeadState): void
}

export function evaluate(reads: Reads, batch: readonly Entry[], reach: Reach): Evaluation {
  const pass = new Pass(reads, reach)
  for (const entry of batch) pass.take(entry)
  return pass
}

class Pass implements Evaluation {
  readonly applied: Entry[] = []
  readonly refused: { entry: Entry; error: unknown }[] = []
  readonly repeated: { entry: Entry; resultId: string }[] = []
  readonly stale: Entry[] = []
  readonly heads = new Map<string, HeadState>()
  readonly rows = new Map<string, PlannedRow>()
  readonly #requests = new Map<RequestId, Performed>()
  readonly #reads: Reads
  readonly #reach: Reach

  constructor(reads: Reads, reach: Reach) {
    this.#reads = reads
    this.#reach = reach
  }

  take(entry: Entry): void {
    const { requestId, mayRepeat, does } = entry.operation
    const earlier = this.#requests.get(requestId) ?? (mayRepeat ? this.#reads.outcome(requestId) : undefined)
    if (earlier === PENDING) return
    try {
      if (earlier === undefined) this.#apply(entry)
      else {
        assertSameCall(requestId, does, earlier)
        this.repeated.push({ entry, resultId: earlier.resultId })
      }
    } catch (error) {
      this.refused.push({ entry, error })
    }
  }

  #apply(entry: Entry): void {
    if (!this.#readHeads(entry)) return
    if (!this.#holds(entry)) {
      entry.decide((text) => this.#head(text))
      if (!this.#canStoreNow(entry)) {
        this.stale.push(entry)
        return
      }
    }
    const goesOn = this.#goesOn(entry.operation)
    if (goesOn === PENDING) return
    if (goesOn !== undefined) throw movedOn(entry.operation.requestId, goesOn)
    const planned = this.#planRows(entry.decided.rows)
    if (planned === PENDING) return
    for (const [text, row] of planned) this.rows.set(text, row)
    for (const [text, state] of entry.decided.next) this.heads.set(text, state)
    const { requestId, does } = entry.operation
    this.#requests.set(requestId, { resultId: entry.decided.resultId, does })
    this.applied.push(entry)
  }

  #readHeads(entry: Entry): boolean {
    for (const text of entry.keys) {
      if (this.heads.has(text)) continue
      const stored = this.#reads.head(text)
      if (stored === PENDING) return false
      this.heads.set(text, stored)
    }
    return true
  }

  #holds({ keys, decided }: Entry): boolean {
    let holds = true
    for (const text of keys) {
      const stoodOn = decided.on.get(text)
      const now = this.#head(text)
      if (stoodOn !== undefined && sameHead(stoodOn, now)) continue
      holds = false
      this.#reach.observe(now)
    }
    return holds
  }

  #head(text: string): HeadState {
    return this.heads.get(text) ?? unreadHead(text)
  }

  /** The stream on which something came since an operation read it: stored, or in this transaction before it. */
  #goesOn({ seen }: Pick<Entry['operation'], 'seen'>): StreamId | undefined | Pending {
    if (seen === undefined) return undefined
    const { stream } = seen
    const isWritten = this.applied.some(({ decided }) =>
      decided.writes.some(({ write }) => write.stream === stream),
    )
    const goesOn = isWritten || this.#reads.goesOn(seen)
    if (goesOn === PENDING) return PENDING
    return goesOn ? stream : undefined
  }

  /** A decision made inside the transaction can be stored in it only if nothing has to be awaited for it. */
  #canStoreNow({ decided }: Entry): boolean {
    const { stores, documents } = this.#reach
    return decided.documents.every((stream) => documents.has(stream)) && isSubset(decided.stores, stores)
  }

  #planRows(changes: readonly RowChange[]): Map<string, PlannedRow> | Pending {
    const planned = new Map<string, PlannedRow>()
    let pending = false
    for (const change of changes) {
      const row = this.#planRow(change, planned)
      if (row === PENDING) pending = true
      else if (row !== undefined) planned.set(rowText(row.table, row.key), row)
    }
    return pending ? PENDING : planned
  }

  #planRow(change: RowChange, own: ReadonlyMap<string, PlannedRow>): PlannedRow | undefined | Pending {
    const { table } = change
    if ('put' in change) return { table, key: keyOfRow(table, change.put), row: change.put }
    const { key } = change
    const before = own.get(rowText(table, key)) ?? this.rows.get(rowText(table, key))
    if ('ensure' in change) {
      const there = before === undefined ? this.#reads.has(table, key) : before.row !== undefined
      if (there === PENDING) return PENDING
      if (there) return undefined
      if (change.ensure === undefined) throw missing(table, key)
      return { table, key, row: change.ensure }
    }
    const present = before === undefined ? this.#reads.row(table, key) : before
    if (present === PENDING) return PENDING
    const row = before === undefined ? fromStored(table, present) : before.row
    return { table, key, row: changeRow(change, row) }
  }
}

function isSubset<T>(set: ReadonlySet<T>, of: ReadonlySet<T>): boolean {
  return [...set].every((item) => of.has(item))
}

/** The row under a change's key is of the change's table; the union of tables cannot say so. */
function changeRow(
  change: Extract<RowChange, { readonly change: unknown }>,
  row: RowByTable[RowTable] | undefined,
): RowByTable[RowTable] | undefined {
  const apply = change.change as (row: RowByTable[RowTable] | undefined) => RowByTable[RowTable] | undefined
  return apply(row)
}

function movedOn(requestId: RequestId, stream: StreamId): HoldfastError {
  return createError(
    'CONFLICT',
    `Something was written to ${stream} after request ${requestId} had read it, so nothing was stored. Send it again.`,
    { requestId, stream },
  )
}

function missing(table: RowTable, key: RowKey): HoldfastError {
  return createError(
    'CONTENT_DAMAGED',
    `A row of ${table} under ${JSON.stringify(key)} is not there, so what names it was not stored. Store the bytes again.`,
    { table, key },
  )
}
