import { isHoldfastError } from '../core/errors.ts'
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
  const create = (name: string, { requestId, ...rest }: ChangeOptions) =>
    caller.call(
      'sessions.create',
      { name },
      requestId === undefined ? rest : { ...rest, requestId: `${requestId}:session` },
    )
  /** A session that nothing was adopted into is of no use; that adopting failed says more than that this did. */
  const discard = (id: SessionId) => caller.call('sessions.delete', { id }).catch(() => {})

  return {
    yIndexedDB: async (name, { session, document, remove, ...options } = {}) => {
      const bound = caller.now()
      const given = idOf(session)
      const sessionId = given ?? (await create(name, options)).record.id
      const input = {
        name,
        sessionId,
        ...(document !== undefined && { document }),
        ...(remove !== undefined && { remove }),
      }
      try {
        return { ...(await bound.call('adopt.yIndexedDB', input, options)), sessionId }
      } catch (error) {
        // Whoever sends the call again by its request id has to find its session.
        if (given === undefined && options.requestId === undefined && !isUnknown(error))
          await discard(sessionId)
        throw error
      }
    },
  }
}

function isUnknown(error: unknown): boolean {
  return isHoldfastError(error) && error.code === 'OUTCOME_UNKNOWN'
}

function idOf(session: AdoptOptions['session']): SessionId | undefined {
  return typeof session === 'object' ? session.id : (session as SessionId | undefined)
}
