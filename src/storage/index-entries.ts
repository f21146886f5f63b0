/**
 * Entries of indexes. A browser that lost a page of its own file may give a row by its key and not by an index, without an
 * error: counts show that it has, and each entry is looked for where a repair asks so.
 */
import { readOne } from './read-one.ts'
import { resultOf } from './result-of.ts'

/** How many entries are missing that every row has, by index; counts alone are read. All zero where none is. */
export async function countLostEntries(transaction: IDBTransaction): Promise<readonly number[]> {
  const sessions = transaction.objectStore('sessions')
  const artifacts = transaction.objectStore('artifacts')
  const runs = transaction.objectStore('runs')
  // Of keys that begin with a status or a session, and a tag: every row has one with neither.
  const untagged = IDBKeyRange.bound(['', ''], ['', '', []])
  const count = (source: IDBObjectStore | IDBIndex, range?: IDBKeyRange) => resultOf(source.count(range))
  const [created, updated, listed, stored, named, hashed, found, ran, ofSessions] = await Promise.all([
    count(sessions.index('createdAt')),
    count(sessions.index('updatedAt')),
    count(sessions.index('keys'), untagged),
    count(artifacts),
    count(artifacts.index('[sessionId+name]')),
    count(artifacts.index('[domain+hash]')),
    count(artifacts.index('keys'), untagged),
    count(runs),
    count(runs.index('sessionId')),
  ])
  // A hidden session has no entry in any of its three.
  const shown = Math.max(created, updated, listed)
  return [
    ...[created, updated, listed].map((entries) => shown - entries),
    ...[named, hashed, found].map((entries) => stored - entries),
    ran - ofSessions,
  ]
}

/** Puts rows again of which an index has lost an entry. @returns how many */
export async function relist(
  transaction: IDBTransaction,
  keysByTable: Readonly<Record<'sessions' | 'artifacts' | 'runs', readonly IDBValidKey[]>>,
): Promise<number> {
  let relisted = 0
  for (const [table, keys] of Object.entries(keysByTable)) {
    const store = transaction.objectStore(table)
    for (const key of keys) {
      const { row } = await readOne<object>(store, key)
      if (row === undefined || (await isListed(store, key, row))) continue
      store.put(row)
      relisted += 1
    }
  }
  return relisted
}

/** Whether every index has the entries that a row is to have in it. */
async function isListed(store: IDBObjectStore, key: IDBValidKey, row: object): Promise<boolean> {
  const looks = Array.from(store.indexNames).flatMap((name) => {
    const index = store.index(name)
    return keysIn(index, row as Row).map((entry) => hasEntry(index, entry, key))
  })
  return (await Promise.all(looks)).every((isThere) => isThere)
}

/** Many rows may have the same: all sessions of one author, say. */
async function hasEntry(index: IDBIndex, entry: IDBValidKey, key: IDBValidKey): Promise<boolean> {
  const request = index.openKeyCursor(IDBKeyRange.only(entry))
  const first = await resultOf(request)
  if (first === null || indexedDB.cmp(first.primaryKey, key) >= 0) return isAt(first, key)
  first.continuePrimaryKey(entry, key)
  return isAt(await resultOf(request), key)
}

function isAt(cursor: IDBCursor | null, key: IDBValidKey): boolean {
  return cursor !== null && indexedDB.cmp(cursor.primaryKey, key) === 0
}

type Row = Readonly<Record<string, IDBValidKey | undefined>>

function keysIn({ keyPath, multiEntry }: IDBIndex, row: Row): readonly IDBValidKey[] {
  if (typeof keyPath !== 'string') {
    const parts = keyPath.map((path) => row[path])
    return parts.every((part) => part !== undefined) ? [parts] : []
  }
  const value = row[keyPath]
  if (value === undefined) return []
  return multiEntry && Array.isArray(value) ? value : [value]
}
