/**
 * App documents: Yjs documents by name inside a session, whose content is the app's own. They are stored as the
 * updates that the app's editors made, and have no genesis: only the app knows what they begin with.
 */
import * as Y from 'yjs'
import type { Durability } from '../core/commit.ts'
import { createError } from '../core/errors.ts'
import { clockOfId, documentStream, type EventId, type SessionId, sessionStream } from '../core/ids.ts'
import type { Journal, Log, Tables } from '../core/ports.ts'
import { doing, type Request } from '../core/request.ts'
import { requireHead, sessionHeadKey } from '../core/session/head.ts'
import { readRecord, scopeOf } from '../core/session/lifecycle.ts'
import { assertPermitted } from '../core/session/status.ts'
import { UNNAMEABLE } from '../core/state/text.ts'
import type { HybridClock } from '../core/timeline/hybrid-clock.ts'
import { frameOf, makeEvent } from '../core/timeline/make-event.ts'
import { foldUpdates } from './fold-updates.ts'
import { checkUpdate, STORED_LIMITS, type UpdateLimits } from './update-gate.ts'

export interface AppDocumentDeps {
  readonly journal: Pick<Journal, 'commit'>
  readonly log: Log
  readonly tables: Pick<Tables, 'session'>
  readonly clock: HybridClock
}

export interface DocumentEdit {
  readonly sessionId: SessionId
  /** 1 to 255 characters, no control characters. */
  readonly name: string
  /** v1 bytes. */
  readonly update: Uint8Array
}

export interface DocumentUpdate extends DocumentEdit {
  /** Where the update is known to be honest, though large: an adopted document. */
  readonly limits?: Partial<UpdateLimits>
}

const NAME_LIMIT = 255

/**
 * Stores an update of an app document, and with it the event that says so.
 * @throws INVALID_NAME for the document's name
 * @throws INVALID_VALUE, VALUE_TOO_LARGE for the update
 * @throws SESSION_NOT_FOUND; SESSION_NOT_ACTIVE when the session takes no writes
 */
export async function storeDocumentUpdate(
  deps: AppDocumentDeps,
  request: Request,
  { limits = {}, ...edit }: DocumentUpdate,
): Promise<void> {
  assertDocumentName(edit.name)
  checkUpdate(edit.update, { limits })
  await storeDocumentEdit(deps, request, edit, 'strict')
}

/**
 * As {@link storeDocumentUpdate}, of an update that has passed the gate.
 * @throws SESSION_NOT_FOUND; SESSION_NOT_ACTIVE when the session takes no writes
 */
export async function storeDocumentEdit(
  deps: AppDocumentDeps,
  request: Request,
  { sessionId, name, update }: DocumentEdit,
  durability: Durability,
): Promise<void> {
  const session = await readRecord(deps.tables, sessionId)
  const { correlationId } = await scopeOf(deps, request, session)
  const frame = frameOf(request, correlationId)
  await deps.journal.commit({
    requestId: request.id,
    mayRepeat: request.mayRepeat,
    ...doing(request),
    durability,
    heads: [sessionHeadKey(sessionId)],
    decide(heads) {
      const head = requireHead(heads, sessionId)
      assertPermitted(head, 'state.write')
      deps.clock.observe(clockOfId(head.revision), 'database')
      const data = { document: name, sizeBytes: update.length }
      const event = makeEvent(deps.clock.nextId<EventId>(), 'document.changed', data, frame)
      return {
        result: undefined,
        resultId: sessionId,
        writes: [
          { stream: documentStream(sessionId, name), events: [], update },
          { stream: sessionStream(sessionId), events: [event] },
        ],
      }
    },
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  })
}

/** The names of a session's app documents. */
export function listDocuments(log: Pick<Log, 'documents'>, session: SessionId): Promise<readonly string[]> {
  return log.documents(session)
}

/**
 * A whole app document as one update, v1 bytes. What cannot be read any more is left out of it.
 * @throws DOCUMENT_NOT_FOUND when the session has none of this name
 */
export async function exportDocument(
  log: Pick<Log, 'document'>,
  session: SessionId,
  name: string,
): Promise<Uint8Array> {
  const { snapshot, tail } = await log.document(documentStream(session, name))
  const updates = tail.flatMap(({ update }) => (update === undefined ? [] : [update]))
  if (snapshot === undefined && updates.length === 0) {
    throw createError(
      'DOCUMENT_NOT_FOUND',
      `Session ${session} has no document ${JSON.stringify(name)}; documents.list names those it has.`,
      { session, name },
    )
  }
  return Y.encodeStateAsUpdate(foldDocument(snapshot, updates))
}

/** An app document as its rows give it, without those that the gate refuses. */
export function foldDocument(snapshot: Uint8Array | undefined, updates: readonly Uint8Array[]): Y.Doc {
  const check = (update: Uint8Array, doc: Y.Doc) => checkUpdate(update, { doc, limits: STORED_LIMITS })
  return foldUpdates(snapshot, updates, check).doc
}

/** @throws INVALID_NAME */
export function assertDocumentName(name: unknown): asserts name is string {
  if (typeof name === 'string' && name !== '' && name.length <= NAME_LIMIT && !UNNAMEABLE.test(name)) return
  throw createError(
    'INVALID_NAME',
    `A document needs a name of 1 to ${NAME_LIMIT} characters without control characters.`,
    { name },
  )
}
