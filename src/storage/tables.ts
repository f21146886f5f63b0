/**
 * Reads the index tables. Every answer comes from the database.
 */
import { Dexie } from 'dexie'
import { createError, type HoldfastError } from '../core/errors.ts'
import { type SessionId, sessionStream } from '../core/ids.ts'
import { late } from '../core/late.ts'
import type { Tables } from '../core/ports.ts'
import type { RunRow } from '../core/run/record.ts'
import { unpackKept, unpackPage } from '../core/session/kept-record.ts'
import type { Connection } from './connection.ts'
import { readOne } from './read-one.ts'
import type { Database, StoredSession } from './schema.ts'
import { listSessions } from './session-list.ts'
import { noteUnreadableSession, soundCheckpoints, soundSession } from './sound-rows.ts'
import { readSuspicion, SUSPICION_STORES } from './suspicion.ts'
import { fromStored } from './table-rows.ts'

const artifactLists = late('lists of artifacts', () => import('./artifact-list.ts'))

export function createTables(connection: Connection): Tables {
  const { db } = connection

  async function read<T>(doing: string, work: () => PromiseLike<T>): Promise<T> {
    // Asked first, because Dexie writes to the console when its connection is closed.
    if (connection.ended !== undefined) throw connection.ended
    try {
      return await work()
    } catch (error) {
      throw connection.failure(error, doing)
    }
  }
  const list = <Page>(
    table: 'sessions' | 'artifacts',
    work: (transaction: IDBTransaction) => Promise<Page>,
  ) => read(`listing ${table}`, () => work(connection.transaction([table], 'readonly')))

  const listOfSessions: Tables['packedSessions'] = (query) =>
    list('sessions', (transaction) => listSessions(transaction, query, connection.damage))

  return {
    head: (key) =>
      read(`reading head ${JSON.stringify(key)}`, async () => (await db.heads.get([...key]))?.value),
    session: (id) =>
      read(`reading session ${id}`, async () => {
        const sessions = connection.transaction(['sessions'], 'readonly').objectStore('sessions')
        const { row, isUnreadable } = await readOne<StoredSession>(sessions, id)
        if (isUnreadable) throw unreadable(id, connection)
        // Told, and made anew: until then what is there is better than no session.
        return soundSession(row, connection.damage)?.record ?? (row && unpackKept(row.record, id))
      }),
    sessions: async (query) => unpackPage(await listOfSessions(query)),
    packedSessions: listOfSessions,
    children: (id) =>
      read(`reading the children of ${id}`, () => db.sessions.where('parentId').equals(id).primaryKeys()),
    artifact: (id) =>
      read(`reading artifact ${id}`, async () => fromStored('artifacts', await db.artifacts.get(id))),
    artifactVersions: (session, name) =>
      read(`reading the versions of ${name}`, async () => {
        const rows = await db.artifacts.where('[sessionId+name]').equals([session, name]).toArray()
        return rows.map((row) => row.record).sort((a, b) => b.version - a.version)
      }),
    artifacts: async (query) => {
      const { listArtifacts } = await artifactLists()
      return list('artifacts', (transaction) => listArtifacts(transaction, query))
    },
    content: (domain, hash) =>
      read(`reading content ${hash}`, async () =>
        fromStored('contents', await db.contents.get([domain, hash])),
      ),
    chunk: (domain, hash) => read(`reading chunk ${hash}`, () => db.chunks.get([domain, hash])),
    hasChunk: (domain, hash) =>
      read(`looking for chunk ${hash}`, async () => {
        return (await db.chunks.where('[domain+hash]').equals([domain, hash]).count()) > 0
      }),
    run: (id) => read(`reading run ${id}`, async () => fromStored('runs', await db.runs.get(id))),
    runs: (session, options = {}) =>
      read(`reading the runs of ${session}`, () => readRuns(db, session, options)),
    damage: (session) =>
      read('listing what is damaged', async () => {
        const rows = await (session === undefined
          ? db.quarantine.toCollection()
          : db.quarantine.where('streamId').between(session, `${session}/\uffff`, true, true)
        ).toArray()
        return rows
          .map(({ record }) => record.damage)
          .filter((damage) => session === undefined || damage.session === session)
          .sort((a, b) => a.foundAt - b.foundAt)
      }),
    isCounted: (id) =>
      read(`reading session ${id}`, async () => {
        const row = await db.sessions.get(id)
        return row === undefined || row.rows !== undefined
      }),
    suspicion: () =>
      read('looking for signs of damage', () =>
        readSuspicion(connection.transaction(SUSPICION_STORES, 'readonly')),
      ),
    checkpoint: (id) =>
      read(`reading checkpoint ${id}`, async () => {
        const row = await db.checkpoints.get(id)
        const [sound] = soundCheckpoints(row === undefined ? [] : [row], connection.damage)
        return fromStored('checkpoints', sound)
      }),
    checkpoints: (session) =>
      read(`reading the checkpoints of ${session}`, async () => {
        const stream = sessionStream(session)
        const inOrder = db.checkpoints
          .where('[streamId+hlc]')
          .between([stream, Dexie.minKey], [stream, Dexie.maxKey])
        const rows = await inOrder.toArray()
        return soundCheckpoints(rows, connection.damage).map((row) => row.content)
      }),
  }
}

/** Told too, so that it is made anew. */
function unreadable(id: SessionId, { damage }: Connection): HoldfastError {
  noteUnreadableSession(sessionStream(id), damage)
  return createError(
    'STORAGE_FAILED',
    `The browser fails at the index row of session ${id}, which is made anew from the log. Send the call again.`,
    { id },
  )
}

async function readRuns(
  db: Database,
  session: SessionId,
  { name, key }: { readonly name?: string; readonly key?: string },
): Promise<readonly RunRow[]> {
  const rows = await (name === undefined
    ? db.runs.where('sessionId').equals(session)
    : db.runs
        .where('keys')
        .between(
          ['name', session, name, key ?? Dexie.minKey],
          ['name', session, name, key ?? Dexie.maxKey],
          true,
          true,
        )
  ).toArray()
  return rows
    .map((row) => row.record)
    .filter((run) => key === undefined || run.key === key)
    .sort((a, b) => (a.id < b.id ? 1 : -1))
}
