/**
 * Puts index rows of a stream as its log says they are. The log is folded before the transaction, since archived rows
 * have to be inflated; within it nothing may have come since.
 */
import type { ArtifactRecord } from '../core/artifact/record.ts'
import type { HeadKey } from '../core/commit.ts'
import type { Mending } from '../core/damage/mending.ts'
import type { CommitId, StreamId } from '../core/ids.ts'
import { sizeOf } from '../core/size.ts'
import { canonicalText } from '../core/state/canonical.ts'
import type { StateValue } from '../core/state/value.ts'
import { isSound, withSum } from './checksum.ts'
import { rowsAfter } from './commit-rows.ts'
import { validKey } from './reads.ts'
import { resultOf } from './result-of.ts'
import type { StoredArtifact, StoredDamage, StoredHead, StoredView, StoreName } from './schema.ts'
import { packedTo } from './segment-reads.ts'
import { toStoredSession } from './session-rows.ts'
import { toStored } from './table-rows.ts'

export const MEND_STORES = [
  'commits',
  'segments',
  'quarantine',
  'sessions',
  'views',
  'artifacts',
  'heads',
] as const satisfies StoreName[]

/** @returns how many rows were put right; undefined where something was stored since the log was read */
export async function mendStream(
  transaction: IDBTransaction,
  stream: StreamId,
  mending: Mending,
  commitId: CommitId,
): Promise<number | undefined> {
  if ((await lastSeqOf(transaction, stream)) !== mending.upTo) return undefined
  const isLossy = await losesRows(transaction, stream)
  const { record, entries, upTo, rows, artifacts, heads } = mending
  const put = async (store: StoreName, key: IDBValidKey, row: object, isMissing = false) => {
    const present: unknown = await resultOf(transaction.objectStore(store).get(key))
    // What a log that lost rows says may be less than what its index rows still know.
    const isRight = present !== undefined && (isLossy || isMissing || isSame(present, row))
    if (!isRight) transaction.objectStore(store).put(row)
    return isRight ? 0 : 1
  }

  let mended = 0
  if (record !== undefined) mended += await put('sessions', stream, toStoredSession(record, upTo, rows))
  const view = { streamId: stream, upTo, entries, sizeBytes: sizeOf(entries) }
  mended += await putView(transaction, stream, view, isLossy)
  for (const artifact of artifacts)
    mended += await put('artifacts', artifact.id, toStored('artifacts', artifact))
  if (!isLossy && record !== undefined) mended += await removeArtifacts(transaction, stream, artifacts)
  for (const { key, value } of heads) mended += await putHead(transaction, key, value, commitId, isLossy)
  return mended
}

async function lastSeqOf(transaction: IDBTransaction, stream: StreamId): Promise<number> {
  const index = transaction.objectStore('commits').index('[streamId+seq]')
  const cursor = await resultOf(index.openKeyCursor(rowsAfter(stream, 0), 'prev'))
  return cursor === null ? packedTo(transaction, stream) : (cursor.key as [StreamId, number])[1]
}

async function losesRows(transaction: IDBTransaction, stream: StreamId): Promise<boolean> {
  const request: IDBRequest<StoredDamage[]> = transaction
    .objectStore('quarantine')
    .index('streamId')
    .getAll(stream)
  const found = await resultOf(request)
  return found.some(({ record }) => record.damage.what === 'row' || record.damage.what === 'gap')
}

/** A view that lags behind is right as long as it is sound; it is rewritten by the way. */
async function putView(
  transaction: IDBTransaction,
  stream: StreamId,
  view: Omit<StoredView, 'sum'>,
  isLossy: boolean,
): Promise<number> {
  const views = transaction.objectStore('views')
  const request: IDBRequest<StoredView | undefined> = views.get(stream)
  const present = await resultOf(request)
  if (present === undefined && view.entries.length === 0) return 0
  if (present !== undefined && isSound(present) && (isLossy || present.upTo < view.upTo)) return 0
  if (present !== undefined && isSound(present) && isSame(present.entries, view.entries)) return 0
  views.put(withSum(view))
  return 1
}

async function removeArtifacts(
  transaction: IDBTransaction,
  stream: StreamId,
  known: readonly ArtifactRecord[],
): Promise<number> {
  const store = transaction.objectStore('artifacts')
  const request: IDBRequest<StoredArtifact[]> = store
    .index('[sessionId+name]')
    .getAll(IDBKeyRange.bound([stream], [stream, []]))
  const ids = new Set(known.map(({ id }) => id))
  const left = (await resultOf(request)).filter(({ id }) => !ids.has(id))
  for (const { id } of left) store.delete(id)
  return left.length
}

/** Fields that the log does not tell (counts of children) stay as they are. */
async function putHead(
  transaction: IDBTransaction,
  key: HeadKey,
  value: Readonly<Record<string, unknown>>,
  commitId: CommitId,
  isLossy: boolean,
): Promise<number> {
  const heads = transaction.objectStore('heads')
  const request: IDBRequest<StoredHead | undefined> = heads.get(validKey(key))
  const present = await resultOf(request)
  const fields = (present?.value ?? {}) as Readonly<Record<string, unknown>>
  const told = Object.entries(value).filter(([name]) => name !== 'offspring' || present === undefined)
  const isRight = told.every(([name, field]) => isSame(fields[name], field))
  if (present !== undefined && (isLossy || isRight)) return 0
  const mended = { ...fields, ...Object.fromEntries(told) }
  heads.put({ id: key, version: (present?.version ?? 0) + 1, value: mended, commitId } satisfies StoredHead)
  return 1
}

/** Rows hold plain data and bytes, whatever their type says. */
function isSame(one: unknown, other: unknown): boolean {
  return canonicalText(one as StateValue) === canonicalText(other as StateValue)
}
