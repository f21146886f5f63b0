import type { Awareness } from 'y-protocols/awareness'
import { Doc } from 'yjs'
import type { CallOptions, Session } from '../../index.ts'
import { BoundDocument } from './bound-document.ts'
import type { LiveDocument } from './live-document.ts'

export interface DocumentOptions extends CallOptions {
  /** A doc of the app's own; what it holds is merged with what is stored, and stored. @defaultValue a new one */
  readonly doc?: Doc
  /** Of the app's own, made over `doc`. @defaultValue a new one */
  readonly awareness?: Awareness
}

/**
 * Opens an app document of a session for editing. One that is not there begins empty, and nothing is stored before the
 * first edit. Edits of this page are stored as they are made, those of other tabs come in once they are stored there.
 *
 * Resolves when the worker has opened it; wait for `synced` before you look at its content.
 *
 * @throws INVALID_NAME for a name that is not 1 to 255 characters without control characters
 * @throws SESSION_NOT_FOUND; CONTENT_DAMAGED when its snapshot cannot be read
 * @throws DEADLINE, ABORTED, WORKER_START when the worker does not answer
 * @example
 * const notes = await openDocument(session, 'notes')
 * await notes.synced
 * notes.doc.getText('body').insert(0, 'Hello. ')
 * await notes.flush()
 */
export async function openDocument(
  session: Pick<Session, 'documents'>,
  name: string,
  { doc, awareness, ...options }: DocumentOptions = {},
): Promise<LiveDocument> {
  const document = new BoundDocument(doc ?? new Doc(), awareness, doc === undefined)
  try {
    const channel = await session.documents.channel(name, () => document.doc.clientID, document)
    // The call wakes a worker where there is none, and ends where it keeps silent.
    await Promise.all([channel.opened(options), session.documents.list(options)])
    return document
  } catch (error) {
    document.leave()
    throw error
  }
}
