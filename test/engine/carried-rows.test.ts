/** Rows that tabs hand each other with the word that they are stored. */
import 'fake-indexeddb/auto'
import { afterEach, expect, test, vi } from 'vitest'
import type { RowForm } from '../../src/core/commit.ts'
import type { WriterId } from '../../src/core/ids.ts'
import { carriedRows } from '../../src/engine/carried-rows.ts'
import { carriedForm } from '../../src/storage/carried-form.ts'
import type { WrittenCommit } from '../../src/storage/schema.ts'
import type { StoredMessage } from '../../src/sync/tab-message.ts'
import { done } from '../storage/alter.ts'
import { countReadings } from './count-readings.ts'
import { toldTabs } from './told-tabs.ts'

afterEach(() => void vi.restoreAllMocks())

test('TA15 rows that a message carries are used without a reading, in sessions that are open and in others', async () => {
  const { first, reader, hear, shown, unseen, emit, heard, patched } = await toldTabs()
  await emit(first.tab, unseen, 1)
  await first.tab.write(shown, 'k', 2)
  await emit(first.tab, shown, 3)
  const told = first.told()

  const counts = countReadings('commits')
  for (const message of told) hear(message)
  expect([heard(), patched()]).toEqual([[1, 3], [2]])
  expect(counts).toEqual({ transactions: 0, requests: 0 })
  const last = reader.sent.findLast((message) => message.type === 'patch')
  vi.restoreAllMocks()
  expect(last?.record).toEqual(await first.tab.call('sessions.get', { id: shown }))
})

test('TA15 where a number is missing the log is read, in its order and each row once', async () => {
  const { first, hear, shown, emit, heard } = await toldTabs()
  for (const data of [1, 2, 3]) await emit(first.tab, shown, data)
  const told = first.told()
  const messages = told.flatMap(alone)
  expect(messages.length).toBe(3)

  const counts = countReadings('commits')
  hear(messages[1])
  hear(messages[2])
  expect(heard()).toEqual([])
  await expect.poll(heard).toEqual([1, 2, 3])
  expect(counts.transactions).toBe(1)
  // It comes late, and changes nothing.
  hear(messages[0])
  await emit(first.tab, shown, 4)
  await expect.poll(() => first.told().flatMap(alone).map(hear).length).toBe(1)
  await expect.poll(heard).toEqual([1, 2, 3, 4])
})

test.each([
  'another database',
  'a changed row',
  'no row',
  'another number',
  'too few rows',
  'a row beyond those it names',
  'a row of the tab that hears it',
])('TA15 a message with %s is read as one without rows', async (what) => {
  const { name, first, reader, hear, shown, emit, heard } = await toldTabs()
  await emit(reader, shown, 0)
  const own = await lastForm(name)
  await emit(first.tab, shown, 1)
  const [message] = first.told()
  const { generation, rows } = message?.carried ?? { generation: '', rows: [] }
  const [seq, form] = rows[0] ?? [0, {}]
  const wrong = {
    'another database': { generation: 'another', rows },
    'a changed row': { generation, rows: [[seq, { ...form, n: 77 }]] },
    'no row': { generation, rows: [[seq, { sum: 0 }]] },
    'another number': { generation, rows: [[seq + 1, form]] },
    'too few rows': { generation, rows: [] },
    'a row beyond those it names': {
      generation,
      rows: [
        [seq, { sum: 0 }],
        [seq + 1, form],
      ],
    },
    'a row of the tab that hears it': { generation, rows: [[seq, own]] },
  }[what]
  const counts = countReadings('commits')
  hear({ ...message, carried: wrong })
  expect(heard()).toEqual([0])
  await expect.poll(heard).toEqual([0, 1])
  expect(counts.transactions).toBe(1)
})

test('TA15 rows of a message that names others beside them are not taken from it', async () => {
  const { name, first, unseen, emit } = await toldTabs()
  await emit(first.tab, unseen, 1)
  const own = { generation: 'this', journal: { writer: 'mine' as WriterId } }
  const carried = { generation: 'this', rows: [[7, (await lastForm(name)) as RowForm]] as const }
  const message: StoredMessage = { type: 'stored', streams: [], rows: [[7, 7]], carried }
  expect(carriedRows(message, own)?.map(({ seq }) => seq)).toEqual([7])
  const more: StoredMessage = {
    ...message,
    rows: [
      [7, 7],
      [9, 9],
    ],
  }
  expect(carriedRows(more, own)).toBeUndefined()
})

test('TA15 a carried row that nobody stored hides none that is', async () => {
  const { first, hear, shown, emit, heard } = await toldTabs()
  await emit(first.tab, shown, 1)
  const [honest] = first.told()
  await emit(first.tab, shown, 2)
  const [next] = first.told()
  const [, form] = next?.carried?.rows[0] ?? []
  const [seq] = honest?.carried?.rows[0] ?? [0]
  // Another row under the number of the first one.
  hear({ ...honest, carried: { generation: honest?.carried?.generation, rows: [[seq, form]] } })
  expect(heard()).toEqual([2])
  await emit(first.tab, shown, 3)
  const { carried: _, ...last } = first.told()[0] ?? {}
  hear(last)
  // Each page takes an event once, by its id.
  await expect.poll(heard).toEqual([2, 1, 2, 3])
})

test('TA15 rows of several tabs, in whatever order their messages come, are each told once, those of one tab in its order', async () => {
  for (let round = 0; round < 6; round += 1) {
    const { writers, hear, shown, emit, heard } = await toldTabs(2)
    const queues: StoredMessage[][] = writers.map(() => [])
    for (let turn = 0; turn < 6; turn += 1) {
      const at = (turn + (round % 2)) % 2
      const writer = writers[at]
      if (writer === undefined) throw new Error('no such tab')
      await emit(writer.tab, shown, at * 100 + turn)
      queues[at]?.push(...writer.told().flatMap(alone))
    }
    // Those of one tab come in order, the others before, between or after them.
    const expected = 6
    for (let turn = 0; queues.some((queue) => queue.length > 0); turn += 1) {
      const queue = queues[(turn * (round + 1) + (round > 2 ? 1 : 0)) % 3 === 0 ? 0 : 1]
      const message = queue?.shift() ?? queues.find((one) => one.length > 0)?.shift()
      hear(message)
      if (turn % 2 === round % 2) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await expect.poll(() => heard().length).toBe(expected)
    expect(new Set(heard()).size).toBe(expected)
    for (const low of [0, 100]) {
      const own = heard().filter((data) => Number(data) >= low && Number(data) < low + 100)
      expect(own).toEqual(own.toSorted((a, b) => Number(a) - Number(b)))
    }
  }
})

test('TA15 what a failed reading left out comes before what messages carry after it', async () => {
  const { first, reader, hear, shown, emit, heard } = await toldTabs()
  await emit(first.tab, shown, 1)
  const { carried: _, ...bare } = first.told()[0] ?? {}
  await emit(first.tab, shown, 2)
  const [next] = first.told()
  vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementationOnce(() => {
    throw new DOMException('not now', 'UnknownError')
  })
  hear(bare)
  await expect.poll(() => reader.errors.length).toBe(1)
  vi.restoreAllMocks()
  hear(next)
  await expect.poll(heard).toEqual([1, 2])
})

test('TA15 what a reading under way finds comes before what messages carry after it', async () => {
  const { first, hear, shown, unseen, emit, heard } = await toldTabs()
  for (const session of [shown, unseen]) {
    await emit(first.tab, session, 1)
    const { carried: _, ...bare } = first.told()[0] ?? {}
    await emit(first.tab, session, 2)
    hear(bare)
    for (const message of first.told()) hear(message)
  }
  await expect.poll(heard).toEqual([1, 2, 1, 2])
})

test('SC21 no row that a message carries holds a sensitive value', async () => {
  const { first, shown } = await toldTabs()
  const words = ['open word', 'secret word']
  for (const [at, value] of words.entries()) {
    const kept = at === 0 ? {} : { class: 'sensitive' as const }
    await first.tab.call('state.write', {
      target: { session: shown },
      changes: [{ key: `k${at}`, value, ...kept }],
    })
  }
  const forms = first.told().flatMap(({ carried }) => carried?.rows ?? [])
  const texts = forms.map(([, form]) =>
    Object.values(form)
      .map((field) => (field instanceof Uint8Array ? new TextDecoder().decode(field) : String(field)))
      .join(),
  )
  expect(texts.length).toBe(2)
  expect(texts[0]).toContain('open word')
  expect(texts[1]).not.toContain('secret word')
})

test('TA15 many rows in a row are carried, and read together now and then', async () => {
  const { first, hear, shown, emit, heard } = await toldTabs()
  const counts = countReadings('commits')
  const expected: number[] = []
  for (let data = 0; data < 300; data += 1) {
    await emit(first.tab, shown, data)
    expected.push(data)
    for (const message of first.told()) hear(message)
  }
  await expect.poll(heard).toEqual(expected)
  expect(counts.transactions).toBeLessThan(5)
})

/** The row that was stored last, as a tab hands it to others. */
async function lastForm(name: string): Promise<object | undefined> {
  const db = await done(indexedDB.open(name))
  const rows: WrittenCommit[] = await done(db.transaction('commits').objectStore('commits').getAll())
  db.close()
  const last = rows.at(-1)
  return last && carriedForm(last)
}

/** The message as one for each of its rows. */
function alone({ carried, ...message }: StoredMessage): readonly StoredMessage[] {
  return (carried?.rows ?? []).map((row) => {
    const [seq, form] = row
    const stream = (form as { readonly streamId: (typeof message.streams)[number][0] }).streamId
    return {
      type: 'stored',
      streams: [[stream, seq]],
      rows: [[seq, seq]],
      carried: { generation: carried?.generation ?? '', rows: [row] },
    }
  })
}
