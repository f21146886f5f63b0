import type { SessionId } from '../ids.ts'
import type { SessionRecord } from './record.ts'
import type { Status } from './status.ts'

/**
 * What `sessions.list` takes. All filters must hold. Times are milliseconds since 1970 or Dates, and what is after or
 * before a time is not at it.
 */
export interface SessionQuery {
  readonly status?: Status
  /** All of these tags. */
  readonly tags?: readonly string[]
  readonly parentId?: SessionId
  /** Id of the actor who created it. */
  readonly createdBy?: string
  readonly createdAfter?: number
  readonly createdBefore?: number
  readonly updatedAfter?: number
  readonly updatedBefore?: number
  /** Case-insensitive part of name or description. */
  readonly search?: string
  /** @defaultValue 'updatedAt' */
  readonly sortBy?: 'updatedAt' | 'createdAt' | 'name'
  /** @defaultValue 'desc' for times, 'asc' for name */
  readonly order?: 'asc' | 'desc'
  /** @defaultValue 50, at most 1,000 */
  readonly limit?: number
  /** As the page before returned it. */
  readonly cursor?: string
  /** Count all that fit; costs a scan. @defaultValue false */
  readonly count?: boolean
}

export interface SessionPage {
  readonly items: readonly SessionRecord[]
  /** Present when there is more. */
  readonly cursor?: string
  /** Present when `count` was asked. */
  readonly total?: number
}
