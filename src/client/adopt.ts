import type { SessionId } from '../core/ids.ts'
import type { Caller } from './caller.ts'
import type { Answer } from './connection.ts'
import type { ChangeOptions } from './request.ts'

export interface AdoptOptions extends ChangeOptions {
  /** The session that takes the document. @defaultValue a new one of the old database's name */
  readonly session?: string | { readonly id: SessionId }
  /** Name of the app document. @defaultValue the old database's name */
  readonly document?: string
  /** Removes the old database, once the copy has been compared with it. @defaultValue false */
  readonly remove?: boolean
}

export interface Adopted extends Answer<'adopt.yIndexedDB'> {
  readonly sessionId: SessionId
}

/** Doors for what an app kept before. */
export interface Adopt {
  /**
   * Copies a database of y-indexeddb into an app document of a session, and compares the two.
   * @throws ADOPT_FAILED when it cannot be read, or the copy differs; the old one is untouched then
   */
  yIndexedDB(name: string, options?: AdoptOptions): Promise<Adopted>
}

export function createAdopt(caller: Caller): Adopt {
  return {
    yIndexedDB: async (name, { session, document, remove, ...options } = {}) => {
      const { requestId, ...rest } = options
      const sessionId = idOf(session) ?? (await caller.call('sessions.create', { name }, rest)).record.id
      const input = {
        name,
        sessionId,
        ...(document !== undefined && { document }),
        ...(remove !== undefined && { remove }),
      }
      return { ...(await caller.call('adopt.yIndexedDB', input, options)), sessionId }
    },
  }
}

function idOf(session: AdoptOptions['session']): SessionId | undefined {
  return typeof session === 'object' ? session.id : (session as SessionId | undefined)
}
