import type { App } from '../core/app/app.ts'
import type { SessionStart } from '../core/session/input.ts'
import type { Connection } from './connection.ts'
import type { Session } from './session-handle.ts'
import type { StartWatch } from './watch.ts'
import type { StartListWatch } from './watch-list.ts'

/** What the handles of one page share. */
export interface House<A extends App = App> {
  readonly connection: Connection
  readonly app: A | undefined
  readonly startWatch: StartWatch
  readonly startListWatch: StartListWatch
  /** A handle of a session that a call has just answered. */
  adopt(start: SessionStart): Session<A>
}
