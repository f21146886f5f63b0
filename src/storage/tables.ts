/**
 * Reads the index tables. Every answer comes from the database.
 */
import { createError } from '../core/errors.ts'
import type { Tables } from '../core/ports.ts'
import type { Connection } from './connection.ts'
import { mapStorageError } from './error-map.ts'
import { fromStored } from './table-rows.ts'

export function createTables(connection: Connection): Tables {
  const { db } = connection

  async function read<T>(doing: string, work: () => PromiseLike<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw connection.ended ?? mapStorageError(error, doing)
    }
  }
  const later = async (): Promise<never> => {
    throw createError('INTERNAL', 'Not there yet.')
  }

  return {
    head: (key) =>
      read(`reading head ${JSON.stringify(key)}`, async () => (await db.heads.get([...key]))?.value),
    session: (id) => read(`reading session ${id}`, async () => (await db.sessions.get(id))?.record),
    sessions: later,
    children: (id) =>
      read(`reading the children of ${id}`, () => db.sessions.where('parentId').equals(id).primaryKeys()),
    artifact: (id) =>
      read(`reading artifact ${id}`, async () => fromStored('artifacts', await db.artifacts.get(id))),
    artifactVersions: later,
    artifacts: later,
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
    runs: later,
    checkpoint: (id) =>
      read(`reading checkpoint ${id}`, async () => fromStored('checkpoints', await db.checkpoints.get(id))),
    checkpoints: later,
  }
}
