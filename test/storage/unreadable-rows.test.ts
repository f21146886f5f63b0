import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import type { FoundDamage } from '../../src/core/damage/damage.ts'
import { recordDamage } from '../../src/core/damage/record-damage.ts'
import { repairStream } from '../../src/core/damage/repair.ts'
import {
  createSession,
  headOf,
  openTab,
  rowsOf,
  SESSION,
  STREAM,
  setState,
  type Tab,
  valuesIn,
} from './rig.ts'

/** How fake-indexeddb keeps the requests of a transaction that are to be performed. */
interface Queue {
  readonly _requests: { operation: () => unknown }[]
}

/** From now on the browser fails at each read of the log that such a row is among, or of another store's such rows. */
function failReadsOf(isUnreadable: (seq: number) => boolean, failing = 'commits'): Disposable {
  const restore: (() => void)[] = []
  for (const prototype of [IDBObjectStore.prototype, IDBIndex.prototype]) {
    for (const method of ['get', 'getAll', 'getAllRecords', 'openCursor'] as const) {
      const read: unknown = Reflect.get(prototype, method)
      if (typeof read !== 'function') continue
      Reflect.set(prototype, method, function (this: IDBObjectStore | IDBIndex, ...given: unknown[]) {
        const request: IDBRequest = Reflect.apply(read, this, given)
        const store = 'objectStore' in this ? this.objectStore : this
        if (store.name === failing) failAt(store.transaction as unknown as Queue, isUnreadable)
        return request
      })
      restore.push(() => void Reflect.set(prototype, method, read))
    }
  }
  return {
    [Symbol.dispose]: () => {
      for (const undo of restore) undo()
    },
  }
}

/** Of the log, of an index, or as a record of a backward reading. */
type Row =
  | { readonly seq?: number; readonly upTo?: number; readonly value?: { readonly seq?: number } }
  | null
  | undefined

function failAt({ _requests: requests }: Queue, isUnreadable: (seq: number) => boolean): void {
  const asked = requests.at(-1)
  if (asked === undefined) return
  const perform = asked.operation
  asked.operation = () => {
    const result = perform()
    const rows = [result].flat() as readonly Row[]
    if (rows.some((row) => isUnreadable(row?.seq ?? row?.upTo ?? row?.value?.seq ?? -1)))
      throw new DOMException('injected', 'UnknownError')
    return result
  }
}

async function withValues(count: number): Promise<{ readonly tab: Tab; readonly seqs: readonly number[] }> {
  const tab = await openTab()
  await createSession(tab)
  for (let at = 0; at < count; at += 1) await setState(tab, `key-${at}`, at)
  const rows = await rowsOf(tab)
  return { tab, seqs: rows.map(({ seq = 0 }) => seq) }
}

function foundBy(tab: Tab): readonly FoundDamage[] {
  const found: FoundDamage[] = []
  tab.connection.damage.listen((damage) => found.push(damage))()
  return found
}

test('DM15 a row at which the browser fails is passed over by every reader, and noted; the rest is read', async () => {
  const { tab, seqs } = await withValues(4)
  const [, , bad = 0] = seqs
  using _fault = failReadsOf((seq) => seq === bad)

  expect((await rowsOf(tab)).map(({ seq }) => seq)).toEqual(seqs.filter((seq) => seq !== bad))
  expect(await valuesIn(tab)).toEqual({ 'key-0': 0, 'key-2': 2, 'key-3': 3 })
  expect((await tab.log.range(STREAM, { reverse: true, limit: 3 })).length).toBe(3)
  expect((await tab.log.tail(STREAM, 0, 4)).map(({ seq }) => seq)).toEqual(seqs.filter((seq) => seq !== bad))
  expect(foundBy(tab)).toMatchObject([{ what: 'row', stream: STREAM, place: { table: 'commits', key: bad } }])
})

test('DM15 it is recorded, and stays where it is: it is read again when the browser can', async () => {
  const { tab, seqs } = await withValues(3)
  let isFailing = true
  using _fault = failReadsOf((seq) => isFailing && seq === seqs[1])
  await rowsOf(tab)
  const [found] = foundBy(tab)
  if (found === undefined) throw new Error('nothing was found')
  await recordDamage({ journal: tab.journal, clock: tab.clock, now: () => 1 }, found)
  expect(await tab.tables.damage()).toMatchObject([{ id: found.id }])
  isFailing = false
  expect((await rowsOf(tab)).map(({ seq }) => seq)).toContain(seqs[1])
})

test('DM15 where no row can be read it is a failure of the storage, and no row is called damaged', async () => {
  const { tab } = await withValues(3)
  using _fault = failReadsOf(() => true)
  await expect(tab.log.range(STREAM, {})).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  expect(foundBy(tab)).toEqual([])
})

test('DM12 a log at whose last row the browser fails is repaired from the rest of it', async () => {
  const { tab, seqs } = await withValues(3)
  await tab.journal.flush()
  const { db } = tab.connection
  // Without its head the session cannot tell of it, so no row comes after the last one.
  await db.heads.delete([...headOf()])
  await db.sessions.delete(SESSION)
  const bad = seqs.at(-1)
  using _fault = failReadsOf((seq) => seq === bad)
  await rowsOf(tab)
  const [found] = foundBy(tab)
  if (found === undefined) throw new Error('nothing was found')
  await recordDamage({ journal: tab.journal, clock: tab.clock, now: tab.wall.now }, found)
  const damage = { note: () => {}, recorded: async () => {} }

  expect(await repairStream({ journal: tab.journal, log: tab.log, damage }, STREAM)).toBe(2)
  expect(await tab.tables.session(SESSION)).toMatchObject({ id: SESSION, status: 'active' })
})

test('DM15 an index row at which the browser fails takes no reading along that was asked for in the same turn', async () => {
  const { tab } = await withValues(2)
  await tab.journal.flush()
  const other = '/scope/user:1' as typeof STREAM
  using _fault = failReadsOf((upTo) => upTo !== -1, 'sessions')
  const [failing, neighbour] = await Promise.allSettled([tab.log.start(STREAM), tab.log.start(other)])
  expect([failing.status, neighbour.status]).toEqual(['rejected', 'fulfilled'])
})
