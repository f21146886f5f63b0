import { createError } from '../core/errors.ts'
import type { SessionId } from '../core/ids.ts'
import { assertAnswered } from '../protocol/agree.ts'
import type { Caller } from './caller.ts'
import type { Connection } from './connection.ts'
import type { ChannelListener, DocumentChannel } from './document-channel.ts'
import type { CallOptions } from './request.ts'

/** The app's own Yjs documents in a session. */
export interface Documents {
  /** Their names. */
  list(options?: CallOptions): Promise<readonly string[]>
  /** One as a Yjs update (v1) that holds all of it. @throws DOCUMENT_NOT_FOUND */
  export(name: string, options?: CallOptions): Promise<Uint8Array>
  /**
   * Opens one for editing, as frames of y-protocols: for adapters. Editors take `openDocument` of `holdfast/yjs`.
   * @param clientId gives the Yjs client id that the page writes under
   * @throws ABORTED inside a replay, which stores nothing
   * @throws VERSION_MISMATCH when the worker is of a build that has no such documents
   */
  channel(name: string, clientId: () => number, listener: ChannelListener): Promise<DocumentChannel>
}

/** The protocol that documents for editors came with. */
const CHANNEL_SINCE = { 'documents.channel': 2 }

export function createDocuments(caller: Caller, connection: Connection, sessionId: SessionId): Documents {
  return {
    list: (options) => caller.call('documents.list', { sessionId }, options),
    export: (name, options) => caller.call('documents.export', { sessionId, name }, options),
    channel: async (name, clientId, listener) => {
      const { replayOf } = caller.frame
      if (replayOf !== undefined) {
        throw createError(
          'ABORTED',
          `Document ${JSON.stringify(name)} was not opened for editing: the step ${replayOf} is being replayed, and a replay stores nothing.`,
          { step: replayOf },
        )
      }
      assertAnswered('documents.channel', connection.welcome.protocol, CHANNEL_SINCE)
      // Most pages edit no document.
      const { openChannel } = await import('./document-channel.ts')
      return openChannel(connection, sessionId, name, clientId, listener)
    },
  }
}
