import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import type { HeadKey } from '../../src/core/commit.ts'
import { createError } from '../../src/core/errors.ts'
import { type SessionId, STORE_STREAM, sessionStream, TURNS_STREAM } from '../../src/core/ids.ts'
import { failCommits, onTransaction, watchTransactions } from './faults.ts'
import {
  commitWrites,
  createSession,
  eventOf,
  expectLaws,
  headOf,
  increment,
  openBeside,
  openTab,
  operationOf,
  rowsOf,
  SESSION,
  STREAM,
  setState,
  type Tab,
  valuesIn,
} from './rig.ts'

const OTHER = 's2' as SessionId

const turnsOf = async (tab: Tab) => (await rowsOf(tab, TURNS_STREAM)).map(({ seq }) => seq)

const seqsOf = async (tab: Tab) => (await rowsOf(tab)).map(({ seq }) => seq)

/** Every row that is put from here on, and whether its number came with it. */
function watchNumbers(tab: Tab): readonly (number | undefined)[] {
  const numbers: (number | undefined)[] = []
  onTransaction(tab, (transaction) => {
    const objectStore = transaction.objectStore.bind(transaction)
    transaction.objectStore = (name) => {
      const store = objectStore(name)
      if (name === 'commits') {
        const add = store.add.bind(store)
        const watched = (row: { readonly seq?: number }) => {
          numbers.push(row.seq)
          return add(row)
        }
        Object.defineProperty(store, 'add', { configurable: true, value: watched })
      }
      return store
    }
  })
  return numbers
}

const GATE: HeadKey = ['counter', SESSION, 'gate']

/** Puts a head, and has nothing to say in the log. */
function shut(tab: Tab) {
  return tab.journal.commit(
    operationOf(
      tab.clock,
      () => ({ result: undefined, resultId: '', writes: [], heads: [{ key: GATE, value: 'shut' }] }),
      { heads: [GATE] },
    ),
  )
}

/** Writes to a session that is there and not shut. */
function guarded(tab: Tab, key: string) {
  return tab.journal.commit(
    operationOf(
      tab.clock,
      (head) => {
        if (head(headOf()) === undefined || head(GATE) !== undefined)
          throw createError('SESSION_NOT_ACTIVE', 'It is not active.')
        const event = eventOf(tab.clock, 'state.changed', { changes: [{ key, value: 1 }] })
        return { result: key, resultId: key, writes: [{ stream: STREAM, events: [event] }] }
      },
      { heads: [headOf(), GATE] },
    ),
  )
}

function remove(tab: Tab) {
  return tab.journal.commit(
    operationOf(
      tab.clock,
      () => ({
        result: undefined,
        resultId: '',
        writes: [
          {
            stream: STORE_STREAM,
            events: [eventOf(tab.clock, 'session.deleted', { id: SESSION, at: tab.wall.now() })],
          },
        ],
        heads: [{ key: headOf(), value: undefined }],
        erase: [STREAM],
      }),
      { heads: [headOf()] },
    ),
  )
}

test('JO45 as long as nobody else stores anything, a write reads no head and puts its row under the number that comes next', async () => {
  const tab = await openTab()
  await createSession(tab)
  const transactions = watchTransactions(tab)
  const numbers = watchNumbers(tab)
  await setState(tab, 'a', 1)
  await setState(tab, 'b', 2)
  expect(transactions).toEqual([
    { stores: ['commits', 'heads'], durability: 'relaxed', requests: ['commits.add'] },
    { stores: ['commits', 'heads'], durability: 'relaxed', requests: ['commits.add'] },
  ])
  expect(numbers).toEqual([3, 4])
  expect(await seqsOf(tab)).toEqual([2, 3, 4])
  expect(await turnsOf(tab)).toEqual([1])
})

test('JO45 of several rows the first is put last, after all else, and committed at once', async () => {
  const tab = await openTab()
  await createSession(tab)
  await createSession(tab, OTHER)
  await increment(tab)
  const transactions = watchTransactions(tab)
  const numbers = watchNumbers(tab)
  let isCommitted = false
  onTransaction(tab, (transaction) => {
    const commit = transaction.commit.bind(transaction)
    transaction.commit = () => {
      isCommitted = true
      commit()
    }
    queueMicrotask(() => expect(isCommitted).toBe(true))
  })
  await Promise.all([increment(tab), setState(tab, 'a', 1, { session: OTHER })])
  expect(transactions.map(({ requests }) => requests)).toEqual([['heads.put', 'commits.add', 'commits.add']])
  expect(numbers).toEqual([6, 5])
})

test.each([
  [
    'an index row',
    (tab: Tab) =>
      commitWrites(tab, () => [
        { stream: STREAM, events: [eventOf(tab.clock, 'session.edited', { name: 'two' })], index: true },
      ]),
  ],
  ['a head', (tab: Tab) => increment(tab)],
] as const)(
  'JO45 what reads %s before it is committed is committed once it is known that its number was free',
  async (_, write) => {
    const tab = await openTab()
    const other = await openBeside(tab)
    await createSession(tab)
    await increment(tab)
    // Known, but not seen in this turn.
    await failOnce(tab, () => setState(tab, 'x', 1))
    await setState(tab, 'a', 1)
    await createSession(other, OTHER)
    const transactions = watchTransactions(tab)
    const committed: number[] = []
    onTransaction(tab, (transaction) => {
      const commit = transaction.commit.bind(transaction)
      transaction.commit = () => {
        committed.push(transactions.length)
        commit()
      }
    })
    await write(tab)
    // The first one never was: Firefox would have stored it without the row that failed.
    expect(committed).toEqual([2])
  },
)

test('JO46 where a number is taken nothing of the transaction is stored, and it is stored anew, in order, each once', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  await increment(tab)
  await increment(other)
  const transactions = watchTransactions(tab)
  const outcomes = await Promise.all([
    increment(tab),
    setState(tab, 'a', 1),
    increment(tab),
    setState(tab, 'b', 2),
  ])
  expect(transactions.length).toBe(2)
  expect(outcomes.map((outcome) => !outcome.repeated && outcome.result)).toEqual([3, 'a', 4, 'b'])
  expect(await valuesIn(tab)).toEqual({ calls: 4, a: 1, b: 2 })
  const keys = (await rowsOf(tab)).flatMap(({ events }) =>
    events.flatMap(
      ({ data }) => (data as { changes?: { key: string }[] }).changes?.map(({ key }) => key) ?? [],
    ),
  )
  // What was decided anew has later clocks than what was not.
  expect(keys).toEqual(['calls', 'calls', 'a', 'b', 'calls', 'calls'])
  expect(tab.documents.dropped).toEqual([STREAM])
  await expectLaws(tab)
})

test('JO46 it is stored anew too where several of its numbers are taken', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  await createSession(tab, OTHER)
  await setState(tab, 'a', 1)
  await setState(tab, 'a', 1, { session: OTHER })
  for (let at = 0; at < 3; at += 1) await setState(other, 'b', at)
  await commitWrites(tab, () =>
    [STREAM, sessionStream(OTHER)].map((stream) => ({
      stream,
      events: [eventOf(tab.clock, 'state.changed', { changes: [{ key: 'c', value: 1 }] })],
    })),
  )
  expect(await valuesIn(tab)).toEqual({ a: 1, b: 2, c: 1 })
})

test.each([
  ['shut', shut],
  ['deleted', remove],
] as const)(
  'JO46 what another tab has %s meanwhile refuses a write of one that takes it to be its turn',
  async (_, change) => {
    const tab = await openTab()
    const other = await openBeside(tab)
    await createSession(tab)
    await guarded(tab, 'before')
    await change(other)
    await expect(guarded(tab, 'after')).rejects.toMatchObject({ code: 'SESSION_NOT_ACTIVE' })
    expect(await valuesIn(tab)).not.toHaveProperty('after')
  },
)

test('JO47 who does not know the end of the log puts a row first that opens a turn; a change of heads alone comes with one', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  await setState(other, 'a', 1)
  expect(await turnsOf(tab)).toEqual([1, 3])
  await shut(other)
  expect(await turnsOf(tab)).toEqual([1, 3, 5])
  await setState(other, 'b', 1)
  expect(await turnsOf(tab)).toEqual([1, 3, 5])
  expect(await tab.log.streams()).toEqual([STREAM])
  expect(await tab.log.unpacked({ limit: 10 })).toEqual([{ stream: STREAM, rows: 3 }])
  await expectLaws(tab)
})

test('JO47 a chore that changes a head ends the turn of every tab; one that changes none leaves it', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  await setState(tab, 'a', 1)
  expect(await other.journal.mark(STREAM)).toBe(false)
  expect(await turnsOf(tab)).toEqual([1])
  expect(await tab.journal.mark(STREAM)).toBe(false)
  const quiet = watchTransactions(tab)
  await setState(tab, 'b', 1)
  expect(quiet.map(({ requests }) => requests)).toEqual([['commits.add']])

  expect(await other.journal.mark(STREAM, { grownBytes: 10_000_000 })).toBe(true)
  expect(await turnsOf(tab)).toEqual([1, 5])
  const taken = watchTransactions(tab)
  await setState(tab, 'c', 1)
  expect(taken.at(-1)?.requests).toEqual(['heads.get', 'commits.add', 'commits.add'])

  expect(await tab.journal.mark(STREAM, { grownBytes: 20_000_000 })).toBe(true)
  const own = watchTransactions(tab)
  await setState(tab, 'd', 1)
  expect(own.map(({ requests }) => requests)).toEqual([
    // The head was guessed to be as before the mark.
    ['heads.get', 'commits.add', 'commits.add'],
    ['heads.get', 'commits.add', 'commits.add'],
  ])
})

test.each([
  ['failed', (tab: Tab) => failOnce(tab, () => setState(tab, 'b', 2))],
  ['was given up by its caller', giveUp],
] as const)(
  'JO47 after a transaction that %s the turn is over, and its numbers are given again',
  async (_, fail) => {
    const tab = await openTab()
    await createSession(tab)
    await setState(tab, 'a', 1)
    await fail(tab)
    const transactions = watchTransactions(tab)
    await setState(tab, 'c', 3)
    expect(transactions.map(({ requests }) => requests)).toEqual([
      ['heads.get', 'commits.add', 'commits.add'],
    ])
    expect(await seqsOf(tab)).toEqual([2, 3, 5])
    expect(await turnsOf(tab)).toEqual([1, 4])
  },
)

async function failOnce(tab: Tab, write: () => Promise<unknown>): Promise<void> {
  const stop = failCommits(tab, () => true, 'QuotaExceededError')
  await expect(write()).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
  stop()
}

async function giveUp(tab: Tab): Promise<void> {
  const controller = new AbortController()
  const stop = onTransaction(tab, () => queueMicrotask(() => controller.abort()))
  // It reads its head, so that there is a moment for it.
  await expect(increment(tab, 'x', { signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' })
  stop()
}

test('JO47 after an erasing the turn is over', async () => {
  const tab = await openTab()
  await createSession(tab)
  await createSession(tab, OTHER)
  await setState(tab, 'a', 1, { session: OTHER })
  await remove(tab)
  const transactions = watchTransactions(tab)
  await setState(tab, 'b', 1, { session: OTHER })
  expect(transactions.map(({ requests }) => requests)).toEqual([['heads.get', 'commits.add', 'commits.add']])
})

test('JO48 rows that say whose turn it is are neither packed nor erased', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  await setState(other, 'a', 1)
  await setState(tab, 'b', 1)
  const turns = await turnsOf(tab)
  expect(turns).toEqual([1, 3, 5])
  for await (const stream of (await tab.log.unpacked({ limit: 10 })).map((one) => one.stream))
    await tab.journal.pack(stream, { whole: true })
  expect(await rowsOf(tab)).toHaveLength(3)
  expect(await turnsOf(tab)).toEqual(turns)
  await remove(tab)
  expect(await turnsOf(tab)).toEqual(turns)
})

test('JO48 a worker that stood still puts nothing below what was packed meanwhile', async () => {
  const tab = await openTab()
  const frozen = await openBeside(tab)
  await createSession(frozen)
  await setState(frozen, 'a', 1)
  // It stands still from here on, and takes it to be its turn.
  for (let at = 0; at < 5; at += 1) await guarded(tab, `k${at}`)
  await shut(tab)
  await tab.journal.snapshot(STREAM)
  expect(await tab.journal.pack(STREAM, { whole: true })).toBe(7)
  await expect(guarded(frozen, 'late')).rejects.toMatchObject({ code: 'SESSION_NOT_ACTIVE' })
  await setState(frozen, 'b', 1)
  // 1 to 3 are its own, 4 and 10 turn rows, then its second turn.
  expect((await seqsOf(tab)).at(-1)).toBe(12)
  await expectLaws(tab)
})
