/**
 * Adoption of a document that an app kept with y-indexeddb until now. It is read by y-indexeddb itself, compared with
 * what was read of its rows, and compared again with what was stored of it here; only then may the old one go.
 */
import { IndexeddbPersistence } from 'y-indexeddb'
import * as Y from 'yjs'
import { createError, type HoldfastError } from '../core/errors.ts'

/** A document as y-indexeddb had it. */
export interface AdoptedDocument {
  /** Of the database it was read from. */
  readonly name: string
  /** All of it, as one update: v1 bytes. */
  readonly update: Uint8Array
  readonly stateVector: Uint8Array
}

/**
 * Reads the document that y-indexeddb keeps under a name. The database stays, and none is made where there was none.
 * @throws ADOPT_FAILED when there is no such database, it is not one of y-indexeddb, or a row of it is damaged
 * @throws ABORTED when the caller's signal says so: y-indexeddb itself waits for ever where the browser does not answer
 */
export async function readYIndexedDB(name: string, signal?: AbortSignal): Promise<AdoptedDocument> {
  const fromRows = documentOf(name, await readRows(name))
  const loaded = await loadByProvider(name, signal)
  if (sameState(name, fromRows, loaded)) return encode(name, loaded)
  throw failed(name, 'it changed while it was read; close the tabs that edit it and try again')
}

/** Says whether a database of this name is there, as far as the browser tells; none is made. */
export async function isThere(name: string): Promise<boolean> {
  if (typeof indexedDB.databases !== 'function') return true
  // WebKit goes on listing one whose making was aborted, with version 0: it holds nothing, and the next open makes it.
  return (await indexedDB.databases()).some((database) => database.name === name && database.version !== 0)
}

/**
 * Compares an adopted document with what was stored of it.
 * @param stored the document as read back, as one update: v1 bytes
 * @throws ADOPT_FAILED when they differ
 */
export function verifyAdopted({ name, update, stateVector }: AdoptedDocument, stored: Uint8Array): void {
  const copy = documentOf(name, [stored])
  if (sameState(name, documentOf(name, [update]), copy) && sameBytes(stateVector, Y.encodeStateVector(copy)))
    return
  throw failed(name, 'its copy differs from it')
}

/** A connection that is being closed blocks a deletion for some milliseconds; one that a tab holds, for ever. */
const BLOCKED_LIMIT_MS = 5_000

/**
 * Removes the database that a document was adopted from.
 * @param signal ends the wait for connections that other tabs hold; the browser then deletes it when they are closed
 * @throws ADOPT_FAILED when it stays: it holds something else by now than what was read of it, or cannot be deleted
 */
export async function removeYIndexedDB(
  { name, update }: AdoptedDocument,
  signal: AbortSignal = AbortSignal.timeout(BLOCKED_LIMIT_MS),
): Promise<void> {
  const present = documentOf(name, await readRows(name))
  // Loaded anew from one update each: how the rows were cut has left no trace then.
  const now = documentOf(name, [Y.encodeStateAsUpdate(present)])
  if (!sameState(name, documentOf(name, [update]), now)) {
    throw failed(name, 'it was changed after it had been read; adopt it again')
  }
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name)
    request.onsuccess = () => resolve()
    request.onerror = () => reject(failed(name, 'the browser did not delete it', request.error))
    request.onblocked = () => {
      const giveUp = () => reject(failed(name, 'another tab holds it open; it goes when that tab closes it'))
      if (signal.aborted) giveUp()
      else signal.addEventListener('abort', giveUp, { once: true })
    }
  })
}

/** The store of y-indexeddb that has the updates. */
const UPDATES = 'updates'

/** Rows are read before y-indexeddb is let near: it never answers where a store is missing or an update is damaged. */
async function readRows(name: string): Promise<readonly Uint8Array[]> {
  const database = await openExisting(name)
  try {
    if (!database.objectStoreNames.contains(UPDATES))
      throw failed(name, 'it is not a database of y-indexeddb')
    const rows = await resultOf(name, database.transaction(UPDATES, 'readonly').objectStore(UPDATES).getAll())
    return rows.map((row: unknown) => {
      if (row instanceof Uint8Array) return row
      throw failed(name, 'it holds a row that is no update')
    })
  } finally {
    database.close()
  }
}

/** An open without a version makes the database where there is none, unless its upgrade is aborted. */
async function openExisting(name: string): Promise<IDBDatabase> {
  if (!(await isThere(name))) throw missing(name)
  const request = indexedDB.open(name)
  let isNew = false
  request.onupgradeneeded = () => {
    isNew = true
    request.transaction?.abort()
  }
  try {
    return await resultOf(name, request)
  } catch (error) {
    throw isNew ? missing(name) : error
  }
}

function resultOf<T>(name: string, request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(failed(name, 'the browser did not read it', request.error))
  })
}

function documentOf(name: string, updates: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc()
  try {
    doc.transact(() => {
      for (const update of updates) Y.applyUpdate(doc, update)
    })
  } catch (error) {
    throw failed(name, 'one of its updates is damaged', error)
  }
  return doc
}

async function loadByProvider(name: string, signal: AbortSignal | undefined): Promise<Y.Doc> {
  const doc = new Y.Doc()
  const provider = new IndexeddbPersistence(name, doc)
  try {
    await orAborted(provider.whenSynced, name, signal)
  } finally {
    await orAborted(provider.destroy(), name, signal)
  }
  return doc
}

function orAborted<T>(work: Promise<T>, name: string, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () =>
      reject(createError('ABORTED', `Reading the document ${JSON.stringify(name)} was aborted.`, { name }))
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject)
  })
}

function encode(name: string, doc: Y.Doc): AdoptedDocument {
  return { name, update: Y.encodeStateAsUpdate(doc), stateVector: Y.encodeStateVector(doc) }
}

function sameState(name: string, a: Y.Doc, b: Y.Doc): boolean {
  const [left, right] = [encode(name, a), encode(name, b)]
  return sameBytes(left.stateVector, right.stateVector) && sameBytes(left.update, right.update)
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}

function missing(name: string): HoldfastError {
  return failed(name, 'there is no database of this name')
}

function failed(name: string, reason: string, cause?: unknown): HoldfastError {
  return createError(
    'ADOPT_FAILED',
    `The document ${JSON.stringify(name)} of y-indexeddb was not adopted: ${reason}. Nothing was removed.`,
    { name, reason },
    cause,
  )
}
