/**
 * Reads the log. Every answer comes from the database.
 */

import { wrap as resultOf } from 'idb'
import type { CommitRow } from '../core/commit.ts'
import type { Clock, SessionId, StreamId } from '../core/ids.ts'
import type { Log, StreamStart } from '../core/ports.ts'
import { foldSession } from '../core/session/fold.ts'
import { deltasOf, foldEntries } from '../core/state/fold.ts'
import { documentNames, rowsAfter, toCommitRow } from './commit-rows.ts'
import type { Connection } from './connection.ts'
import type { DamageNotes } from './damage-notes.ts'
import { type RangeOptions, readRange, type Source } from './read-range.ts'
import type { StoredSession, StoredSnapshot, StoredView, StoreName } from './schema.ts'
import { readSoundCommits, soundSnapshots, soundView } from './sound-rows.ts'

export function createLog(connection: Connection): Log {
  async function read<T>(
    stores: StoreName | readonly StoreName[],
    doing: string,
    work: (transaction: IDBTransaction) => Promise<T>,
  ): Promise<T> {
    try {
      return await work(connection.transaction(typeof stores === 'string' ? [stores] : stores, 'readonly'))
    } catch (error) {
      throw connection.failure(error, doing)
    }
  }

  const notes = connection.damage
  const rows = (source: Source, range: IDBKeyRange, options: RangeOptions = {}) =>
    readRows(source, range, options, notes)

  return {
    start: (stream) =>
      read(['views', 'sessions', 'commits'], `opening ${stream}`, (tx) => readStart(tx, stream, notes)),
    tail: (stream, afterSeq, limit) =>
      read('commits', `reading the log of ${stream}`, async (tx) => {
        return rows(bySeq(tx), rowsAfter(stream, afterSeq), limit === undefined ? {} : { limit })
      }),
    range: (stream, { from = 0 as Clock, to, reverse = false, limit }) =>
      read('commits', `reading the log of ${stream}`, async (tx) => {
        const range = IDBKeyRange.bound([stream, from], [stream, to ?? Number.POSITIVE_INFINITY])
        const index = tx.objectStore('commits').index('[streamId+hlc]')
        return rows(index, range, { reverse, ...(limit === undefined ? {} : { limit }) })
      }),
    arrived: ({ after = 0, before = Number.POSITIVE_INFINITY, reverse = false, limit }) =>
      read('commits', 'reading the log', async (tx) => {
        const range = IDBKeyRange.bound(after, before, true, true)
        return rows(tx.objectStore('commits'), range, { reverse, limit })
      }),
    byRef: (ref) =>
      read('commits', `reading the rows of ${ref}`, async (tx) => {
        const index = tx.objectStore('commits').index('refs')
        const found = await rows(index, IDBKeyRange.only(ref))
        return [...found].sort((a, b) => a.hlc - b.hlc || a.seq - b.seq)
      }),
    document: (stream) =>
      read(['snapshots', 'commits'], `loading ${stream}`, (tx) => readDocument(tx, stream, notes)),
    documents: (session) =>
      read('commits', `listing the documents of ${session}`, (tx) => readDocumentNames(tx, session)),
  }
}

/**
 * Record and entries both stand at `upTo`, whichever of view and index row was brought up to date last.
 */
async function readStart(
  transaction: IDBTransaction,
  stream: StreamId,
  notes: DamageNotes,
): Promise<StreamStart> {
  const viewRequest: IDBRequest<StoredView | undefined> = transaction.objectStore('views').get(stream)
  const sessionRequest: IDBRequest<StoredSession | undefined> = transaction
    .objectStore('sessions')
    .get(stream)
  const [storedView, session] = await Promise.all([resultOf(viewRequest), resultOf(sessionRequest)])
  const view = soundView(storedView, notes)
  const viewTo = view?.upTo ?? 0
  const sessionTo = session?.upTo ?? viewTo
  const upTo = Math.max(viewTo, sessionTo)
  const rows = await readRows(bySeq(transaction), rowsAfter(stream, Math.min(viewTo, sessionTo)), {}, notes)
  const between = (after: number) => rows.filter((row) => row.seq > after && row.seq <= upTo)
  const deltas = between(viewTo).flatMap((row) => row.events.flatMap(deltasOf))
  const record = foldSession(session?.record, stream, between(sessionTo))
  return {
    ...(record === undefined ? {} : { record }),
    entries: foldEntries(view?.entries ?? [], deltas, 'state'),
    upTo,
    tail: rows.filter((row) => row.seq > upTo),
  }
}

async function readDocument(
  transaction: IDBTransaction,
  stream: StreamId,
  notes: DamageNotes,
): Promise<{ snapshot?: Uint8Array; tail: readonly CommitRow[] }> {
  // A damaged one is passed over for one before it, or for the log alone.
  const [snapshot] = soundSnapshots(
    await readRange<StoredSnapshot>(transaction.objectStore('snapshots'), rowsAfter(stream, 0), {
      reverse: true,
    }),
    notes,
  )
  const tail = await readRows(bySeq(transaction), rowsAfter(stream, snapshot?.seq ?? 0), {}, notes)
  return { ...(snapshot === undefined ? {} : { snapshot: snapshot.bytes }), tail }
}

/** One jump per name, however many rows a document has. */
async function readDocumentNames(
  transaction: IDBTransaction,
  session: SessionId,
): Promise<readonly string[]> {
  const [prefix, end] = documentNames(session)
  const names: string[] = []
  const index = bySeq(transaction)
  for (let after: IDBValidKey = [prefix]; ; ) {
    const cursor = await resultOf(index.openKeyCursor(IDBKeyRange.bound(after, [end], true, true)))
    if (cursor === null) return names
    const [stream] = cursor.key as [StreamId, number]
    names.push(stream.slice(prefix.length))
    after = [stream, Number.POSITIVE_INFINITY]
  }
}

function bySeq(transaction: IDBTransaction): IDBIndex {
  return transaction.objectStore('commits').index('[streamId+seq]')
}

async function readRows(
  source: Source,
  range: IDBKeyRange,
  options: RangeOptions,
  notes: DamageNotes,
): Promise<readonly CommitRow[]> {
  const stored = await readSoundCommits(source, range, options, notes)
  return stored.map((row) => toCommitRow(row))
}
