import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { ManagedDocument } from '../../src/context/managed-document.ts'
import { type Clock, type CommitId, clockAt, type EventId, idAt, type WriterId } from '../../src/core/ids.ts'
import { unpackEntries } from '../../src/core/state/packed-entries.ts'
import { DELETION_KEEP_MS } from '../../src/storage/packing.ts'
import { eventsOf, madeIn } from '../context/rows.ts'
import { failCommits } from './faults.ts'
import {
  commitWrites,
  createSession,
  eventOf,
  expectLaws,
  headOf,
  openBeside,
  openTab,
  rowsOf,
  STREAM,
  setState,
  type Tab,
  valuesIn,
} from './rig.ts'

/** A session with values, and with deletions that have become old since. */
async function wornSession(tab: Tab, deletions = 101): Promise<void> {
  await createSession(tab)
  await setState(tab, 'kept', 'value')
  const changes = Array.from({ length: deletions }, (_, at) => ({ key: `gone-${at}` }))
  await commitWrites(
    tab,
    () => [{ stream: STREAM, events: [eventOf(tab.clock, 'state.changed', { changes })] }],
    {
      heads: [headOf()],
    },
  )
  tab.wall.advance(DELETION_KEEP_MS + 1_000)
  await setState(tab, 'young', 1)
  await setState(tab, 'young', null)
  await tab.journal.flush()
}

const snapshotOf = async (tab: Tab) => (await tab.connection.db.snapshots.toArray())[0]

async function entriesOf(tab: Tab) {
  const stored = await tab.log.document(STREAM)
  const document = new ManagedDocument(7, stored)
  const entries = [...document.entries('state')].map(({ key, value }) => [key, value])
  document.destroy()
  return Object.fromEntries(entries)
}

test('SG20 a document with more than 100 deletions older than 30 days is begun anew without them, its values stay', async () => {
  const tab = await openTab()
  await wornSession(tab)
  const before = await valuesIn(tab)
  expect(await tab.journal.renew(STREAM)).toBe(true)
  expect((await snapshotOf(tab))?.generation).toBe(1)
  expect(await valuesIn(tab)).toEqual(before)
  expect(await entriesOf(tab)).toEqual({ kept: 'value', young: null })
  const [view] = await tab.connection.db.views.toArray()
  expect(
    unpackEntries(view?.entries ?? [])
      .map(({ key }) => key)
      .toSorted(),
  ).toEqual(['kept', 'young'])
  await expectLaws(tab)
  expect(await tab.journal.renew(STREAM)).toBe(false)
  await setState(tab, 'after', 2)
  expect((await rowsOf(tab)).at(-1)?.generation).toBe(1)
  expect(await entriesOf(tab)).toEqual({ kept: 'value', young: null, after: 2 })
})

test('SG20 with fewer of them it stays', async () => {
  const tab = await openTab()
  await wornSession(tab, 100)
  expect(await tab.journal.renew(STREAM)).toBe(false)
  expect(await snapshotOf(tab)).toBeUndefined()
})

test('SG20 more than 500 clients wear a document out, and what it begins anew with is the same bytes everywhere', () => {
  const stampOf = (at: number) => idAt<EventId>(clockAt(1_000 + at), `8000-${'0'.repeat(12)}` as WriterId)
  const written = Array.from({ length: 501 }, (_, at) => {
    const document = new ManagedDocument(1_000 + at, { tail: [] })
    const deltas = [{ map: 'state', key: `k${at % 9}`, value: at, at: stampOf(at) }] as const
    return {
      seq: at + 1,
      stream: STREAM,
      hlc: clockAt(1_000 + at),
      commitId: `c${at}` as CommitId,
      writer: `w${at}` as WriterId,
      n: 1,
      requests: {},
      events: eventsOf(deltas),
      ...madeIn(document.apply(deltas)),
    }
  })
  const never = 0 as Clock
  const document = new ManagedDocument(7, { tail: written })
  const other = new ManagedDocument(8, { tail: written.toReversed() })
  expect(document.wear(never).clients).toBeGreaterThan(500)
  expect(new ManagedDocument(7, { tail: written.slice(0, 400) }).wear(never).clients).toBeLessThan(500)
  const bytes = document.renewed(never)
  expect(bytes).toEqual(other.renewed(never))
  const anew = new ManagedDocument(9, { snapshot: bytes, generation: 1, tail: [] })
  expect(anew.wear(never).clients).toBeLessThanOrEqual(3)
  const entries = (from: ManagedDocument) =>
    [...from.entries('state')].toSorted((a, b) => (a.key < b.key ? -1 : 1))
  expect(entries(anew)).toEqual(entries(document))
})

test('SG21 a tab that holds the generation before writes on, and its rows are taken by their deltas', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await wornSession(tab)
  // The other tab keeps the document in memory, as while a write of it waits.
  await other.documents.prepare([STREAM])
  expect(await tab.journal.renew(STREAM)).toBe(true)
  await setState(other, 'stale', 1)
  expect((await rowsOf(tab)).at(-1)).not.toHaveProperty('generation')
  expect(await entriesOf(tab)).toEqual({ kept: 'value', young: null, stale: 1 })
  other.documents.receive(STREAM, (await rowsOf(other)).slice(-1), (await snapshotOf(tab))?.bytes, 1)
  other.documents.release([STREAM])
  await setState(other, 'fresh', 2)
  expect((await rowsOf(tab)).at(-1)?.generation).toBe(1)
  expect(await entriesOf(tab)).toEqual({ kept: 'value', young: null, stale: 1, fresh: 2 })
})

test('SG21 two tabs that begin a document anew at once do it once, and one that is the steward no more does not', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await wornSession(tab)
  const fence = await tab.journal.takeStewardship()
  const next = await other.journal.takeStewardship()
  const stale = expect(tab.journal.renew(STREAM, fence)).rejects.toMatchObject({ code: 'STEWARD_FENCED' })
  expect(await other.journal.renew(STREAM, next)).toBe(true)
  await stale
  expect((await snapshotOf(tab))?.generation).toBe(1)
  expect(await tab.journal.renew(STREAM, next)).toBe(false)
  expect((await snapshotOf(tab))?.generation).toBe(1)
})

test('SG21 beginning anew that fails leaves the document as it was', async () => {
  const tab = await openTab()
  await wornSession(tab)
  const restore = failCommits(tab, () => true)
  await expect(tab.journal.renew(STREAM)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  restore()
  expect(await snapshotOf(tab)).toBeUndefined()
  await setState(tab, 'a', 1)
  expect(await valuesIn(tab)).toMatchObject({ kept: 'value', a: 1 })
  expect(await tab.journal.renew(STREAM)).toBe(true)
})
