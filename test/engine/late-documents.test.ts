import { expect, test, vi } from 'vitest'
import type { SessionId } from '../../src/core/ids.ts'
import { createLateDocuments } from '../../src/engine/late-documents.ts'
import type { OpenDocumentsDeps } from '../../src/engine/open-documents.ts'

// A file that the network never answers for.
vi.mock('../../src/engine/open-documents.ts', () => new Promise(() => {}))

test('PK10 a page that leaves a document whose code does not come keeps no flush waiting', async () => {
  const documents = createLateDocuments({} as OpenDocumentsDeps)
  const peer = { clientId: 1, by: {}, send: vi.fn(), tell: vi.fn() }
  const opened = documents.enter('s1' as SessionId, 'notes', peer)
  opened.receive(new Uint8Array([1]))

  opened.leave()

  await expect(documents.flush()).resolves.toBeUndefined()
  expect(peer.tell).not.toHaveBeenCalled()
})
