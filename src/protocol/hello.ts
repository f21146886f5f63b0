/** The handshake: what a page and a worker say of themselves before anything else crosses. */
import type { HookWhen } from '../core/hook/definition.ts'
import type { Actor } from '../core/session/record.ts'

/**
 * Raised with every change of what crosses. Page and worker speak the newest protocol that both know: a field that is new
 * is optional and may be left unread; what has to be understood is a message, a method or a code of its own, listed in
 * since.ts.
 */
export const PROTOCOL_VERSION = 2

/** The oldest protocol that is still spoken. */
export const OLDEST_PROTOCOL = 1

export interface Hello {
  /** As the page sends it, the oldest it speaks; as the engine gets it, the one that was agreed on. */
  readonly protocol: number
  /** The newest that the page speaks, where that is another. */
  readonly newest?: number
  /** Name of the database. */
  readonly name: string
  readonly actor?: Actor
  /** Random name of this page. */
  readonly client: string
  /** From the page's localStorage; tells an emptied database from a new one. */
  readonly generation?: string
  /** Templates of the page's app, as data. */
  readonly templates?: Readonly<Record<string, unknown>>
  /** How long an upgrade of the database waits for older tabs to close, in milliseconds. */
  readonly blockedMs?: number
  /** The browser closed the database under a page, or failed to open it, and nobody has had it open since. */
  readonly inDoubt?: true
  /** Reopen a database that was lost under this page. */
  readonly reopen?: boolean
  /** It tells other pages what it is about to write, so it has to hear first which keys that is not told of. */
  readonly tells?: true
}

export interface Welcome {
  /** The one that was agreed on. */
  readonly protocol: number
  readonly generation: string
  readonly writer: string
  readonly persisted: boolean
  /**
   * Where the worker's own `state:write` before-hooks apply: the page does not show such keys before they are stored,
   * since nobody knows the outcome beforehand. A hook without `when` is an empty one.
   */
  readonly gates?: readonly HookWhen[]
  /** Of the workers of this database; absent where pages have none of their own beside it. */
  readonly channel?: string
  /** Keys of sessions that the app of the worker declares sensitive. */
  readonly sensitive?: readonly string[]
}
