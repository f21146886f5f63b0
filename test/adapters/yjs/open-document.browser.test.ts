import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { openDocument } from '../../../src/adapters/yjs/open-document.ts'
import type { Session } from '../../../src/client/session-handle.ts'
import { checkLaws } from '../../../src/testing/check-laws.ts'
import { open, openAgain } from '../../client/open.ts'
import { rejectionOf } from '../../client/rejection.ts'
import { openSynced, reading, standing, textOf, type } from './open.ts'

async function changesOf(session: Session): Promise<number> {
  return (await session.timeline.query({ types: ['document.changed'] })).items.length
}

test('YD1 an edit is stored as it is made, and is there when the document is opened again', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const notes = await openSynced(session)
  expect(textOf(notes)).toBe('')
  type(notes, 'Hello.')
  expect(notes.state.stored).toBe(false)
  await standing(notes, ({ stored }) => stored)
  const again = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  expect(textOf(await openSynced(again))).toBe('Hello.')
  expect(await again.documents.list()).toEqual(['notes'])
  await opened.holdfast.close()
  expect(await checkLaws(opened.name)).toEqual([])
})

test('YD2 edits of two tabs merge, each comes in once the other has stored it', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const [here, there] = [
    await openSynced(session),
    await openSynced(await (await openAgain(opened)).holdfast.sessions.open(session.id)),
  ]
  type(here, 'a')
  await reading(there, 'a')
  type(there, 'b')
  await reading(here, 'ab')
  here.doc.getText('body').insert(0, '<')
  there.doc.getText('body').insert(2, '>')
  await Promise.all([reading(here, '<ab>'), reading(there, '<ab>')])
})

test('YD2 two handles of one document in one page follow each other', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const [one, two] = [await openSynced(session), await openSynced(session)]
  type(one, 'a')
  await reading(two, 'a')
  type(two, 'b')
  await reading(one, 'ab')
})

test('YD3 what is typed in a burst is one row and one event, and no edit is stored twice', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const notes = await openSynced(session)
  const other = await openSynced(await (await openAgain(opened)).holdfast.sessions.open(session.id))
  for (let key = 0; key < 200; key += 1) type(notes, 'x')
  await notes.flush()
  await reading(other, 'x'.repeat(200))
  await other.flush()
  expect(await changesOf(session)).toBe(1)
})

test('YD4 flush resolves when every edit is stored, and close stores what is not', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const notes = await openSynced(session)
  type(notes, 'a')
  type(notes, 'b')
  await notes.flush()
  expect(notes.state.stored).toBe(true)
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  expect(textOf(await openSynced(other))).toBe('ab')
  type(notes, 'c')
  await notes.close()
  expect(textOf(await openSynced(session))).toBe('abc')
})

test('YD4 closing the store stores what was edited a moment ago', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const notes = await openSynced(session)
  type(notes, 'last words')
  await opened.holdfast.close()
  const again = await openAgain(opened)
  expect(textOf(await openSynced(await again.holdfast.sessions.open(session.id)))).toBe('last words')
  expect(await rejectionOf(flushAfter(notes))).toMatchObject({ code: 'CLOSED' })
})

function flushAfter(notes: Awaited<ReturnType<typeof openSynced>>): Promise<void> {
  type(notes, '!')
  return notes.flush()
}

test('YD5 edits that a dying worker did not store are sent to the next one', async () => {
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

test('YD6 a suspended session makes the document read-only: an edit waits, flush says why, and resuming stores it', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const notes = await openSynced(session)
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  await other.suspend()
  await standing(notes, ({ readOnly }) => readOnly)
  type(notes, 'refused')
  expect(await rejectionOf(notes.flush())).toMatchObject({ code: 'SESSION_NOT_ACTIVE' })
  expect(notes.state).toMatchObject({ stored: false, readOnly: true, error: { code: 'SESSION_NOT_ACTIVE' } })
  expect(await other.documents.list()).toEqual([])
  await other.resume()
  await standing(notes, ({ stored, readOnly, error }) => stored && !readOnly && error === null)
  expect(textOf(await openSynced(other))).toBe('refused')
})

test.each(['suspend', 'complete', 'archive'] as const)(
  'YD6 a document of a session after %s opens read-only, with its content',
  async (verb) => {
    const { holdfast } = await open()
    const session = await holdfast.sessions.create()
    const before = await openSynced(session)
    type(before, 'kept')
    await before.close()
    await session[verb]()
    const notes = await openSynced(session)
    expect(textOf(notes)).toBe('kept')
    expect(notes.state).toMatchObject({ readOnly: true, error: null, stored: true })
    await notes.close()
  },
)

test('YD6 closing with edits that were refused says so', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const notes = await openSynced(session)
  await session.complete()
  type(notes, 'too late')
  expect(await rejectionOf(notes.close())).toMatchObject({ code: 'SESSION_NOT_ACTIVE' })
})

test('YD7 deleting the session ends the document in every tab', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const notes = await openSynced(session)
  type(notes, 'gone')
  await notes.flush()
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  await other.delete()
  await standing(notes, ({ error }) => error?.code === 'SESSION_NOT_FOUND')
  expect(notes.state.readOnly).toBe(true)
  type(notes, 'more')
  expect(notes.state.stored).toBe(false)
  expect(await rejectionOf(notes.flush())).toMatchObject({ code: 'SESSION_NOT_FOUND' })
  expect(await rejectionOf(openDocument(other, 'notes'))).toMatchObject({ code: 'SESSION_NOT_FOUND' })
  await opened.holdfast.close()
  expect(await checkLaws(opened.name)).toEqual([])
})

test('YD8 a bad name is refused, and no listener stays', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  for (const name of ['', 'a\nb', 'x'.repeat(256), 7 as never])
    expect(await rejectionOf(openDocument(session, name))).toMatchObject({ code: 'INVALID_NAME' })
})

test('YD9 a doc of the app’s own is merged with what is stored, and stays after closing', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const first = await openSynced(session)
  type(first, 'stored')
  await first.close()
  expect(first.doc.isDestroyed).toBe(true)
  const doc = new Y.Doc()
  doc.getMap('drafts').set('a', 1)
  const notes = await openSynced(session, 'notes', { doc })
  expect(textOf(notes)).toBe('stored')
  await notes.close()
  expect(doc.isDestroyed).toBe(false)
  const other = await openSynced(await (await openAgain(opened)).holdfast.sessions.open(session.id))
  expect(other.doc.getMap('drafts').toJSON()).toEqual({ a: 1 })
})
