/**
 * What one transaction has read. Everything that the waiting decisions need is asked for at once; what turns out to be
 * needed beyond that is asked for in a further round.
 */

import type { RowChange, RowKey, RowTable, StreamEnd } from '../core/commit.ts'
import type { RequestId } from '../core/ids.ts'
import { rowsAfter } from './commit-rows.ts'
import { type HeadState, NO_HEAD } from './heads.ts'
import { type Performed, performedIn } from './performed.ts'
import { resultOf } from './result-of.ts'
import type { StoredHead, StoredSegment, WrittenCommit } from './schema.ts'
import { outcomeIn } from './segment.ts'
import { isSoundSegment, soundCommit } from './sound-rows.ts'

/** Says that the value is not read yet and has been put on the list. */
export const PENDING: unique symbol = Symbol('pending')
export type Pending = typeof PENDING

type Ask = (transaction: IDBTransaction) => Promise<unknown>

export class Reads {
  readonly #known = new Map<string, unknown>()
  readonly #asked = new Map<string, Ask>()

  head(text: string): HeadState | Pending {
    return this.#value(`head ${text}`, async (transaction) => {
      const request: IDBRequest<StoredHead | undefined> = transaction
        .objectStore('heads')
        .get(keyOfText(text))
      return toHeadState(await resultOf(request))
    })
  }

  /** Takes a head as read that is only believed to be stored so. */
  assume(text: string, state: HeadState): void {
    this.#known.set(`head ${text}`, state)
  }

  /** The stored row under a key. */
  row(table: RowTable, key: RowKey): unknown {
    return this.#value(`row ${rowText(table, key)}`, (transaction) =>
      resultOf(transaction.objectStore(table).get(validKey(key))),
    )
  }

  /** Whether there is a row under a key; the row itself may be large and is not read. */
  has(table: RowTable, key: RowKey): boolean | Pending {
    return this.#value(`key ${rowText(table, key)}`, async (transaction) => {
      return (await resultOf(transaction.objectStore(table).getKey(validKey(key)))) !== undefined
    })
  }

  /** What an earlier commit did for a request; undefined when none did. */
  outcome(request: RequestId): Performed | undefined | Pending {
    return this.#value(`outcome ${request}`, (transaction) => readOutcome(transaction, request))
  }

  /** Whether a stream goes on after this row. */
  goesOn({ stream, upTo }: StreamEnd): boolean | Pending {
    return this.#value(`after ${stream} ${upTo}`, async (transaction) => {
      const range = rowsAfter(stream, upTo)
      const [commit, segment] = await Promise.all([
        resultOf(transaction.objectStore('commits').index('[streamId+seq]').getKey(range)),
        resultOf(transaction.objectStore('segments').getKey(range)),
      ])
      return commit !== undefined || segment !== undefined
    })
  }

  /** Puts on the list what a change of a row needs to know. */
  expect(change: RowChange): void {
    if ('change' in change) this.row(change.table, change.key)
    if ('ensure' in change) this.has(change.table, change.key)
  }

  get complete(): boolean {
    return this.#asked.size === 0
  }

  /** Reads all that is on the list, in one go. */
  async run(transaction: IDBTransaction): Promise<void> {
    const asked = [...this.#asked]
    this.#asked.clear()
    const values = await Promise.all(asked.map(([, ask]) => ask(transaction)))
    for (const [at, [name]] of asked.entries()) this.#known.set(name, values[at])
  }

  /** The one place where a read value gets its type: each name is asked for by one method only. */
  #value<T>(name: string, ask: (transaction: IDBTransaction) => Promise<T>): T | Pending {
    if (this.#known.has(name)) return this.#known.get(name) as T
    this.#asked.set(name, ask)
    return PENDING
  }
}

export async function readHead(transaction: IDBTransaction, text: string): Promise<HeadState> {
  const request: IDBRequest<StoredHead | undefined> = transaction.objectStore('heads').get(keyOfText(text))
  return toHeadState(await resultOf(request))
}

/** What an earlier commit did for a request, from rows or from packed rows. */
export async function readOutcome(
  transaction: IDBTransaction,
  request: RequestId,
): Promise<Performed | undefined> {
  const ref = `q:${request}`
  const inCommits: IDBRequest<WrittenCommit | undefined> = transaction
    .objectStore('commits')
    .index('refs')
    .get(ref)
  const inSegments: IDBRequest<StoredSegment | undefined> = transaction
    .objectStore('segments')
    .index('refs')
    .get(ref)
  const [commit, segment] = await Promise.all([resultOf(inCommits), resultOf(inSegments)])
  const sound = commit && soundCommit(commit)
  const made = sound && performedIn([sound], request)
  if (made !== undefined || segment === undefined || !isSoundSegment(segment)) return made
  return outcomeIn(segment, request)
}

export function rowText(table: RowTable, key: RowKey): string {
  return `${table} ${JSON.stringify(key)}`
}

/** IndexedDB's type of a key has no readonly arrays. */
export function validKey(key: RowKey): IDBValidKey {
  return typeof key === 'object' ? [...key] : key
}

function keyOfText(text: string): IDBValidKey {
  return JSON.parse(text)
}

function toHeadState(row: StoredHead | undefined): HeadState {
  if (row === undefined) return NO_HEAD
  return { version: row.version, value: row.value, commitId: row.commitId }
}
