import { expect, test } from 'vitest'
import { IndexeddbPersistence } from 'y-indexeddb'
import * as Y from 'yjs'
import type { LiveDocument } from '../../../src/adapters/yjs/live-document.ts'
import { openDocument } from '../../../src/adapters/yjs/open-document.ts'
import { within } from '../../../src/client/within.ts'
import { checkLaws } from '../../../src/testing/check-laws.ts'
import { open, openAgain, spawnPackaged } from '../../client/open.ts'
import { rejectionOf } from '../../client/rejection.ts'
import { openSynced, reading, standing, textOf, type } from './open.ts'

/** Each test spawns several workers, one after the other. */
const MANY_WORKERS = { timeout: 90_000 }

test(
  'YD1, YD2, YD4 edits of two tabs merge, are stored, and are there after the store was closed',
  MANY_WORKERS,
  async () => {
    const opened = await open()
    const session = await opened.holdfast.sessions.create()
    const notes = await openSynced(session)
    const again = await openAgain(opened)
    const other = await openSynced(await again.holdfast.sessions.open(session.id))
    type(notes, 'a')
    await reading(other, 'a')
    type(other, 'b')
    await reading(notes, 'ab')
    type(notes, ' last words')
    await opened.holdfast.close()
    await reading(other, 'ab last words')
    type(notes, '!')
    expect(await rejectionOf(notes.flush())).toMatchObject({ code: 'CLOSED' })
    await again.holdfast.close()
    expect(await checkLaws(opened.name)).toEqual([])
  },
)

test('YD5 edits that a terminated worker did not store are sent to the next one', MANY_WORKERS, async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const notes = await openSynced(session)
  type(notes, 'before ')
  await notes.flush()
  opened.workers[0]?.terminate()
  type(notes, 'while it was dead ')
  await notes.flush()
  expect(opened.workers).toHaveLength(2)
  type(notes, 'after')
  await notes.flush()
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  expect(textOf(await openSynced(other))).toBe('before while it was dead after')
})

test(
  'YD5 a worker that dies while nothing else waits for it is replaced for the sake of an edit',
  MANY_WORKERS,
  async () => {
    const opened = await open()
    const session = await opened.holdfast.sessions.create()
    const notes = await openSynced(session)
    for (const expected of [2, 3, 4, 5]) {
      opened.workers.at(-1)?.terminate()
      type(notes, 'x')
      await standing(notes, ({ stored }) => stored)
      expect(opened.workers.length).toBeGreaterThanOrEqual(expected)
    }
  },
)

test(
  'YD7 when the database is deleted the document says so, and its edits stay in its doc',
  MANY_WORKERS,
  async () => {
    const opened = await open()
    const session = await opened.holdfast.sessions.create()
    const notes = await openSynced(session)
    type(notes, 'kept here')
    await notes.flush()
    indexedDB.deleteDatabase(opened.name)
    await standing(notes, ({ error }) => error?.code === 'STORAGE_LOST')
    expect(notes.state.readOnly).toBe(true)
    type(notes, '!')
    expect(await rejectionOf(notes.flush())).toMatchObject({ code: 'STORAGE_LOST' })
    expect(textOf(notes)).toBe('kept here!')
  },
)

test(
  'YD10 who edited in a tab whose worker has ended is gone for the others, though nobody said so',
  MANY_WORKERS,
  async () => {
    const worker = spawnPackaged()
    const opened = await open({ worker })
    const session = await opened.holdfast.sessions.create()
    const notes = await openSynced(session)
    const there = await openSynced(await (await openAgain(opened)).holdfast.sessions.open(session.id))
    notes.awareness.setLocalStateField('user', 'Ada')
    await seeing(there, true)
    worker.terminate()
    await within(20_000, seeing(there, false))
  },
)

function seeing({ awareness }: LiveDocument, wanted: boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if ([...awareness.getStates().values()].some(({ user }) => user === 'Ada') === wanted) resolve()
    }
    awareness.on('change', look)
    look()
  })
}

test('YD14 an adopted document opens for editing', MANY_WORKERS, async () => {
  const opened = await open()
  const old = new Y.Doc()
  const name = `old-${crypto.randomUUID()}`
  const provider = new IndexeddbPersistence(name, old)
  await provider.whenSynced
  old.getText('body').insert(0, 'adopted')
  await provider.destroy()
  const { sessionId, document } = await opened.holdfast.adopt.yIndexedDB(name)
  const session = await opened.holdfast.sessions.open(sessionId)
  const notes = await openSynced(session, document)
  expect(textOf(notes)).toBe('adopted')
  type(notes, ', and edited')
  await notes.flush()
  const other = await (await openAgain(opened)).holdfast.sessions.open(sessionId)
  expect(textOf(await openSynced(other, document))).toBe('adopted, and edited')
})

test('YD8 opening ends by its signal', MANY_WORKERS, async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  expect(await rejectionOf(openDocument(session, 'notes', { signal: AbortSignal.abort() }))).toMatchObject({
    code: 'ABORTED',
  })
})
