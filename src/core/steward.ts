/**
 * The stewardship of a database: which worker does the chores that are done once for all tabs. A lock says who; the
 * epoch in the database says until when, since a lock that is taken from a worker does not stop what it is doing.
 */
import type { RowChange, RowKey, StewardRow } from './commit.ts'
import { createError, type HoldfastError } from './errors.ts'
import type { WriterId } from './ids.ts'

/** Of the row of `meta` that every chore looks at in its own transaction. */
export const STEWARD_KEY = 'steward'

/** The row after a worker has taken the stewardship. */
export function nextStewardRow(row: unknown, writer: WriterId): StewardRow {
  return { key: STEWARD_KEY, epoch: (isStewardRow(row) ? row.epoch : 0) + 1, writer }
}

/** @throws STEWARD_FENCED unless the stored row is of this epoch */
export function assertEpoch(row: unknown, fence: number): void {
  const epoch = isStewardRow(row) ? row.epoch : 0
  if (epoch !== fence) throw stewardFenced(fence, epoch)
}

/** For the rows of a commit that is a steward's chore: it is refused as a whole unless the epoch still is this one. */
export function fenceRow(fence: number): RowChange {
  return {
    table: 'meta',
    key: STEWARD_KEY,
    change(row) {
      assertEpoch(row, fence)
      return row
    },
  }
}

export function isStewardRow(row: unknown): row is StewardRow {
  if (typeof row !== 'object' || row === null) return false
  const { key, epoch } = row as { readonly key?: RowKey; readonly epoch?: unknown }
  return key === STEWARD_KEY && Number.isSafeInteger(epoch)
}

function stewardFenced(fence: number, epoch: number): HoldfastError {
  return createError(
    'STEWARD_FENCED',
    `Another tab took the shared chores over (epoch ${epoch}, this worker's was ${fence}); nothing was stored, and that tab does them.`,
    { epoch, fence },
  )
}
