import 'fake-indexeddb/auto'
import { expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import type { LiveDocument } from '../../../src/adapters/yjs/live-document.ts'
import { openDocument } from '../../../src/adapters/yjs/open-document.ts'
import {
  type ChannelConnection,
  type ChannelListener,
  openChannel,
} from '../../../src/client/document-channel.ts'
import { documentStream } from '../../../src/core/ids.ts'
import type { World } from '../../../src/engine/world.ts'
import { checkLaws } from '../../../src/testing/check-laws.ts'
import { settableWall } from '../../engine/rig.ts'
import { openNodeTab } from './node-tab.ts'
import { reading, standing, textOf, type } from './open.ts'

let databases = 0

/** A database of its own, with a session. */
async function begin(parts: Partial<World> = {}) {
  databases += 1
  const database = `documents-${databases}`
  const tab = await openNodeTab(database, parts)
  return { database, tab, session: await tab.createSession() }
}

test('YD1 an edit is stored as it is made, and is there when the document is opened again', async () => {
  const { database, tab, session } = await begin()
  const notes = await tab.open(session)
  expect(textOf(notes)).toBe('')
  type(notes, 'Hello.')
  expect(notes.state.stored).toBe(false)
  await standing(notes, ({ stored }) => stored)
  const other = await openNodeTab(database)
  expect(textOf(await other.open(session))).toBe('Hello.')
  expect(await other.call('documents.list', { sessionId: session })).toEqual(['notes'])
  await tab.close()
  await other.close()
  expect(await checkLaws(database)).toEqual([])
})

test('YD2 edits of two tabs merge, each comes in once the other has stored it', async () => {
  const { database, tab, session } = await begin()
  const there = await (await openNodeTab(database)).open(session)
  const here = await tab.open(session)
  type(here, 'a')
  await reading(there, 'a')
  type(there, 'b')
  await reading(here, 'ab')
  here.doc.getText('body').insert(0, '<')
  there.doc.getText('body').insert(2, '>')
  await Promise.all([reading(here, '<ab>'), reading(there, '<ab>')])
})

test('YD2 two handles of one document in one page follow each other', async () => {
  const { tab, session } = await begin()
  const [one, two] = [await tab.open(session), await tab.open(session)]
  type(one, 'a')
  await reading(two, 'a')
  type(two, 'b')
  await reading(one, 'ab')
})

test('YD2 documents of other names and other sessions are apart', async () => {
  const { tab, session } = await begin()
  const [notes, draft] = [await tab.open(session), await tab.open(session, 'draft')]
  const elsewhere = await tab.open(await tab.createSession())
  type(notes, 'a')
  type(draft, 'b')
  await Promise.all([notes.flush(), draft.flush()])
  expect([textOf(notes), textOf(draft), textOf(elsewhere)]).toEqual(['a', 'b', ''])
})

test('YD3 a lone edit is stored at once; what follows within 250 ms is one row and one event', async () => {
  const held: (() => void)[] = []
  const wall = {
    ...settableWall(),
    monotonic: () => 0,
    after: (delayMs: number, callback: () => void) => {
      if (delayMs === 250) held.push(callback)
      const timer = delayMs === 250 ? undefined : setTimeout(callback, delayMs)
      return () => clearTimeout(timer)
    },
  }
  const { tab, session } = await begin({ wall })
  const notes = await tab.open(session)
  type(notes, 'lone')
  await standing(notes, ({ stored }) => stored)
  expect(await tab.changes(session)).toHaveLength(1)
  for (let key = 0; key < 200; key += 1) {
    type(notes, 'x')
    await null
  }
  expect(await tab.changes(session)).toHaveLength(1)
  expect(notes.state.stored).toBe(false)
  for (const ring of held.splice(0)) ring()
  await standing(notes, ({ stored }) => stored)
  expect(await tab.changes(session)).toHaveLength(2)
})

test('YD3 edits of one microtask are one message, handed over', async () => {
  const { tab, session } = await begin()
  const notes = await tab.open(session)
  const before = tab.posted.length
  for (let key = 0; key < 50; key += 1) type(notes, 'x')
  await notes.flush()
  const frames = tab.posted.slice(before).filter(({ type: kind }) => kind === 'documentFrame')
  expect(frames).toHaveLength(1)
})

test('YD4 flush resolves when every edit is stored, and close stores what is not', async () => {
  const { database, tab, session } = await begin()
  const notes = await tab.open(session)
  type(notes, 'a')
  type(notes, 'b')
  await notes.flush()
  expect(notes.state.stored).toBe(true)
  const other = await openNodeTab(database)
  expect(textOf(await other.open(session))).toBe('ab')
  type(notes, 'c')
  await notes.close()
  expect(textOf(await tab.open(session))).toBe('abc')
})

test('YD5 edits that a dead worker did not store are sent to the next one', async () => {
  const { database, tab, session } = await begin()
  const notes = await tab.open(session)
  type(notes, 'before ')
  await notes.flush()
  const respawning = tab.respawn()
  type(notes, 'while it was dead ')
  expect(notes.state.stored).toBe(false)
  await respawning
  await notes.flush()
  type(notes, 'after')
  await notes.flush()
  const other = await openNodeTab(database)
  expect(textOf(await other.open(session))).toBe('before while it was dead after')
  expect(await tab.changes(session)).toHaveLength(3)
})

test('YD6 a suspended session makes the document read-only: an edit waits, flush says why, and resuming stores it', async () => {
  const { database, tab, session } = await begin()
  const notes = await tab.open(session)
  const other = await openNodeTab(database)
  await other.transition(session, 'suspend')
  await standing(notes, ({ readOnly }) => readOnly)
  type(notes, 'refused')
  await expect(notes.flush()).rejects.toMatchObject({ code: 'SESSION_NOT_ACTIVE' })
  expect(notes.state).toMatchObject({ stored: false, readOnly: true, error: { code: 'SESSION_NOT_ACTIVE' } })
  expect(await other.call('documents.list', { sessionId: session })).toEqual([])
  await other.transition(session, 'resume')
  await standing(notes, ({ stored, readOnly, error }) => stored && !readOnly && error === null)
  expect(textOf(await other.open(session))).toBe('refused')
})

test.each(['suspend', 'complete', 'archive'] as const)(
  'YD6 a document of a session after %s opens read-only, with its content',
  async (verb) => {
    const { tab, session } = await begin()
    const before = await tab.open(session)
    type(before, 'kept')
    await before.close()
    await tab.transition(session, verb)
    const notes = await tab.open(session)
    expect(textOf(notes)).toBe('kept')
    await standing(notes, ({ stored }) => stored)
    expect(notes.state).toMatchObject({ readOnly: true, error: null })
    await notes.close()
  },
)

test('YD6 closing with edits that were refused says so', async () => {
  const { tab, session } = await begin()
  const notes = await tab.open(session)
  await tab.transition(session, 'complete')
  type(notes, 'too late')
  await expect(notes.close()).rejects.toMatchObject({ code: 'SESSION_NOT_ACTIVE' })
})

test('YD7 deleting the session ends the document in every tab', async () => {
  const { database, tab, session } = await begin()
  const notes = await tab.open(session)
  type(notes, 'gone')
  await notes.flush()
  const other = await openNodeTab(database)
  await other.deleteSession(session)
  await standing(notes, ({ error }) => error?.code === 'SESSION_NOT_FOUND')
  expect(notes.state.readOnly).toBe(true)
  type(notes, 'more')
  await expect(notes.flush()).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' })
  expect(notes.state.stored).toBe(false)
  await expect(other.open(session)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' })
  await tab.close()
  await other.close()
  expect(await checkLaws(database)).toEqual([])
})

test('YD6 an edit that was refused is not stored once its document was closed', async () => {
  const { database, tab, session } = await begin()
  const notes = await tab.open(session)
  await tab.transition(session, 'suspend')
  await standing(notes, ({ readOnly }) => readOnly)
  type(notes, 'refused')
  await expect(notes.close()).rejects.toMatchObject({ code: 'SESSION_NOT_ACTIVE' })
  await tab.transition(session, 'resume')
  const again = await tab.open(session)
  expect(textOf(again)).toBe('')
  type(again, 'new')
  await again.flush()
  const other = await openNodeTab(database)
  expect(textOf(await other.open(session))).toBe('new')
  expect(await tab.changes(session)).toHaveLength(1)
})

test('YD6 what another handle of the document edited is stored at the resume, and nothing of the closed one', async () => {
  const { database, tab, session } = await begin()
  const [closed, open] = [await tab.open(session), await tab.open(session)]
  type(closed, 'before ')
  await closed.flush()
  await reading(open, 'before ')
  await tab.transition(session, 'suspend')
  await Promise.all([closed, open].map((each) => standing(each, ({ readOnly }) => readOnly)))
  type(closed, 'refused')
  await expect(closed.close()).rejects.toMatchObject({ code: 'SESSION_NOT_ACTIVE' })
  await standing(open, ({ error }) => error === null)
  type(open, 'waiting')
  await standing(open, ({ error }) => error !== null)
  expect(open.state.stored).toBe(false)
  await tab.transition(session, 'resume')
  await open.flush()
  const other = await openNodeTab(database)
  expect(textOf(await other.open(session))).toBe('before waiting')
  expect(textOf(open)).toBe('before waiting')
})

test('YD8 opening ends by its deadline or signal where the worker answers and never opens it', async () => {
  const { tab, session } = await begin()
  const silent: ChannelConnection = {
    deadlineMs: 20,
    call: tab.call,
    post: () => {},
    stand: () => () => {},
    listen: () => () => {},
    onRespawn: () => () => {},
    onGivenUp: () => () => {},
    busy: () => () => {},
    wake: () => {},
  }
  const documents = {
    list: () => tab.call('documents.list', { sessionId: session }),
    export: (name: string) => tab.call('documents.export', { sessionId: session, name }),
    channel: async (name: string, clientId: () => number, listener: ChannelListener) =>
      openChannel(silent, session, name, clientId, listener),
  }
  await expect(openDocument({ documents }, 'notes')).rejects.toMatchObject({
    code: 'DEADLINE',
    details: { name: 'notes', deadlineMs: 20 },
  })
  await expect(openDocument({ documents }, 'notes', { deadlineMs: 10 })).rejects.toMatchObject({
    details: { deadlineMs: 10 },
  })
  const leaving = new AbortController()
  const opening = openDocument({ documents }, 'notes', { signal: leaving.signal, deadlineMs: 600_000 })
  leaving.abort()
  await expect(opening).rejects.toMatchObject({ code: 'ABORTED' })
})

test('YD8 a bad name is refused', async () => {
  const { tab, session } = await begin()
  for (const name of ['', 'a\nb', 'x'.repeat(256), 7 as never])
    await expect(tab.open(session, name)).rejects.toMatchObject({ code: 'INVALID_NAME' })
})

test('YD9 a doc of the app’s own is merged with what is stored, and stays after closing', async () => {
  const { database, tab, session } = await begin()
  const first = await tab.open(session)
  type(first, 'stored')
  await first.close()
  expect(first.doc.isDestroyed).toBe(true)
  const doc = new Y.Doc()
  doc.getMap('drafts').set('a', 1)
  const notes = await tab.open(session, 'notes', { doc })
  expect(textOf(notes)).toBe('stored')
  await notes.close()
  expect(doc.isDestroyed).toBe(false)
  const other = await (await openNodeTab(database)).open(session)
  expect(other.doc.getMap('drafts').toJSON()).toEqual({ a: 1 })
})

test('YD10 awareness is seen in the other tabs, never stored, and leaves with the document', async () => {
  const { database, tab, session } = await begin()
  const other = await openNodeTab(database)
  const [here, there] = [await tab.open(session), await other.open(session)]
  here.awareness.setLocalStateField('user', { name: 'Ada' })
  await seeing(there, 'Ada', true)
  // One that comes later is told.
  const late = await (await openNodeTab(database)).open(session)
  await seeing(late, 'Ada', true)
  await here.close()
  await Promise.all([seeing(there, 'Ada', false), seeing(late, 'Ada', false)])
  expect(await other.call('documents.list', { sessionId: session })).toEqual([])
})

test('YD10 awareness leaves with a tab that closes', async () => {
  const { database, tab, session } = await begin()
  const [here, there] = [await tab.open(session), await (await openNodeTab(database)).open(session)]
  here.awareness.setLocalStateField('user', { name: 'Ada' })
  await seeing(there, 'Ada', true)
  await tab.close()
  await seeing(there, 'Ada', false)
})

test('YD10 awareness leaves with a page that is frozen or kept, and is there again with it', async () => {
  const page = new EventTarget()
  vi.stubGlobal('document', page)
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  const { database, tab, session } = await begin()
  const [here, there] = [await tab.open(session), await (await openNodeTab(database)).open(session)]
  vi.unstubAllGlobals()
  here.awareness.setLocalStateField('user', { name: 'Ada' })
  await seeing(there, 'Ada', true)
  for (const event of [Object.assign(new Event('pageshow'), { persisted: true }), new Event('resume')]) {
    tab.post({ type: 'life', life: 'frozen' })
    await seeing(there, 'Ada', false)
    tab.post({ type: 'life', life: 'shown' })
    page.dispatchEvent(event)
    // At once, and not when it would have said it again after 15 seconds.
    expect(tab.posted.at(-1)?.type).toBe('documentFrame')
    await seeing(there, 'Ada', true)
  }
  const posted = tab.posted.length
  await here.close()
  page.dispatchEvent(new Event('resume'))
  expect(tab.posted.slice(posted).filter(({ type }) => type === 'documentFrame')).toEqual([])
})

function seeing({ awareness }: LiveDocument, name: string, wanted: boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      const isSeen = [...awareness.getStates().values()].some(({ user }) => user?.name === name)
      if (isSeen !== wanted) return
      awareness.off('change', look)
      resolve()
    }
    awareness.on('change', look)
    look()
  })
}

test('YD11 each load writes under a client id of its own', async () => {
  const { tab, session } = await begin()
  const first = await tab.open(session)
  type(first, 'a')
  await first.close()
  const second = await tab.open(session)
  expect(second.doc.clientID).not.toBe(first.doc.clientID)
})

test('YD11 a copy that writes under the client id of another is told that they forked, and stores nothing', async () => {
  const { database, tab, session } = await begin()
  const cloned = () => {
    const doc = new Y.Doc()
    doc.clientID = 7
    return doc
  }
  const notes = await tab.open(session, 'notes', { doc: cloned() })
  const doc = cloned()
  doc.getText('body').insert(0, 'mine')
  type(notes, 'ours')
  await notes.flush()
  const other = await openNodeTab(database)
  const copy = await other.open(session, 'notes', { doc })
  await standing(copy, ({ error }) => error?.code === 'DOCUMENT_FORKED')
  expect(copy.state.stored).toBe(false)
  await expect(copy.flush()).rejects.toMatchObject({ code: 'DOCUMENT_FORKED' })
  expect(textOf(await (await openNodeTab(database)).open(session))).toBe('ours')
})

test('YD11 two tabs that write under one client id at once are both told, and one of the two is stored', async () => {
  const { database, tab, session } = await begin()
  const cloned = () => {
    const doc = new Y.Doc()
    doc.clientID = 7
    return doc
  }
  const here = await tab.open(session, 'notes', { doc: cloned() })
  const there = await (await openNodeTab(database)).open(session, 'notes', { doc: cloned() })
  type(here, 'here')
  type(there, 'there!')
  await Promise.all(
    [here, there].map((each) => standing(each, ({ error }) => error?.code === 'DOCUMENT_FORKED')),
  )
  const stored = textOf(await (await openNodeTab(database)).open(session))
  expect(['here', 'there!']).toContain(stored)
})

test('YD12 undo takes back what this page did, and nothing of others', async () => {
  const { database, tab, session } = await begin()
  const [here, there] = [await tab.open(session), await (await openNodeTab(database)).open(session)]
  const undo = new Y.UndoManager(here.doc.getText('body'))
  type(here, 'mine')
  await reading(there, 'mine')
  type(there, ' theirs')
  await reading(here, 'mine theirs')
  undo.undo()
  await Promise.all([reading(here, ' theirs'), reading(there, ' theirs')])
})

test('YD19 a document that has lost a row stores and closes all the same', async () => {
  const { database, tab, session } = await begin()
  const notes = await tab.open(session)
  type(notes, 'lost')
  await notes.flush()
  type(notes, ' what waits for it')
  await notes.flush()
  await tab.close()
  await deleteFirstRow(database, documentStream(session, 'notes'))

  const again = await (await openNodeTab(database)).open(session)
  expect(textOf(again)).toBe('')
  type(again, 'new')
  await again.flush()
  expect(again.state).toMatchObject({ stored: true, error: null })
  await again.close()
  expect(textOf(await (await openNodeTab(database)).open(session))).toBe('new')
})

function deleteFirstRow(database: string, stream: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(database)
    opening.onerror = () => reject(opening.error)
    opening.onsuccess = () => {
      const db = opening.result
      const transaction = db.transaction('commits', 'readwrite')
      const first = IDBKeyRange.bound([stream, 0], [stream, Number.POSITIVE_INFINITY])
      const finding = transaction.objectStore('commits').index('[streamId+seq]').getKey(first)
      finding.onsuccess = () => transaction.objectStore('commits').delete(finding.result as IDBValidKey)
      transaction.oncomplete = () => {
        db.close()
        resolve()
      }
      transaction.onabort = () => reject(transaction.error)
    }
  })
}
