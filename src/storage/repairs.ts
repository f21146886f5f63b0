/**
 * The journal's repairs: index rows and counts are put as the log says, and damaged rows are set aside.
 */
import type { CommitId } from '../core/ids.ts'
import type { Repairs } from '../core/maintenance.ts'
import type { Chore, ChoreDeps } from './chore.ts'
import type { HeadCache } from './heads.ts'
import { lastMark } from './mark-reads.ts'
import { MEND_STORES, mendStream } from './mend.ts'
import { recountContents } from './recount.ts'
import { DAMAGEABLE, setAside } from './set-aside.ts'
import { settleSuspicion } from './suspicion.ts'

export function createRepairs({
  connection,
  clock,
  wall,
  assertOpen,
  perform,
  cache,
}: ChoreDeps & {
  /** What is known of heads, which a repair may change. */
  readonly cache: HeadCache
}): Repairs {
  return {
    async mend(stream, mending, { fence, checksEntries = false } = {}) {
      assertOpen()
      let mended: number | undefined
      const chore: Chore = {
        doing: `repairing the index rows of ${stream}`,
        stores: MEND_STORES,
        durability: 'strict',
        async work(transaction) {
          // A head that is put anew takes the place of one that a mark may have written.
          clock.observe(await lastMark(transaction, stream), 'database')
          mended = await mendStream(transaction, stream, mending, clock.nextId<CommitId>(), checksEntries)
        },
        hasChangedHeads: () => (mended ?? 0) > 0,
      }
      await perform(chore, fence)
      if (mended !== 0) cache.clear()
      return mended
    },
    async recount(counts, last, fence) {
      assertOpen()
      return recountContents(connection, counts, last, wall.now(), (chore) => perform(chore, fence))
    },
    async settleSuspicion(suspicion, fence) {
      assertOpen()
      let isSettled = false
      const chore: Chore = {
        doing: 'noting a repair',
        stores: ['meta'],
        durability: 'relaxed',
        async work(transaction) {
          isSettled = await settleSuspicion(transaction, suspicion)
        },
      }
      await perform(chore, fence)
      return isSettled
    },
    async setAside(damage) {
      assertOpen()
      await perform({
        doing: 'setting a damaged row aside',
        stores: ['quarantine', ...DAMAGEABLE],
        durability: 'strict',
        work: (transaction) => setAside(transaction, damage),
      })
    },
  }
}
