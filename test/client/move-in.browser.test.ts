import { expect, onTestFinished, test } from 'vitest'
import { IndexeddbPersistence } from 'y-indexeddb'
import * as Y from 'yjs'
import { open } from './open.ts'
import { rejectionOf } from './rejection.ts'

const messages = JSON.stringify([
  { role: 'user', content: 'What is 2 + 2?' },
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'c1', type: 'function', function: { name: 'add', arguments: '{"a":2,"b":2}' } }],
  },
  { role: 'tool', tool_call_id: 'c1', content: '4' },
  { role: 'assistant', content: '4.' },
])

test('PG98 a transcript is imported from text, bytes, a blob or a stream', async () => {
  const { holdfast } = await open()
  const bytes = new TextEncoder().encode(messages)
  for (const source of [
    messages,
    bytes,
    bytes.slice().buffer,
    new Blob([bytes]),
    new Blob([bytes]).stream(),
  ]) {
    const report = await holdfast.sessions.import(source, {
      format: 'openai-messages',
      name: 'chat',
      tags: ['old'],
      steps: { add: 'tool:add@3' },
    })
    expect(report).toMatchObject({ skipped: [] })
    const session = await holdfast.sessions.open(report.sessionId)
    expect(session.info).toMatchObject({ name: 'chat', tags: ['old'] })
    const { items } = await session.timeline.query({ types: ['step.*'] })
    expect(items.map(({ type }) => type)).toEqual(['step.started', 'step.completed'])
    expect(items[0]?.data).toMatchObject({ step: 'tool:add@3', key: 'c1' })
  }
})

test('PG98 a broken transcript stops the import by the number of its line, or is skipped', async () => {
  const { holdfast } = await open()
  const lines = [
    '{"type":"session","id":"s","version":3,"timestamp":"2026-01-01T00:00:00Z","cwd":"/"}',
    'not json',
    '',
  ]
  const source = lines.join('\n')
  const format = 'pi-session'
  expect(await rejectionOf(holdfast.sessions.import(source, { format }))).toMatchObject({
    code: 'IMPORT_FAILED',
    details: { line: 2 },
  })
  expect(await holdfast.sessions.import(source, { format, onBadLine: 'skip' })).toMatchObject({
    skipped: [2],
  })
  expect(
    await rejectionOf(holdfast.sessions.import(source, { format, signal: AbortSignal.abort() })),
  ).toMatchObject({ code: 'ABORTED' })
})

test('PG99 a database of y-indexeddb is moved into a session', async () => {
  const name = `old-${crypto.randomUUID()}`
  const old = new Y.Doc()
  const persistence = new IndexeddbPersistence(name, old)
  onTestFinished(() => void indexedDB.deleteDatabase(name))
  await persistence.whenSynced
  old.getText('t').insert(0, 'kept')
  await persistence.destroy()

  const { holdfast } = await open()
  const adopted = await holdfast.adopt.yIndexedDB(name)
  expect(adopted).toMatchObject({ document: name, removed: false })
  const session = await holdfast.sessions.open(adopted.sessionId)
  expect(await session.documents.list()).toEqual([name])
  const copy = new Y.Doc()
  Y.applyUpdate(copy, await session.documents.export(name))
  expect(copy.getText('t').toString()).toBe('kept')

  const again = await holdfast.adopt.yIndexedDB(name, { session, document: 'notes', remove: true })
  expect(again).toMatchObject({ sessionId: session.id, document: 'notes', removed: true })
  expect((await indexedDB.databases()).some((database) => database.name === name)).toBe(false)
  expect(await rejectionOf(holdfast.adopt.yIndexedDB(name, { session: session.id }))).toMatchObject({
    code: 'ADOPT_FAILED',
  })
})

test('PG102 adopting is sent again by its request id, merges into no other document, and leaves no session behind', async () => {
  const name = `old-${crypto.randomUUID()}`
  const doc = new Y.Doc()
  const persistence = new IndexeddbPersistence(name, doc)
  await persistence.whenSynced
  doc.getText('t').insert(0, 'kept')
  await persistence.destroy()
  const { holdfast } = await open()
  const failed = holdfast.adopt.yIndexedDB('nothing')
  expect(await rejectionOf(failed)).toMatchObject({ code: 'ADOPT_FAILED' })
  expect((await holdfast.sessions.list()).items).toEqual([])

  const options = { requestId: 'r1', remove: true }
  const adopted = await holdfast.adopt.yIndexedDB(name, options)
  expect(await holdfast.adopt.yIndexedDB(name, options)).toEqual(adopted)
  expect((await holdfast.sessions.list()).items).toHaveLength(1)

  const other = new IndexeddbPersistence(name, new Y.Doc())
  await other.whenSynced
  await other.destroy()
  for (const requestId of [undefined, 'r2']) {
    const merging = holdfast.adopt.yIndexedDB(name, { session: adopted.sessionId, requestId })
    expect(await rejectionOf(merging)).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(name),
    })
  }
})
