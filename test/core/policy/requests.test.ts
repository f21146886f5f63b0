import 'fake-indexeddb/auto'
import { afterEach, expect, test, vi } from 'vitest'
import { startTab } from './tab.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** The requests that IndexedDB gets meanwhile, by object store. */
async function requestsOf(act: () => Promise<unknown>): Promise<readonly string[]> {
  const requests: string[] = []
  const methods = [
    'get',
    'getAll',
    'getKey',
    'getAllKeys',
    'put',
    'add',
    'delete',
    'count',
    'openCursor',
  ] as const
  for (const method of methods) {
    const plain = IDBObjectStore.prototype[method] as (...given: unknown[]) => IDBRequest
    vi.spyOn(IDBObjectStore.prototype, method).mockImplementation(function (
      this: IDBObjectStore,
      ...given: unknown[]
    ) {
      requests.push(`${this.name}.${method}`)
      return plain.apply(this, given)
    })
  }
  await act()
  vi.restoreAllMocks()
  return requests.sort()
}

test('PO13 without limits a write adds its row, and nothing more; with limits it writes the counter too', async () => {
  const tab = await startTab()
  const plain = (await tab.call('sessions.create', {})).record.id
  const limited = (await tab.call('sessions.create', { limits: { maxOperations: 1_000 } })).record.id
  const write = (session: typeof plain) => () =>
    tab.call('state.write', { target: { session }, changes: [{ key: 'key', value: 1 }] })
  await write(plain)()
  await write(limited)()
  await tab.call('flush', {})

  expect(await requestsOf(write(plain))).toEqual(['commits.add'])
  expect(await requestsOf(write(limited))).toEqual(['commits.add', 'heads.put'])
})
