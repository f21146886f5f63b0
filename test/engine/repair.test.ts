import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import type { SessionId } from '../../src/core/ids.ts'
import type { StoredSession } from '../../src/storage/schema.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { done } from '../storage/alter.ts'
import { startEngine } from './rig.ts'

const ID = 'one' as SessionId
const OTHER = 'two' as SessionId
const INDEXES = ['sessions', 'views', 'artifacts', 'heads'] as const

async function stored(): Promise<string> {
  const name = `repair-${crypto.randomUUID()}`
  const tab = await startEngine(name)
  await tab.call('sessions.create', { id: ID, name: 'one', tags: ['t'] })
  await tab.call('sessions.create', { id: OTHER, name: 'two' })
  for (let at = 0; at < 40; at += 1) await tab.write(ID, `key-${at}`, at)
  await tab.call('state.write', { target: { scope: 'global' }, changes: [{ key: 'theme', value: 'dark' }] })
  const first = await tab.call('artifacts.store', { sessionId: ID, name: 'a.txt', content: 'one' })
  await tab.call('artifacts.store', { sessionId: ID, name: 'a.txt', content: 'two' })
  const gone = await tab.call('artifacts.store', { sessionId: ID, name: 'b.txt', content: 'three' })
  await tab.call('artifacts.edit', { id: first.id, changes: { tags: ['edited'] } })
  await tab.call('artifacts.delete', { id: gone.id })
  await tab.call('sessions.transition', { id: OTHER, verb: 'complete' })
  await tab.call('flush', {})
  await tab.engine.close()
  return name
}

async function inDatabase<Result>(name: string, work: (database: IDBDatabase) => Promise<Result>) {
  const database = await done(indexedDB.open(name))
  try {
    return await work(database)
  } finally {
    database.close()
  }
}

/** What a table says, without what each writing of a row gives it anew. */
function contentOf(name: string, table: string) {
  return inDatabase(name, async (database) => {
    const rows = await done(database.transaction(table).objectStore(table).getAll())
    return rows.map(({ version: _version, commitId: _commitId, ...row }) => row)
  })
}

test.each(INDEXES)('DM12 the table %s, emptied, is made anew as it was', async (table) => {
  const name = await stored()
  const before = await contentOf(name, table)
  await inDatabase(name, (database) =>
    done(database.transaction(table, 'readwrite').objectStore(table).clear()),
  )
  const tab = await startEngine(name)

  const { mended } = await tab.call('storage.repair', {})
  // A view without values says nothing, and is not made.
  expect(mended).toBe(before.filter((row) => row.entries?.length !== 0).length)
  if (table !== 'views') expect(await contentOf(name, table)).toEqual(before)
  await tab.write(ID, 'after', 1)
  await tab.call('artifacts.store', { sessionId: ID, name: 'a.txt', content: 'four' })
  await tab.engine.close()
  expect(await checkLaws(name)).toEqual([])
})

test('DM12 of a sound database nothing is changed', async () => {
  const name = await stored()
  const before = await Promise.all(INDEXES.map((table) => contentOf(name, table)))
  const tab = await startEngine(name)

  expect(await tab.call('storage.repair', {})).toEqual({ mended: 0 })
  await tab.engine.close()
  expect(await Promise.all(INDEXES.map((table) => contentOf(name, table)))).toEqual(before)
})

test('DM12 what a log that lost rows does not tell is left as its index row knows it', async () => {
  const name = await stored()
  await inDatabase(name, (database) => {
    const commits = database.transaction('commits', 'readwrite').objectStore('commits')
    return done(commits.delete(1))
  })
  const tab = await startEngine(name)
  await tab.call('sessions.open', { id: ID })
  await expect.poll(async () => (await tab.call('sessions.get', { id: ID }))?.damaged).toBe(1)

  await tab.call('storage.repair', {})
  const row = await inDatabase(name, (database): Promise<StoredSession> => {
    return done(database.transaction('sessions').objectStore('sessions').get(ID))
  })
  expect(row.record).toMatchObject({ name: 'one', tags: ['t'] })
  await tab.engine.close()
  expect(await checkLaws(name)).toEqual([])
})
