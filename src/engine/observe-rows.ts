import type { CommitRow } from '../core/commit.ts'
import { clockOfId } from '../core/ids.ts'
import type { HybridClock } from '../core/timeline/hybrid-clock.ts'

/**
 * Makes what is written from now on newer than these stored rows. A commit takes its id after its events took theirs,
 * so the commit's is the newest of a row.
 */
export function observeRows(clock: Pick<HybridClock, 'observe'>, rows: readonly CommitRow[]): void {
  for (const { commitId } of rows) clock.observe(clockOfId(commitId), 'database')
}
