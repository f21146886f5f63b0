import { afterEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { exportDocument, listDocuments, storeDocumentUpdate } from '../../src/context/app-documents.ts'
import { documentStream, type SessionId, sessionStream } from '../../src/core/ids.ts'
import type { Status } from '../../src/core/session/status.ts'
import { created, createdAs, openTab, reopen, type Tab } from '../core/session/rig.ts'
import { RowLog } from './rows.ts'

const open: Tab[] = []

async function tab(): Promise<Tab> {
  const made = await openTab()
  open.push(made)
  return made
}

afterEach(async () => {
  for (const made of open.splice(0)) await made.close()
})

/** An editor's document and its updates. */
function editor(clientId: number) {
  const doc = new Y.Doc()
  doc.clientID = clientId
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  return { doc, text: doc.getText('text'), take: () => Y.mergeUpdates(updates.splice(0)) }
}

function store(one: Tab, sessionId: SessionId, update: Uint8Array, name = 'notes') {
  return storeDocumentUpdate(one, one.request(), { sessionId, name, update })
}

function textOf(update: Uint8Array): string {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update)
  return doc.getText('text').toString()
}

describe('storing', () => {
  test('CX23 one commit: the update on the stream of the document, the event on that of the session', async () => {
    const one = await tab()
    const session = await created(one)
    const { text, take } = editor(10)
    text.insert(0, 'hello')
    const update = take()
    await store(one, session, update)
    const [row] = await one.log.tail(documentStream(session, 'notes'), 0)
    expect(row).toMatchObject({ update, events: [] })
    const rows = await one.log.tail(sessionStream(session), 0)
    const stored = rows.find(({ commitId }) => commitId === row?.commitId)
    expect(stored?.events).toMatchObject([
      { type: 'document.changed', data: { document: 'notes', sizeBytes: update.length } },
    ])
  })

  test.each<Status>(['suspended', 'completed', 'failed', 'archived'])(
    'CX24 a session that is %s takes none',
    async (status) => {
      const one = await tab()
      const session = await createdAs(one, status)
      const update = Y.encodeStateAsUpdate(new Y.Doc())
      await expect(store(one, session, update)).rejects.toMatchObject({ code: 'SESSION_NOT_ACTIVE' })
      expect(await listDocuments(one.log, session)).toEqual([])
    },
  )

  test('CX24 the status is looked at again when it is stored', async () => {
    const one = await tab()
    const session = await created(one)
    const storing = store(one, session, Y.encodeStateAsUpdate(new Y.Doc()))
    const suspended = one.sessions.transition(one.request(), { id: session, verb: 'suspend' })
    const [stored] = await Promise.allSettled([storing, suspended])
    const rows = await one.log.tail(documentStream(session, 'notes'), 0)
    expect(rows).toHaveLength(stored.status === 'fulfilled' ? 1 : 0)
    await expect(store(one, session, Y.encodeStateAsUpdate(new Y.Doc()))).rejects.toMatchObject({
      code: 'SESSION_NOT_ACTIVE',
    })
  })

  test('CX24 a session that is not there, a bad name, a bad update and one too large are refused', async () => {
    const one = await tab()
    const session = await created(one)
    const update = Y.encodeStateAsUpdate(new Y.Doc())
    await expect(store(one, 'nobody' as SessionId, update)).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
    })
    for (const name of ['', 'a\nb', 'x'.repeat(256)]) {
      await expect(store(one, session, update, name)).rejects.toMatchObject({ code: 'INVALID_NAME' })
    }
    await expect(store(one, session, new Uint8Array([255]))).rejects.toMatchObject({ code: 'INVALID_VALUE' })
    const input = { sessionId: session, name: 'notes', update, limits: { bytes: 1 } }
    await expect(storeDocumentUpdate(one, one.request(), input)).rejects.toMatchObject({
      code: 'VALUE_TOO_LARGE',
    })
    expect(await listDocuments(one.log, session)).toEqual([])
  })
})

describe('reading', () => {
  test('CX25 a document is the fold of what its editors stored, after a restart too', async () => {
    const first = await tab()
    const session = await created(first)
    const [ada, bob] = [editor(10), editor(20)]
    ada.text.insert(0, 'hello')
    const begun = ada.take()
    await store(first, session, begun)
    Y.applyUpdate(bob.doc, begun)
    bob.take()
    bob.text.insert(5, ' world')
    ada.text.insert(0, '> ')
    await store(first, session, bob.take())
    await store(first, session, ada.take())
    await store(first, session, begun, 'other/name')
    const again = await reopen(first)
    open.push(again)
    expect(textOf(await exportDocument(again.log, session, 'notes'))).toBe('> hello world')
    expect([...(await listDocuments(again.log, session))].sort()).toEqual(['notes', 'other/name'])
  })

  test('CX25 what is damaged is left out, the rest is there', async () => {
    const { text, take } = editor(10)
    text.insert(0, 'a')
    const good = [take()]
    text.insert(1, 'b')
    good.push(take())
    const log = new RowLog()
    for (const update of [good[0], new Uint8Array([255]), good[1]]) log.add(1, [], update)
    expect(textOf(await exportDocument(log, 's1' as SessionId, 'notes'))).toBe('ab')
  })

  test('CX25 a snapshot and what came after it', async () => {
    const { doc, text, take } = editor(10)
    text.insert(0, 'a')
    const snapshot = Y.encodeStateAsUpdateV2(doc)
    take()
    text.insert(1, 'b')
    const log = new RowLog()
    log.snapshot = { bytes: snapshot, upTo: 0 }
    log.add(1, [], take())
    expect(textOf(await exportDocument(log, 's1' as SessionId, 'notes'))).toBe('ab')
  })

  test('CX25 one that is not there is told by its name', async () => {
    const one = await tab()
    const session = await created(one)
    await expect(exportDocument(one.log, session, 'notes')).rejects.toMatchObject({
      code: 'DOCUMENT_NOT_FOUND',
      details: { session, name: 'notes' },
    })
  })
})
