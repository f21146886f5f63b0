import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { TURNS_STREAM, type WriterId } from '../../src/core/ids.ts'
import { TURNS_AT_ONCE } from '../../src/storage/sweep-turns.ts'
import { turnRow } from '../../src/storage/turn.ts'
import { MIN_TURN_ROWS } from '../../src/storage/turn-rows.ts'
import { watchTransactions } from './faults.ts'
import {
  createSession,
  expectLaws,
  increment,
  openBeside,
  openTab,
  rowsOf,
  STREAM,
  setState,
  type Tab,
  valuesIn,
} from './rig.ts'

/** Sound or not. */
async function turnsOf({ connection }: Tab): Promise<readonly number[]> {
  const rows = await connection.db.commits.filter(({ streamId }) => streamId === TURNS_STREAM).toArray()
  return rows.map(({ seq = 0 }) => seq)
}

const lastSeq = async (tab: Tab) => (await rowsOf(tab)).at(-1)?.seq ?? 0

/** A row of each of the tabs, again and again: `count` changes of turn. */
async function takeTurns(count: number, ...tabs: readonly Tab[]): Promise<void> {
  for (let at = 0; at < count; at += 1) await setState(tabs[at % tabs.length] as Tab, 'k', at)
}

async function addTurns(tab: Tab, writers: readonly WriterId[]): Promise<void> {
  const transaction = tab.connection.native.transaction('commits', 'readwrite')
  const store = transaction.objectStore('commits')
  for (const writer of writers) store.add(turnRow(tab.clock.nextId(), writer).written)
  await new Promise((resolve) => {
    transaction.oncomplete = resolve
  })
}

const manyWriters = (count: number) =>
  Array.from({ length: count }, (_, at) => `8000-${(0xa000 + at).toString(16).padStart(12, '0')}` as WriterId)

test('JO49 where tabs write in turn, all turns but the first, the last and one before it are swept, from 64 on', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  await takeTurns(MIN_TURN_ROWS - 2, other, tab)
  expect(await tab.journal.sweepTurns()).toBe(0)
  await takeTurns(1, other)
  const turns = await turnsOf(tab)
  expect(turns).toHaveLength(MIN_TURN_ROWS)
  expect(await tab.journal.sweepTurns()).toBe(MIN_TURN_ROWS - 3)
  expect(await turnsOf(tab)).toEqual([turns[0], ...turns.slice(-2)])

  // So many have to come again.
  await takeTurns(MIN_TURN_ROWS - 1, tab, other)
  expect(await tab.journal.sweepTurns()).toBe(0)
  await takeTurns(1, other)
  expect(await tab.journal.sweepTurns()).toBe(MIN_TURN_ROWS)
  await takeTurns(5, other, tab)
  await expectLaws(tab)
})

test('JO49 the number of a tab that stands still stays taken, whatever is swept and packed meanwhile', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  const frozen = await openBeside(tab)
  await createSession(tab)
  await increment(frozen)
  const next = (await lastSeq(tab)) + 1
  await takeTurns(MIN_TURN_ROWS + 5, tab, other)
  await increment(tab)
  await tab.journal.snapshot(STREAM)
  await tab.journal.pack(STREAM, { whole: true })
  expect(await tab.journal.sweepTurns()).toBeGreaterThan(MIN_TURN_ROWS - 5)
  expect(await turnsOf(tab)).toContain(next)
  await takeTurns(MIN_TURN_ROWS + 5, tab, other)
  expect(await tab.journal.sweepTurns()).toBeGreaterThan(MIN_TURN_ROWS - 5)
  expect(await turnsOf(tab)).toContain(next)

  const transactions = watchTransactions(frozen)
  await increment(frozen)
  expect(transactions.length).toBe(2)
  expect(await valuesIn(tab)).toMatchObject({ calls: 3 })
  // It has had another turn.
  await takeTurns(MIN_TURN_ROWS, tab, other)
  await tab.journal.sweepTurns()
  expect(await turnsOf(tab)).not.toContain(next)
  await expectLaws(tab)
})

test('JO49 turns of one writer after another of its own are swept: changes of heads alone, and what follows a failure', async () => {
  const tab = await openTab()
  await createSession(tab)
  await addTurns(
    tab,
    Array.from({ length: MIN_TURN_ROWS }, () => tab.clock.writer),
  )
  const turns = await turnsOf(tab)
  expect(await tab.journal.sweepTurns()).toBe(MIN_TURN_ROWS - 1)
  expect(await turnsOf(tab)).toEqual([turns[0], turns.at(-1)])
})

test('JO49 a row that is not what was stored stays, and the one after it', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  await takeTurns(MIN_TURN_ROWS, other, tab)
  const turns = await turnsOf(tab)
  const table = tab.connection.db.commits
  const damaged = await table.get(turns[20] ?? 0)
  if (damaged === undefined) throw new Error('There is no such row.')
  await table.put({ ...damaged, writer: tab.clock.writer, n: 7 })
  await tab.journal.sweepTurns()
  expect(await turnsOf(tab)).toEqual([turns[0], turns[20], turns[21], ...turns.slice(-2)])
  await table.put(damaged)
})

test('JO49 turns are swept behind the fence of the steward', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  await takeTurns(MIN_TURN_ROWS + 2, other, tab)
  const epoch = await tab.journal.takeStewardship()
  await other.journal.takeStewardship()
  await expect(tab.journal.sweepTurns({}, epoch)).rejects.toMatchObject({ code: 'STEWARD_FENCED' })
  expect((await turnsOf(tab)).length).toBeGreaterThan(MIN_TURN_ROWS)
})

test('JO49 no transaction looks at more than 500 turns, so that a write waits for few of them', async () => {
  const tab = await openTab()
  const [a, b] = manyWriters(2) as [WriterId, WriterId]
  await addTurns(
    tab,
    Array.from({ length: TURNS_AT_ONCE * 2 }, (_, at) => (at % 2 === 0 ? a : b)),
  )
  const seen = watchTransactions(tab)
  const turns = await turnsOf(tab)
  expect(await tab.journal.sweepTurns()).toBeGreaterThan(0)
  // Of each the first, the last and the one before it stay; the last one is the next one's first.
  const swept = seen.filter(({ requests }) => requests.some((request) => request.includes('delete')))
  expect(swept.map(({ requests }) => requests.length)).toEqual([TURNS_AT_ONCE - 3, TURNS_AT_ONCE - 3])
  expect(await turnsOf(tab)).toEqual([0, 498, 499, 997, 998, 999].map((at) => turns[at]))
})

test('JO51 where 64 stay, the locks of their writers are asked, and those of the dead go', async () => {
  const tab = await openTab()
  const writers = manyWriters(MIN_TURN_ROWS)
  await addTurns(tab, writers)
  await createSession(tab)
  const turns = await turnsOf(tab)
  expect(await tab.journal.sweepTurns()).toBe(0)
  await addTurns(tab, manyWriters(MIN_TURN_ROWS))
  const asked: WriterId[] = []
  const removed = await tab.journal.sweepTurns({
    async isGone(writer) {
      asked.push(writer)
      // One that is taken for dead and lives: what it stores from now on is not swept.
      if (writer === writers[0]) await addTurns(tab, [tab.clock.writer, writer])
      return writer !== tab.clock.writer && writer !== writers[3]
    },
  })
  expect(removed).toBeGreaterThan(MIN_TURN_ROWS)
  expect(new Set(asked)).toEqual(new Set([...writers, tab.clock.writer]))
  // The first; those of the two that live, each with the one after it; the last one that was there, and what came meanwhile.
  expect(turns.at(-1)).toBe(65)
  expect(await turnsOf(tab)).toEqual([1, 65, 67, 70, 71, 130, 131, 132])
})

test('JO51 nobody is asked where fewer stay', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  await takeTurns(MIN_TURN_ROWS, other, tab)
  const isGone = () => Promise.reject(new Error('asked'))
  expect(await tab.journal.sweepTurns({ isGone })).toBeGreaterThan(0)
})
