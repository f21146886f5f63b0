import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { exportDocument } from '../../src/context/app-documents.ts'
import type { FoundDamage } from '../../src/core/damage/damage.ts'
import { recordDamage } from '../../src/core/damage/record-damage.ts'
import { documentStream, type RequestId, type StreamId } from '../../src/core/ids.ts'
import { sizeOf } from '../../src/core/size.ts'
import { createPacking } from '../../src/engine/packing.ts'
import { packedRowsOf } from '../../src/storage/segment.ts'
import { failCommits, watchTransactions } from '../storage/faults.ts'
import {
  commitWrites,
  countCommits,
  createSession,
  eventOf,
  expectLaws,
  headOf,
  openBeside,
  openTab,
  operationOf,
  rowsOf,
  SESSION,
  STREAM,
  setState,
  type Tab,
  valuesIn,
} from '../storage/rig.ts'

const NOTES = documentStream(SESSION, 'notes')

function storeUpdate(tab: Tab, update: Uint8Array) {
  return commitWrites(tab, () => [{ stream: NOTES, events: [], update }])
}

/** Types into a document, a word an update. */
async function type(tab: Tab, doc: Y.Doc, words: number, word: string): Promise<void> {
  for (let at = 0; at < words; at += 1) {
    const before = Y.encodeStateVector(doc)
    doc.getText('text').insert(doc.getText('text').length, `${word}${at} `)
    await storeUpdate(tab, Y.encodeStateAsUpdate(doc, before))
  }
}

async function textOf(tab: Tab): Promise<string> {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, await exportDocument(tab.log, SESSION, 'notes'))
  return doc.getText('text').toString()
}

test('SG12 a session that is written to for ever keeps few rows outside segments, and opening it reads few', async () => {
  const tab = await openTab()
  const packing = createPacking(tab)
  tab.journal.onStored(packing.noteRows)
  const fence = await tab.journal.takeStewardship()
  await createSession(tab)
  for (let round = 1; round <= 3; round += 1) {
    const writes = Array.from({ length: 150 }, (_, at) => at)
    for (const at of writes) await setState(tab, `k${at % 20}`, `${round}-${at}-${'x'.repeat(500)}`)
    await tab.journal.flush()
    await packing.chore.run(fence)
    expect(await countCommits(tab)).toBeLessThan(260)
    expect((await tab.log.start(STREAM)).tail.length).toBeLessThanOrEqual(33)
  }
  expect(await rowsOf(tab)).toHaveLength(451)
  const packed = (await tab.connection.db.segments.toArray()).flatMap(packedRowsOf)
  expect(packed.length).toBeGreaterThan(200)
  expect(packed.filter(({ body }) => body.update !== undefined || body.placed !== undefined)).toEqual([])
  expect(Object.keys(await valuesIn(tab))).toHaveLength(20)
})

test('SG12 a new steward packs what was stored before it was one, by whichever tab', async () => {
  const tab = await openTab()
  await createSession(tab)
  for (let at = 0; at < 130; at += 1) await setState(tab, `k${at}`, 'x'.repeat(600))
  await tab.journal.flush()
  const other = await openBeside(tab)
  const packing = createPacking(other)
  await packing.chore.run(await other.journal.takeStewardship())
  expect(await countCommits(tab)).toBeLessThan(131)
  await expectLaws(other)
})

test('SG13 an app document is snapshotted when its updates pass 64 KB, and read as before', async () => {
  const tab = await openTab()
  const packing = createPacking(tab)
  tab.journal.onStored(packing.noteRows)
  const fence = await tab.journal.takeStewardship()
  await createSession(tab)
  const doc = new Y.Doc()
  await type(tab, doc, 40, 'y'.repeat(1_000))
  await packing.chore.run(fence)
  expect(await tab.connection.db.snapshots.count()).toBe(0)
  await type(tab, doc, 90, 'z'.repeat(1_000))
  await packing.chore.run(fence)
  const { snapshotTo, tail } = await tab.log.document(NOTES)
  expect(snapshotTo).toBe((await rowsOf(tab, NOTES)).at(-1)?.seq)
  expect(tail).toEqual([])
  const withUpdate = async () => (await rowsOf(tab, NOTES)).filter(({ update }) => update !== undefined)
  // One snapshot alone may be damaged: the updates stay until two hold them.
  expect(await withUpdate()).toHaveLength(130)
  await type(tab, doc, 90, 'w'.repeat(1_000))
  await packing.chore.run(fence)
  expect((await withUpdate()).length).toBeLessThan(130)
  expect(await tab.connection.db.snapshots.count()).toBe(2)
  expect(await textOf(tab)).toBe(doc.getText('text').toString())
  await type(tab, doc, 3, 'after')
  expect(await textOf(tab)).toBe(doc.getText('text').toString())
})

test('SG23 an app document whose latest snapshot is damaged loses nothing, and gets another one', async () => {
  const tab = await openTab()
  const packing = createPacking(tab)
  tab.journal.onStored(packing.noteRows)
  const fence = await tab.journal.takeStewardship()
  await createSession(tab)
  const doc = new Y.Doc()
  const grow = async () => {
    await type(tab, doc, 110, 'y'.repeat(1_200))
    await packing.chore.run(fence)
  }
  for (let round = 1; round <= 3; round += 1) await grow()
  await type(tab, doc, 3, 'after')
  const rows = await rowsOf(tab, NOTES)
  expect(rows.filter(({ update }) => update === undefined).length).toBeGreaterThan(50)

  await damageSnapshot(tab, NOTES, -1)
  expect(await textOf(tab)).toBe(doc.getText('text').toString())
  await recordFound(tab)
  expect(await textOf(tab)).toBe(doc.getText('text').toString())
  await grow()
  expect((await tab.log.document(NOTES)).tail).toEqual([])
  expect(await textOf(tab)).toBe(doc.getText('text').toString())
  expect(await tab.connection.db.snapshots.count()).toBe(2)
})

test.each(['the latest', 'the one before'])(
  'SG23 no update leaves the log by two snapshots of which %s is damaged',
  async (which) => {
    const tab = await openTab()
    await createSession(tab)
    const doc = new Y.Doc()
    const snapshot = async () => {
      await type(tab, doc, 3, 'word')
      const { snapshotTo: after = 0, tail } = await tab.log.document(NOTES)
      const made = { bytes: Y.encodeStateAsUpdateV2(doc), after, upTo: tail.at(-1)?.seq ?? 0 }
      expect(await tab.journal.putSnapshot(NOTES, made)).toBe(true)
    }
    await snapshot()
    await snapshot()
    const updates = async () => (await rowsOf(tab, NOTES)).map(({ update }) => update?.length)
    const before = await updates()
    await damageSnapshot(tab, NOTES, which === 'the latest' ? -1 : -2)
    expect(await tab.journal.pack(NOTES, { whole: true })).toBe(6)
    expect(await updates()).toEqual(before)
    await recordFound(tab)
    expect(await textOf(tab)).toBe(doc.getText('text').toString())
  },
)

test('SG13 a damaged update keeps an app document from being snapshotted', async () => {
  const tab = await openTab()
  const packing = createPacking(tab)
  tab.journal.onStored(packing.noteRows)
  await createSession(tab)
  await storeUpdate(tab, new Uint8Array(70_000).fill(255))
  await packing.chore.run(await tab.journal.takeStewardship())
  expect(await tab.connection.db.snapshots.count()).toBe(0)
  expect((await rowsOf(tab, NOTES)).map(({ update }) => update?.length)).toEqual([70_000])
})

test('SG13 a snapshot that was made of an older one than the present is not stored', async () => {
  const tab = await openTab()
  await createSession(tab)
  const doc = new Y.Doc()
  await type(tab, doc, 3, 'word')
  const rows = await rowsOf(tab, NOTES)
  const bytes = Y.encodeStateAsUpdateV2(doc)
  const [, second, third] = rows.map(({ seq }) => seq)
  expect(await tab.journal.putSnapshot(NOTES, { bytes, after: 0, upTo: third ?? 0 })).toBe(true)
  expect(await tab.journal.putSnapshot(NOTES, { bytes, after: 0, upTo: third ?? 0 })).toBe(false)
  expect(await tab.journal.putSnapshot(NOTES, { bytes, after: third ?? 0, upTo: second ?? 0 })).toBe(false)
})

test('SG14 a worker that is the steward no more packs and snapshots nothing', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  for (let at = 0; at < 130; at += 1) await setState(tab, `k${at}`, 'x'.repeat(600))
  await storeUpdate(tab, new Uint8Array([0, 0]))
  await tab.journal.flush()
  const fence = await tab.journal.takeStewardship()
  await other.journal.takeStewardship()
  const before = await countCommits(tab)
  const bytes = Y.encodeStateAsUpdateV2(new Y.Doc())
  const [row] = await rowsOf(tab, NOTES)
  const attempts = [
    tab.journal.pack(STREAM, { fence }),
    tab.journal.putSnapshot(NOTES, { bytes, after: 0, upTo: row?.seq ?? 0 }, fence),
    createPacking(tab).chore.run(fence),
  ]
  for (const attempt of attempts) await expect(attempt).rejects.toMatchObject({ code: 'STEWARD_FENCED' })
  expect(await countCommits(tab)).toBe(before)
  expect(await tab.log.document(NOTES)).not.toHaveProperty('snapshot')
})

test('SG14 what fails is done when the chore is done again', async () => {
  const tab = await openTab()
  const packing = createPacking(tab)
  tab.journal.onStored(packing.noteRows)
  const fence = await tab.journal.takeStewardship()
  await createSession(tab)
  for (let at = 0; at < 130; at += 1) await setState(tab, `k${at}`, 'x'.repeat(600))
  await tab.journal.flush()
  const restore = failCommits(tab, () => true)
  await expect(packing.chore.run(fence)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  restore()
  await packing.chore.run(fence)
  expect(await countCommits(tab)).toBeLessThan(131)
})

async function storedBytes(tab: Tab): Promise<number> {
  const { commits, segments, snapshots } = tab.connection.db
  return sizeOf(await Promise.all([commits.toArray(), segments.toArray(), snapshots.toArray()]))
}

/** Changes a session's status as the rules do. */
function change(tab: Tab, type: 'session.archived' | 'session.unarchived') {
  const event =
    type === 'session.archived'
      ? eventOf(tab.clock, type, { from: 'active' })
      : eventOf(tab.clock, type, { to: 'active' })
  return tab.journal.commit(
    operationOf(
      tab.clock,
      (head) => {
        const { archivedFrom: _, ...rest } = head(headOf()) as { readonly archivedFrom?: string }
        const archived = { ...rest, status: 'archived', archivedFrom: 'active' }
        const value = type === 'session.archived' ? archived : { ...rest, status: 'active' }
        return {
          result: 0,
          resultId: SESSION,
          writes: [{ stream: STREAM, events: [event], index: true }],
          heads: [{ key: headOf(), value }],
        }
      },
      { durability: 'strict', heads: [headOf()] },
    ),
  )
}

/** A session with state and a document, archived. */
async function archivedSession(tab: Tab, packing = createPacking(tab)): Promise<Y.Doc> {
  tab.journal.onStored(packing.noteRows)
  await createSession(tab)
  for (let at = 0; at < 120; at += 1) await setState(tab, `k${at % 30}`, `value ${at} ${'word '.repeat(60)}`)
  const doc = new Y.Doc()
  await type(tab, doc, 10, 'note')
  await change(tab, 'session.archived')
  return doc
}

const everything = async (tab: Tab) => {
  const rows = await rowsOf(tab)
  return {
    rows: rows.map(({ update: _, placed: __, ...row }) => row),
    back: (await tab.log.range(STREAM, { reverse: true, limit: 30 })).map(({ seq }) => seq),
    root: (await tab.log.byRef(`c:${rows[0]?.events[0]?.correlationId}`)).length,
    arrived: (await tab.log.arrived({ limit: 1_000 })).length,
    names: await tab.log.documents(SESSION),
    text: await textOf(tab),
    values: await valuesIn(tab),
    record: (await tab.log.start(STREAM)).record,
  }
}

test('SG15 an archived session is packed whole and squeezed: it takes far fewer bytes, and everything is read as before', async () => {
  const tab = await openTab()
  const packing = createPacking(tab)
  const doc = await archivedSession(tab, packing)
  const fence = await tab.journal.takeStewardship()
  const [before, bytesBefore] = [await everything(tab), await storedBytes(tab)]
  await packing.chore.run(fence)
  expect(await countCommits(tab)).toBe(0)
  const segments = await tab.connection.db.segments.toArray()
  expect(segments.every(({ rows, squeezed }) => rows === undefined && squeezed !== undefined)).toBe(true)
  expect(await storedBytes(tab)).toBeLessThan(bytesBefore * 0.35)
  expect(await everything(tab)).toEqual(before)
  expect(before.text).toBe(doc.getText('text').toString())
  expect(before.record?.status).toBe('archived')
  await expectLaws(tab)
})

test('SG15 what was archived takes writes again once it is unarchived, and is archived again', async () => {
  const tab = await openTab()
  const packing = createPacking(tab)
  await archivedSession(tab, packing)
  const fence = await tab.journal.takeStewardship()
  await packing.chore.run(fence)
  await change(tab, 'session.unarchived')
  const fresh = await openBeside(tab)
  for (let at = 0; at < 40; at += 1) await setState(fresh, 'again', at)
  await fresh.journal.flush()
  await expectLaws(fresh)
  expect(await valuesIn(fresh)).toMatchObject({ again: 39, k29: expect.stringContaining('value 119') })
  await change(tab, 'session.archived')
  await packing.chore.run(fence)
  expect(await countCommits(tab)).toBe(0)
  expect(await rowsOf(tab)).toHaveLength(1 + 120 + 3 + 40)
})

test('SG24 what was unarchived is plain again, and gets the snapshots that were damaged meanwhile', async () => {
  const tab = await openTab()
  const packing = createPacking(tab)
  const doc = await archivedSession(tab, packing)
  const fence = await tab.journal.takeStewardship()
  await packing.chore.run(fence)
  const before = await everything(tab)
  for (const stream of [STREAM, NOTES]) await damageSnapshot(tab, stream, -1)
  await change(tab, 'session.unarchived')
  await rowsOf(tab)
  for (const stream of [STREAM, NOTES]) await tab.log.document(stream)
  await recordFound(tab)

  await packing.chore.run(fence)
  const { segments, snapshots } = tab.connection.db
  expect((await segments.toArray()).filter(({ squeezed }) => squeezed !== undefined)).toEqual([])
  const streams = (await snapshots.toArray()).map(({ streamId }) => streamId)
  expect(streams.toSorted()).toEqual([STREAM, NOTES].toSorted())
  expect((await tab.log.document(STREAM)).tail).toEqual([])
  expect(await textOf(tab)).toBe(doc.getText('text').toString())
  expect(await valuesIn(tab)).toEqual(before.values)
  await expectLaws(tab)
})

/** How many segments are squeezed. */
async function countSqueezed(tab: Tab): Promise<number> {
  return (await tab.connection.db.segments.toArray()).filter(({ squeezed }) => squeezed !== undefined).length
}

test('SG24 whichever transaction of an unarchiving fails, it is ended later by the same worker', async () => {
  const tab = await openTab()
  const packing = createPacking(tab)
  tab.journal.onStored(packing.noteRows)
  const fence = await tab.journal.takeStewardship()
  await createSession(tab)
  // Each fills a segment; they are put back in two transactions.
  for (let at = 0; at < 40; at += 1) await setState(tab, `k${at % 4}`, `${at} ${'word '.repeat(5_600)}`)
  await change(tab, 'session.archived')
  await packing.chore.run(fence)
  const [before, squeezed] = [await valuesIn(tab), await countSqueezed(tab)]
  expect(squeezed).toBeGreaterThan(33)
  await change(tab, 'session.unarchived')
  for (const failing of [2, 1]) {
    const restore = failCommits(tab, (_, index) => index === failing)
    await expect(packing.chore.run(fence)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    restore()
    expect(await countSqueezed(tab)).toBe(squeezed - 32)
  }
  await packing.chore.run(fence)
  expect(await countSqueezed(tab)).toBe(0)
  expect(await valuesIn(tab)).toEqual(before)
})

test('SG24 a new steward puts back what was unarchived before it was one, and nothing that is archived', async () => {
  const tab = await openTab()
  const packing = createPacking(tab)
  await archivedSession(tab, packing)
  const fence = await tab.journal.takeStewardship()
  await packing.chore.run(fence)
  const squeezed = await tab.log.squeezed()
  expect(squeezed).toEqual([STREAM, NOTES].toSorted())
  const seen = watchTransactions(tab)
  await createPacking(tab).chore.run(fence)
  expect(seen).toEqual([])
  await change(tab, 'session.unarchived')
  await createPacking(tab).chore.run(fence)
  expect([await countSqueezed(tab), await tab.log.squeezed()]).toEqual([0, []])
})

test('SG15 what was written between snapshot and packing of an archiving stays plain, so that snapshots go on', async () => {
  const tab = await openTab()
  await archivedSession(tab)
  await tab.journal.snapshot(STREAM)
  await change(tab, 'session.unarchived')
  await setState(tab, 'between', 1)
  await tab.journal.pack(STREAM, { whole: true })
  await tab.journal.squeeze(STREAM)
  await setState(tab, 'after', 1)
  await tab.journal.snapshot(STREAM)
  const snapshots = await tab.connection.db.snapshots.where('[streamId+seq]').between([STREAM], [STREAM, []])
  const { seq } = (await rowsOf(tab)).at(-1) ?? {}
  expect((await snapshots.toArray()).map((row) => row.seq)).toEqual([seq])
  await tab.journal.squeeze(STREAM)
  const segments = await tab.connection.db.segments.toArray()
  expect(segments.filter(({ squeezed }) => squeezed === undefined)).toEqual([])
})

test('SG15 a request is answered from a squeezed segment', async () => {
  const tab = await openTab()
  const packing = createPacking(tab)
  tab.journal.onStored(packing.noteRows)
  await createSession(tab)
  const requestId = 'request-1' as RequestId
  await setState(tab, 'a', 1, { requestId })
  await change(tab, 'session.archived')
  await packing.chore.run(await tab.journal.takeStewardship())
  expect(await countCommits(tab)).toBe(0)
  expect(await tab.journal.outcomeOf(requestId)).toBeDefined()
})

test('SG15 another tab or a new steward archives what was left in between', async () => {
  const tab = await openTab()
  await archivedSession(tab)
  await tab.journal.pack(STREAM, { whole: true })
  const other = await openBeside(tab)
  const packing = createPacking(other)
  await packing.chore.run(await other.journal.takeStewardship())
  expect(await countCommits(other)).toBe(0)
  const plain = await other.connection.db.segments.filter(({ squeezed }) => squeezed === undefined).toArray()
  expect(plain).toEqual([])
})

for (let failing = 1; failing <= 8; failing += 1) {
  test(`SG16 when transaction ${failing} of an archiving fails, the old or the new form is there, and it is ended later`, async () => {
    const tab = await openTab()
    const packing = createPacking(tab)
    await archivedSession(tab, packing)
    const fence = await tab.journal.takeStewardship()
    const before = await everything(tab)
    const restore = failCommits(tab, (_, index) => index === failing)
    const outcome = await packing.chore.run(fence).catch((error: unknown) => error)
    restore()
    if (failing <= 6) expect(outcome).toMatchObject({ code: 'STORAGE_FAILED' })
    await expectLaws(tab)
    expect(await everything(tab)).toEqual(before)
    await packing.chore.run(fence)
    expect(await countCommits(tab)).toBe(0)
    expect(await everything(tab)).toEqual(before)
  })
}

/** As a damaged disk does. */
async function damageSnapshot(tab: Tab, stream: StreamId, at: number): Promise<void> {
  const { snapshots } = tab.connection.db
  const all = await snapshots.where('[streamId+seq]').between([stream], [stream, []]).toArray()
  const row = all.at(at)
  if (row === undefined) throw new Error(`${stream} has no snapshot`)
  await snapshots.put({ ...row, bytes: row.bytes.map((byte, at) => (at === 9 ? byte ^ 1 : byte)) })
}

/** Records what readers found damaged, and sets it aside. */
async function recordFound(tab: Tab): Promise<void> {
  const found: FoundDamage[] = []
  tab.connection.damage.listen((damage) => found.push(damage))()
  expect(found).not.toEqual([])
  for (const damage of found)
    await recordDamage({ journal: tab.journal, clock: tab.clock, now: tab.wall.now }, damage)
}
