import { onTestFinished } from 'vitest'
import { IndexeddbPersistence } from 'y-indexeddb'
import * as Y from 'yjs'

/** A database of y-indexeddb with a document in it. */
export async function createOldDocument(): Promise<string> {
  const name = `old-${crypto.randomUUID()}`
  const doc = new Y.Doc()
  const persistence = new IndexeddbPersistence(name, doc)
  onTestFinished(() => void indexedDB.deleteDatabase(name))
  await persistence.whenSynced
  doc.getText('t').insert(0, 'kept')
  await persistence.destroy()
  return name
}
