import 'fake-indexeddb/auto'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { SessionId } from '../../src/core/ids.ts'
import { relist } from '../../src/storage/index-entries.ts'
import { createSession, openTab } from './rig.ts'

/** How fake-indexeddb keeps an index. */
interface RawIndex extends IDBIndex {
  readonly _rawIndex: { readonly records: { clear(): void } }
}

test('DM26 the entry of a row is looked for by itself, however many rows have the same', async () => {
  const tab = await openTab()
  for (const id of ['s1', 's2', 's3']) await createSession(tab, id as SessionId)
  const writing = () => tab.connection.native.transaction(['sessions', 'artifacts', 'runs'], 'readwrite')
  const keys = { sessions: ['s1', 's2', 's3'], artifacts: [], runs: [] }
  const reading = vi.spyOn(IDBIndex.prototype, 'getAllKeys')
  onTestFinished(() => reading.mockRestore())
  expect(await relist(writing(), keys)).toBe(0)
  expect(reading).not.toHaveBeenCalled()

  const transaction = writing()
  const index = transaction.objectStore('sessions').index('keys') as RawIndex
  index._rawIndex.records.clear()
  expect(await relist(transaction, keys)).toBe(3)
  expect(await relist(writing(), keys)).toBe(0)
})
