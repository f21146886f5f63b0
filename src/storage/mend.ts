/**
 * Puts index rows of a stream as its log says they are. The log is folded before the transaction, since archived rows
 * have to be inflated; within it nothing may have come since.
 */
import type { ArtifactRecord } from '../core/artifact/record.ts'
import type { HeadKey } from '../core/commit.ts'
import { withUntold } from '../core/damage/fold-runs.ts'
import type { Mending } from '../core/damage/mending.ts'
import type { CommitId, StreamId } from '../core/ids.ts'
import type { RunRow } from '../core/run/record.ts'
import { keepRecord, readKept } from '../core/session/kept-record.ts'
import { sizeOf } from '../core/size.ts'
import { canonicalText } from '../core/state/canonical.ts'
import { isKept, packEntries, unpackEntries } from '../core/state/packed-entries.ts'
import type { StateValue } from '../core/state/value.ts'
import { isSound, type Summed, withSum } from './checksum.ts'
import { relist } from './index-entries.ts'
import { losesRows } from './losses.ts'
import { readOne } from './read-one.ts'
import { validKey } from './reads.ts'
import { resultOf } from './result-of.ts'
import type { StoredDamage, StoredHead, StoredRun, StoredSession, StoredView, StoreName } from './schema.ts'
import { toStoredSession } from './session-rows.ts'
import { toStored } from './table-rows.ts'

export const MEND_STORES = [
  'commits',
  'segments',
  'quarantine',
  'sessions',
  'views',
  'artifacts',
  'runs',
  'heads',
  'marks',
] as const satisfies StoreName[]

/** @returns how many rows were put right; undefined where something was stored since the log was read */
export async function mendStream(
  transaction: IDBTransaction,
  stream: StreamId,
  mending: Mending,
  commitId: CommitId,
  checksEntries: boolean,
): Promise<number | undefined> {
  const damage = await readDamage(transaction, stream)
  if ((await lastSeqOf(transaction, stream, damage)) !== mending.upTo) return undefined
  const isLossy = damage.some(losesRows)
  const { record, entries, upTo, rows, artifacts, runs, heads } = mending
  const put = async (store: StoreName, key: IDBValidKey, row: object) => {
    const { row: present, isUnreadable } = await readOne<object>(transaction.objectStore(store), key)
    // What a log that lost rows says may be less than what its index rows still know.
    const isRight =
      (isUnreadable && isLossy) ||
      (present !== undefined && isSound(present as Summed) && (isLossy || isSame(present, row)))
    if (!isRight) transaction.objectStore(store).put(row)
    return isRight ? 0 : 1
  }

  let mended = 0
  if (record !== undefined)
    mended += await putSession(transaction, stream, toStoredSession(record, upTo, rows), isLossy)
  const kept = { streamId: stream, upTo, entries: packEntries(entries), sizeBytes: sizeOf(entries) }
  // Of a log that lost rows the index row may know more, which the next rewriting takes from it.
  const view = record === undefined || isLossy ? kept : { ...kept, record: keepRecord(record) }
  mended += await putView(transaction, stream, view, isLossy)
  for (const artifact of artifacts)
    mended += await put('artifacts', artifact.id, toStored('artifacts', artifact))
  if (!isLossy && record !== undefined) mended += await removeArtifacts(transaction, stream, artifacts)
  for (const run of runs) mended += await putRun(transaction, run, isLossy)
  if (!isLossy && record !== undefined) mended += await removeRuns(transaction, stream, runs)
  for (const { key, value } of heads) mended += await putHead(transaction, key, value, commitId, isLossy)
  if (!checksEntries) return mended
  const keys = {
    sessions: record === undefined ? [] : [stream],
    artifacts: idsOf(artifacts),
    runs: idsOf(runs),
  }
  return mended + (await relist(transaction, keys))
}

function idsOf(rows: readonly { readonly id: string }[]): readonly string[] {
  return rows.map(({ id }) => id)
}

async function readDamage(transaction: IDBTransaction, stream: StreamId): Promise<readonly StoredDamage[]> {
  const request: IDBRequest<StoredDamage[]> = transaction
    .objectStore('quarantine')
    .index('streamId')
    .getAll(stream)
  return resultOf(request)
}

/** The last row that can be read: one at which the browser fails stays in its table, and the log was read without it. */
async function lastSeqOf(
  transaction: IDBTransaction,
  stream: StreamId,
  damage: readonly StoredDamage[],
): Promise<number> {
  const places = damage.map(({ record }) => record.place)
  const leftIn = (table: string) =>
    new Set(places.flatMap((place) => (place?.table === table ? [seqOfKey(place.key)] : [])))
  const commits = transaction.objectStore('commits').index('[streamId+seq]')
  const single = await lastOf(commits, stream, leftIn('commits'))
  return single > 0 ? single : lastOf(transaction.objectStore('segments'), stream, leftIn('segments'))
}

async function lastOf(
  source: IDBObjectStore | IDBIndex,
  stream: StreamId,
  left: ReadonlySet<number>,
): Promise<number> {
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    const range = IDBKeyRange.bound([stream, 0], [stream, before], true, true)
    const cursor = await resultOf(source.openKeyCursor(range, 'prev'))
    if (cursor === null) return 0
    before = seqOfKey(cursor.key)
    if (!left.has(before)) return before
  }
}

/** Rows of the log are named by their number, segments by their stream and the number of their last row. */
function seqOfKey(key: unknown): number {
  return Number(Array.isArray(key) ? key[1] : key)
}

/** One that lags behind is right as long as it is sound: the next barrier would bring it up to date. */
async function putSession(
  transaction: IDBTransaction,
  stream: StreamId,
  row: StoredSession,
  isLossy: boolean,
): Promise<number> {
  const sessions = transaction.objectStore('sessions')
  const { row: present, isUnreadable } = await readOne<StoredSession>(sessions, stream)
  if (isUnreadable && isLossy) return 0
  const isWhole = present !== undefined && isSound(present) && readKept(present.record) !== undefined
  if (isWhole && (isLossy || isSame(unpacked(present), unpacked(row)))) return 0
  sessions.put(row)
  return isWhole && present.upTo < row.upTo ? 0 : 1
}

/** In whatever form, with its own sum. */
function unpacked(row: StoredSession): unknown {
  return { ...row, sum: row.sum !== undefined, record: readKept(row.record) }
}

/** A view that lags behind is right as long as it is sound; it is rewritten by the way. */
async function putView(
  transaction: IDBTransaction,
  stream: StreamId,
  view: Omit<StoredView, 'sum'>,
  isLossy: boolean,
): Promise<number> {
  const views = transaction.objectStore('views')
  const { row: present, isUnreadable } = await readOne<StoredView>(views, stream)
  if (isUnreadable && isLossy) return 0
  if (present === undefined && !isUnreadable && unpackEntries(view.entries).length === 0) return 0
  if (present !== undefined && isSound(present) && (isLossy || present.upTo < view.upTo)) return 0
  if (present !== undefined && isSound(present) && isSameView(present, view)) return 0
  views.put(withSum(view))
  return 1
}

async function removeArtifacts(
  transaction: IDBTransaction,
  stream: StreamId,
  known: readonly ArtifactRecord[],
): Promise<number> {
  const store = transaction.objectStore('artifacts')
  const ofSession = IDBKeyRange.bound([stream], [stream, []])
  const ids = new Set<IDBValidKey>(known.map(({ id }) => id))
  const present = await resultOf(store.index('[sessionId+name]').getAllKeys(ofSession))
  const left = present.filter((id) => !ids.has(id))
  for (const id of left) store.delete(id)
  return left.length
}

async function putRun(transaction: IDBTransaction, told: RunRow, isLossy: boolean): Promise<number> {
  const store = transaction.objectStore('runs')
  const { row: present, isUnreadable } = await readOne<StoredRun>(store, told.id)
  if (isUnreadable && isLossy) return 0
  const run = toStored('runs', withUntold(told, present?.record))
  if (present !== undefined && (isLossy || isSame(present, run))) return 0
  store.put(run)
  return 1
}

/** With their heads: no run has them any more. */
async function removeRuns(
  transaction: IDBTransaction,
  stream: StreamId,
  known: readonly RunRow[],
): Promise<number> {
  const store = transaction.objectStore('runs')
  const ids = new Set<IDBValidKey>(known.map(({ id }) => id))
  const left = (await resultOf(store.index('sessionId').getAllKeys(stream))).filter((id) => !ids.has(id))
  for (const id of left) {
    store.delete(id)
    transaction.objectStore('heads').delete(['run', id])
  }
  return left.length
}

/** Fields that the log does not tell (counts of children) stay as they are. */
async function putHead(
  transaction: IDBTransaction,
  key: HeadKey,
  value: Mending['heads'][number]['value'],
  commitId: CommitId,
  isLossy: boolean,
): Promise<number> {
  const heads = transaction.objectStore('heads')
  const { row: present, isUnreadable } = await readOne<StoredHead>(heads, validKey(key))
  if (isUnreadable && isLossy) return 0
  const put = (next: unknown) =>
    heads.put({ id: key, version: (present?.version ?? 0) + 1, value: next, commitId } satisfies StoredHead)
  if (typeof value === 'string') {
    if (present !== undefined && (isLossy || present.value === value)) return 0
    put(value)
    return 1
  }
  const fields = (present?.value ?? {}) as Readonly<Record<string, unknown>>
  const told = Object.entries(value).filter(([name]) => name !== 'offspring' || present === undefined)
  const isRight = told.every(([name, field]) => isSame(fields[name], field))
  if (present !== undefined && (isLossy || isRight)) return 0
  put({ ...fields, ...Object.fromEntries(told) })
  return 1
}

/** In whatever form. A record that is not kept is no other one. */
function isSameView(one: StoredView, other: Omit<StoredView, 'sum'>): boolean {
  if (!isKept(one.entries)) return false
  try {
    const held = ({ entries, record = '' }: typeof other) => [
      unpackEntries(entries),
      one.record && readKept(record),
    ]
    return isSame(held(one), held(other))
  } catch {
    return false
  }
}

/** Rows hold plain data and bytes, whatever their type says. */
function isSame(one: unknown, other: unknown): boolean {
  return canonicalText(one as StateValue) === canonicalText(other as StateValue)
}
