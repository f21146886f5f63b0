/**
 * The ballast: bytes that are kept for nothing but to be given up. When the origin's quota is used up the browser
 * refuses every transaction that puts anything, also one that removes far more; without the ballast it has room again.
 */
import { isHoldfastError } from '../core/errors.ts'
import type { Chore, Perform, QueuedChore } from './chore.ts'
import { resultOf } from './result-of.ts'
import { isUnnamed } from './unnamed-quota.ts'

export interface Ballast {
  /** Stores it where it is missing. Never fails: where there is no room for it there is none to give up. */
  keep(make: () => Uint8Array): Promise<void>
  /** Gives it up; false where there was none. */
  giveUp(): Promise<boolean>
  /**
   * Sees to it that what is queued next has room, once for all that is queued meanwhile: where the browser takes no small
   * put any more, the ballast is given up before it. To try with what removes much would be worse than to ask: Chromium
   * keeps a copy of what a transaction removes until it is over, so that one that fails uses up more than there was.
   */
  makeRoom(): void
}

export interface BallastDeps {
  readonly perform: Perform
  readonly queue: (chore: QueuedChore) => void
  /** Before everything that waits. */
  readonly queueFirst: (chore: QueuedChore) => void
}

/** About what a deletion puts: its event, heads, and the contents that others name as well. */
const PROBE_BYTES = 8_192

const KEY = 'ballast'
const PROBE_KEY = 'probe'

export function createBallast({ perform, queue, queueFirst }: BallastDeps): Ballast {
  let isProbing = false

  return {
    async keep(make) {
      await perform({
        doing: 'keeping the ballast',
        stores: ['meta'],
        // A large row: relaxed, it could not be read after a power cut, nor with it what reads all of the table.
        durability: 'strict',
        async work(transaction) {
          const meta = transaction.objectStore('meta')
          const known = await resultOf(meta.getKey(KEY))
          if (known === undefined) meta.put({ key: KEY, bytes: make() })
        },
      }).catch(() => {})
    },
    async giveUp() {
      const giving = givingUp()
      await perform(giving.chore)
      return giving.had()
    },
    makeRoom() {
      if (isProbing) return
      isProbing = true
      queue({
        ...PROBE,
        end(error) {
          isProbing = false
          if (saysFull(error)) queueFirst({ ...givingUp().chore, end: () => {} })
        },
      })
    },
  }
}

const PROBE: Chore = {
  doing: 'looking for room',
  stores: ['meta'],
  durability: 'relaxed',
  work(transaction) {
    const meta = transaction.objectStore('meta')
    meta.put({ key: PROBE_KEY, bytes: new Uint8Array(PROBE_BYTES) })
    meta.delete(PROBE_KEY)
  },
}

function givingUp() {
  let had = false
  const chore: Chore = {
    doing: 'giving up the ballast',
    stores: ['meta'],
    durability: 'strict',
    async work(transaction) {
      const meta = transaction.objectStore('meta')
      had = (await resultOf(meta.getKey(KEY))) !== undefined
      if (had) meta.delete(KEY)
    },
  }
  return { chore, had: () => had }
}

function saysFull(error: unknown): boolean {
  return isHoldfastError(error) && (error.code === 'QUOTA_EXCEEDED' || isUnnamed(error))
}
