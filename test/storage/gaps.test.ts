import 'fake-indexeddb/auto'
import { expect, onTestFinished, test } from 'vitest'
import { findGaps } from '../../src/storage/gaps.ts'
import type { StoredCommit } from '../../src/storage/schema.ts'
import { alterRow, done } from './alter.ts'
import { createSession, headOf, openTab, operationOf, STREAM, setState, type Tab } from './rig.ts'

/** Most rows that one request gave at a time, by the table they came from. */
function watchReads(): ReadonlyMap<string, number> {
  const most = new Map<string, number>()
  const undo = [IDBObjectStore.prototype, IDBIndex.prototype].map((prototype) => {
    const { getAll } = prototype
    prototype.getAll = function counted(
      this: IDBObjectStore | IDBIndex,
      ...given: Parameters<typeof getAll>
    ) {
      const table = this instanceof IDBIndex ? this.objectStore.name : this.name
      const request = getAll.apply(this as IDBObjectStore & IDBIndex, given)
      request.addEventListener('success', () => {
        most.set(table, Math.max(most.get(table) ?? 0, request.result.length))
      })
      return request
    }
    return () => {
      prototype.getAll = getAll
    }
  })
  onTestFinished(() => undo.forEach((each) => void each()))
  return most
}

/** A session whose rows stand in as many segments, and some more rows. */
async function packedSession(tab: Tab, segments: number): Promise<void> {
  await createSession(tab)
  for (let at = 0; at < segments; at += 1) {
    await setState(tab, `k${at}`, at)
    await tab.journal.snapshot(STREAM)
    await tab.journal.pack(STREAM, { whole: true })
  }
  for (let at = 0; at < 3; at += 1) await setState(tab, `last${at}`, at)
  await tab.journal.flush()
}

function commitsOf(tab: Tab): Promise<readonly StoredCommit[]> {
  return done(tab.connection.native.transaction('commits').objectStore('commits').getAll())
}

test('DM5 a long log is looked through piece by piece', async () => {
  const tab = await openTab()
  await packedSession(tab, 70)
  const most = watchReads()
  expect(await tab.log.gaps(STREAM)).toEqual([])
  expect(most.get('segments')).toBe(32)

  const [first] = (await commitsOf(tab)).filter(({ streamId }) => streamId === STREAM)
  if (first?.seq === undefined) throw new Error('There are no rows.')
  await using _altered = await alterRow<StoredCommit>(tab, 'commits', first.seq, () => undefined)
  expect(await tab.log.gaps(STREAM)).toMatchObject([{ what: 'gap', from: first.n, to: first.n }])
  expect(most.get('segments')).toBe(32)
})

test('DM5 a row whose number is out of all reason is told of as what it is, and holds nobody up', async () => {
  const tab = await openTab()
  await createSession(tab)
  for (let at = 0; at < 4; at += 1) await setState(tab, `k${at}`, at)
  await tab.journal.flush()
  const rows = (await commitsOf(tab)).filter(({ streamId }) => streamId === STREAM)
  const [last] = rows.slice(-1)
  const [first] = rows
  if (last?.seq === undefined || first?.seq === undefined) throw new Error('There are no rows.')
  const huge = Number.MAX_SAFE_INTEGER
  await using _number = await alterRow<StoredCommit>(tab, 'commits', last.seq, (row) => ({ ...row, n: huge }))
  await using _lost = await alterRow<StoredCommit>(tab, 'commits', first.seq, () => undefined)
  const gaps = await tab.log.gaps(STREAM)
  expect(gaps).toMatchObject([
    { what: 'gap', from: first.n, to: first.n },
    { what: 'gap', from: last.n, to: huge - 1 },
  ])
})

test('DM5 of very many gaps a hundred are told one by one, and the rest by their count', async () => {
  const tab = await openTab()
  await createSession(tab)
  for (let at = 0; at < 250; at += 1) await setState(tab, `k${at}`, at)
  await tab.journal.flush()
  const commits = () => tab.connection.native.transaction('commits', 'readwrite').objectStore('commits')
  const rows: readonly StoredCommit[] = await done(commits().getAll())
  const lost = rows.filter((_row, at) => at % 2 === 1).slice(0, 120)
  const store = commits()
  for (const { seq = 0 } of lost) store.delete(seq)
  const gaps = await tab.log.gaps(STREAM)
  expect(gaps).toHaveLength(101)
  expect(gaps.at(-1)?.reason).toMatch(/^20 rows/)
  const healed = commits()
  for (const row of lost) await done(healed.put(row))
})

test('DM5 a session that is erased while it is looked through lacks nothing', async () => {
  const tab = await openTab()
  await packedSession(tab, 3)
  const stores = ['commits', 'segments', 'sessions', 'quarantine']
  let pieces = 0
  const found = await findGaps(async (work) => {
    const result = await work(tab.connection.native.transaction(stores))
    pieces += 1
    if (pieces === 1) await erase(tab)
    return result
  }, STREAM)
  expect([pieces > 3, found]).toEqual([true, []])
})

async function erase(tab: Tab): Promise<void> {
  const decide = () => ({
    result: undefined,
    resultId: STREAM,
    writes: [],
    heads: [{ key: headOf(), value: undefined }],
    erase: [STREAM],
  })
  await tab.journal.commit(operationOf(tab.clock, decide, { heads: [headOf()] }))
}
