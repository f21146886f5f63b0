/**
 * The chore that keeps the log small: rows that a snapshot holds become segments, app documents get the snapshots that
 * nobody else makes of them, and an archived session is packed whole and squeezed.
 */
import { snapshotOfUpdates } from '../context/snapshot-of-updates.ts'
import type { CommitRow } from '../core/commit.ts'
import {
  documentStream,
  isDocumentStream,
  type SessionId,
  STORE_STREAM,
  type StreamId,
  sessionOfStream,
  sessionStream,
} from '../core/ids.ts'
import type { Journal, Log, Tables } from '../core/ports.ts'
import type { StewardChore } from './steward-chores.ts'
import { unpackedStreams } from './unpacked-streams.ts'

/** Below this a stream is not looked at: it would fill no segment. */
const MIN_ROWS = 100

/** An app document is snapshotted when the updates after its last snapshot pass this and half of that snapshot. */
const MIN_TAIL_BYTES = 64 * 1024
const MIN_TAIL_SHARE = 1 / 2
const MAX_TAIL_ROWS = 1_000

export interface Packing {
  readonly chore: StewardChore
  /** Rows that were stored. */
  noteRows(rows: readonly Pick<CommitRow, 'stream' | 'update' | 'events'>[]): void
  /** Another tab stored rows of a stream, it is not known how many. */
  noteForeign(stream: StreamId): void
}

export interface PackingDeps {
  readonly journal: Pick<Journal, 'pack' | 'renew' | 'snapshot' | 'putSnapshot' | 'squeeze' | 'unsqueeze'>
  readonly log: Pick<Log, 'unpacked' | 'archiving' | 'squeezed' | 'document' | 'documents'>
  readonly tables: Pick<Tables, 'session' | 'sessions'>
}

export function createPacking({ journal, log, tables }: PackingDeps): Packing {
  /** Streams with rows that may be packed, and how many and how large these are as far as is known. */
  const grown = new Map<StreamId, { rows: number; bytes: number }>()
  /** Sessions that may have been archived or unarchived. */
  const archived = new Set<SessionId>()
  /** The stewardship in which the whole log was looked at: what others stored before it is not noted here. */
  let lookedAt: number | undefined

  function note(stream: StreamId, rows: number, bytes: number): void {
    const known = grown.get(stream) ?? { rows: 0, bytes: 0 }
    grown.set(stream, { rows: known.rows + rows, bytes: known.bytes + bytes })
  }

  function noteArchived(stream: StreamId): void {
    const session = sessionOfStream(stream)
    if (session !== undefined) archived.add(session)
  }

  async function lookAtAll(): Promise<void> {
    // How large they are is not known: a document's are read to see.
    for await (const { stream, rows } of unpackedStreams(log)) note(stream, rows, MIN_TAIL_BYTES)
    for (const stream of await log.archiving()) noteArchived(stream)
    const squeezed = new Set((await log.squeezed()).map(sessionOfStream))
    for await (const id of archivedSessions()) {
      squeezed.delete(id)
      if (grown.has(sessionStream(id))) archived.add(id)
    }
    // What is left was unarchived.
    for (const id of squeezed) if (id !== undefined) archived.add(id)
  }

  async function* archivedSessions(): AsyncGenerator<SessionId> {
    for (let cursor: string | undefined; ; ) {
      const page = await tables.sessions({ status: 'archived', ...(cursor === undefined ? {} : { cursor }) })
      for (const { id } of page.items) yield id
      cursor = page.cursor
      if (cursor === undefined) return
    }
  }

  async function packGrown(fence: number): Promise<void> {
    for (const [stream, { rows, bytes }] of [...grown]) {
      if (rows < MIN_ROWS && !(isDocumentStream(stream) && bytes >= MIN_TAIL_BYTES)) continue
      grown.delete(stream)
      try {
        if (isDocumentStream(stream)) await snapshotDocument(stream, fence, false)
        let isPacked = false
        while ((await journal.pack(stream, { fence })) > 0) isPacked = true
        // It is loaded for that, so not at every look.
        if (isPacked && !isDocumentStream(stream) && stream !== STORE_STREAM)
          await journal.renew(stream, fence)
      } catch (error) {
        note(stream, rows, bytes)
        throw error
      }
    }
  }

  async function archive(session: SessionId, fence: number): Promise<void> {
    for (const name of await log.documents(session)) {
      await snapshotDocument(documentStream(session, name), fence, true)
      await packWhole(documentStream(session, name), fence)
    }
    await journal.snapshot(sessionStream(session), fence)
    await packWhole(sessionStream(session), fence)
  }

  /** What it writes from now on builds on its log within transactions, where nothing can be inflated. */
  async function unarchive(session: SessionId, fence: number): Promise<void> {
    for (const name of await log.documents(session)) {
      const stream = documentStream(session, name)
      // Where its snapshot was damaged there is none that holds its last rows.
      if (await journal.unsqueeze(stream, fence)) await snapshotDocument(stream, fence, true)
    }
    if (await journal.unsqueeze(sessionStream(session), fence)) {
      await journal.snapshot(sessionStream(session), fence)
    }
  }

  async function packWhole(stream: StreamId, fence: number): Promise<void> {
    while ((await journal.pack(stream, { whole: true, fence })) > 0) {}
    await journal.squeeze(stream, fence)
    grown.delete(stream)
  }

  async function snapshotDocument(stream: StreamId, fence: number, always: boolean): Promise<void> {
    const { snapshot, snapshotTo = 0, tail } = await log.document(stream)
    const updates = tail.flatMap(({ update }) => (update === undefined ? [] : [update]))
    const bytes = updates.reduce((sum, { length }) => sum + length, 0)
    const isLong = bytes > Math.max(MIN_TAIL_BYTES, (snapshot?.length ?? 0) * MIN_TAIL_SHARE)
    const last = tail.at(-1)
    if (last === undefined || !(always || isLong || tail.length > MAX_TAIL_ROWS)) return
    const made = snapshotOfUpdates(snapshot, updates)
    if (made !== undefined) {
      await journal.putSnapshot(stream, { bytes: made, after: snapshotTo, upTo: last.seq }, fence)
    }
  }

  return {
    chore: {
      name: 'packing the log',
      async run(fence) {
        if (lookedAt !== fence) await lookAtAll()
        lookedAt = fence
        for (const session of [...archived]) {
          const record = await tables.session(session)
          if (record?.status === 'archived') await archive(session, fence)
          else if (record !== undefined) await unarchive(session, fence)
          archived.delete(session)
        }
        await packGrown(fence)
      },
    },
    noteRows(rows) {
      for (const { stream, update, events } of rows) {
        note(stream, 1, update?.length ?? 0)
        if (events.some(({ type }) => CHANGES_FORM.has(type))) noteArchived(stream)
      }
    },
    noteForeign(stream) {
      note(stream, MIN_ROWS, MIN_TAIL_BYTES)
      // Its index row says whether it was.
      noteArchived(stream)
    },
  }
}

const CHANGES_FORM: ReadonlySet<string> = new Set(['session.archived', 'session.unarchived'])
