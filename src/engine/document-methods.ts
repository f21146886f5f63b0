import { readYIndexedDB, removeYIndexedDB, verifyAdopted } from '../context/adopt.ts'
import { exportDocument, listDocuments, storeDocumentUpdate } from '../context/app-documents.ts'
import { readRecord } from '../core/session/lifecycle.ts'
import type { Methods } from './methods.ts'
import type { Parts } from './parts.ts'

/** An adopted document is as large as the app let it grow: the caps that guard against hostile updates do not apply. */
const ADOPTION_LIMITS = {
  bytes: Number.POSITIVE_INFINITY,
  clients: Number.POSITIVE_INFINITY,
  structs: Number.POSITIVE_INFINITY,
  structLength: Number.POSITIVE_INFINITY,
  deletions: Number.POSITIVE_INFINITY,
  waitingBytes: Number.POSITIVE_INFINITY,
} as const

/** App documents, and the door for those that y-indexeddb kept. */
export function createDocumentMethods(
  parts: Parts,
): Pick<Methods, Extract<keyof Methods, `documents.${string}`> | 'adopt.yIndexedDB'> {
  const { log, tables } = parts
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
      const adopted = await readYIndexedDB(name, request.signal)
      await storeDocumentUpdate(parts, request, {
        sessionId,
        name: document,
        update: adopted.update,
        limits: ADOPTION_LIMITS,
      })
      verifyAdopted(adopted, await exportDocument(log, sessionId, document))
      if (remove) await removeYIndexedDB(adopted)
      return { document, sizeBytes: adopted.update.byteLength, removed: remove }
    },
  }
}
