import type { SessionId } from '../core/ids.ts'
import type { Caller } from './caller.ts'
import type { CallOptions } from './request.ts'

/** The app's own Yjs documents in a session. */
export interface Documents {
  /** Their names. */
  list(options?: CallOptions): Promise<readonly string[]>
  /** One as a Yjs update (v1) that holds all of it. @throws DOCUMENT_NOT_FOUND */
  export(name: string, options?: CallOptions): Promise<Uint8Array>
}

export function createDocuments(caller: Caller, sessionId: SessionId): Documents {
  return {
    list: (options) => caller.call('documents.list', { sessionId }, options),
    export: (name, options) => caller.call('documents.export', { sessionId, name }, options),
  }
}
