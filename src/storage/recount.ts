/**
 * Counts of names put right: who names a content is told by the log and by the rows of artifacts. Both tables are read in
 * slices, each in a transaction of its own, so that no writer waits for all of them; that nothing was stored since is
 * looked at in each.
 */
import { type NameCounts, nameOfContent } from '../core/damage/count-names.ts'
import type { StoredArtifact, StoredContent } from './artifact-rows.ts'
import type { Perform } from './chore.ts'
import type { Connection } from './connection.ts'
import { type ContentKey, sweepContents } from './contents.ts'
import { losesRows } from './losses.ts'
import { resultOf } from './result-of.ts'
import type { StoredDamage, StoreName } from './schema.ts'
import { lastArrival } from './segment-reads.ts'

/** Rows that are read, or put, in one transaction. */
export const SLICE_ROWS = 256

const WRITE_STORES = ['commits', 'segments', 'contents', 'chunks', 'meta'] as const satisfies StoreName[]

type Reads = Pick<Connection, 'transaction' | 'failure'>

/**
 * @param counts of the log up to `last`, as it was read before
 * @returns how many counts were put right; undefined where something was stored since the log was read, of which some
 * may have been put right already
 */
export async function recountContents(
  connection: Reads,
  counts: NameCounts,
  last: number,
  now: number,
  perform: (chore: Parameters<Perform>[0]) => Promise<void>,
): Promise<number | undefined> {
  const named = await withArtifacts(connection, counts, last)
  const wrong = named && (await wrongContents(connection, named, last))
  if (wrong === undefined) return undefined
  for (let at = 0; at < wrong.length; at += SLICE_ROWS) {
    const slice = wrong.slice(at, at + SLICE_ROWS)
    let isPut = false
    await perform({
      doing: 'counting the names of contents',
      stores: WRITE_STORES,
      durability: 'strict',
      async work(transaction) {
        isPut = (await lastArrival(transaction)) === last
        if (isPut) await putCounts(transaction, slice, now)
      },
    })
    if (!isPut) return undefined
  }
  return wrong.length
}

/** What the log names, and what each artifact's row does. */
async function withArtifacts(
  connection: Reads,
  counts: NameCounts,
  last: number,
): Promise<NameCounts | undefined> {
  const named = new Map(counts)
  const isRead = await readSlices<StoredArtifact>(
    connection,
    'artifacts',
    last,
    ({ id }) => id,
    (rows) => {
      for (const { domain, record } of rows) {
        const name = nameOfContent({ domain, hash: record.contentId })
        named.set(name, (named.get(name) ?? 0) + 1)
      }
    },
  )
  return isRead ? named : undefined
}

interface Count extends ContentKey {
  readonly references: number
}

async function wrongContents(
  connection: Reads,
  named: NameCounts,
  last: number,
): Promise<readonly Count[] | undefined> {
  const keyOf = ({ domain, hash }: StoredContent) => [domain, hash]
  const wrong: Count[] = []
  const isRead = await readSlices<StoredContent>(connection, 'contents', last, keyOf, (rows, isLossy) => {
    for (const row of rows) {
      const references = named.get(nameOfContent(row)) ?? 0
      const isRight = isLossy ? row.references >= references : row.references === references
      if (!isRight) wrong.push({ domain: row.domain, hash: row.hash, references })
    }
  })
  return isRead ? wrong : undefined
}

/**
 * Gives the rows of a table, slice by slice. Rows of the log that are lost may have named what seems to have no name:
 * only their session's end takes it back.
 *
 * @returns false where something was stored since the log was read
 */
async function readSlices<Row>(
  connection: Reads,
  table: 'artifacts' | 'contents',
  last: number,
  keyOf: (row: Row) => IDBValidKey,
  take: (rows: readonly Row[], isLossy: boolean) => void,
): Promise<boolean> {
  for (let after: IDBValidKey | undefined; ; ) {
    const range = after === undefined ? null : IDBKeyRange.lowerBound(after, true)
    const { rows, damage, arrived } = await readSlice<Row>(connection, table, range)
    if (arrived !== last) return false
    take(rows, damage.some(losesRows))
    const end = rows.at(-1)
    if (end === undefined || rows.length < SLICE_ROWS) return true
    after = keyOf(end)
  }
}

async function readSlice<Row>(
  connection: Reads,
  table: 'artifacts' | 'contents',
  range: IDBKeyRange | null,
): Promise<{ rows: readonly Row[]; damage: readonly StoredDamage[]; arrived: number }> {
  try {
    const transaction = connection.transaction(['commits', 'segments', 'quarantine', table], 'readonly')
    const rowsRequest: IDBRequest<Row[]> = transaction.objectStore(table).getAll(range, SLICE_ROWS)
    const damageRequest: IDBRequest<StoredDamage[]> = transaction.objectStore('quarantine').getAll()
    const [rows, damage, arrived] = await Promise.all([
      resultOf(rowsRequest),
      resultOf(damageRequest),
      lastArrival(transaction),
    ])
    return { rows, damage, arrived }
  } catch (cause) {
    throw connection.failure(cause, 'counting the names of contents')
  }
}

async function putCounts(transaction: IDBTransaction, wrong: readonly Count[], now: number): Promise<void> {
  const contents = transaction.objectStore('contents')
  await Promise.all(
    wrong.map(async ({ domain, hash, references }) => {
      const request: IDBRequest<StoredContent | undefined> = contents.get([domain, hash])
      const row = await resultOf(request)
      if (row !== undefined) contents.put({ ...row, references } satisfies StoredContent)
    }),
  )
  const unnamed = wrong.filter(({ references }) => references === 0)
  if (unnamed.length > 0) await sweepContents(transaction, unnamed, now)
}
