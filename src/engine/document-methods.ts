import { isThere, readYIndexedDB, removeYIndexedDB, verifyAdopted } from '../context/adopt.ts'
import { exportDocument, listDocuments, storeDocumentUpdate } from '../context/app-documents.ts'
import { STORED_LIMITS } from '../context/update-gate.ts'
import { createError } from '../core/errors.ts'
import type { SessionId } from '../core/ids.ts'
import { outcomeOfRepeat, readRecord } from '../core/session/lifecycle.ts'
import type { Methods } from './methods.ts'
import type { Parts } from './parts.ts'

/** App documents, and the door for those that y-indexeddb kept. */
export function createDocumentMethods(
  parts: Parts,
): Pick<Methods, Extract<keyof Methods, `documents.${string}`> | 'adopt.yIndexedDB'> {
  const { log, tables } = parts

  /** Two documents that never knew each other would be merged into one that is neither. */
  async function assertNew(sessionId: SessionId, document: string): Promise<void> {
    if (!(await listDocuments(log, sessionId)).includes(document)) return
    throw createError(
      'INVALID_ARGUMENT',
      `Session ${sessionId} has a document "${document}" already; give another name.`,
      { path: 'document', document },
    )
  }

  return {
    'documents.list': async (_request, { sessionId }) => {
      const names = await listDocuments(log, sessionId)
      if (names.length === 0) await readRecord(tables, sessionId)
      return names
    },
    'documents.export': async (_request, { sessionId, name }) => {
      await readRecord(tables, sessionId)
      return exportDocument(log, sessionId, name)
    },
    'adopt.yIndexedDB': async (request, { name, sessionId, document = name, remove = false }) => {
      const isRepeat = (await outcomeOfRepeat(parts, request)) !== undefined
      // What was copied, and removed then, is not there to be read again.
      if (isRepeat && remove && !(await isThere(name))) {
        const { byteLength } = await exportDocument(log, sessionId, document)
        return { document, sizeBytes: byteLength, removed: true }
      }
      const adopted = await readYIndexedDB(name, request.signal)
      if (!isRepeat) await assertNew(sessionId, document)
      await storeDocumentUpdate(parts, request, {
        sessionId,
        name: document,
        update: adopted.update,
        limits: STORED_LIMITS,
      })
      verifyAdopted(adopted, await exportDocument(log, sessionId, document))
      if (remove) await removeYIndexedDB(adopted)
      return { document, sizeBytes: adopted.update.byteLength, removed: remove }
    },
  }
}
