/**
 * The ballast: bytes that are kept for nothing but to be given up. When the origin's quota is used up the browser
 * refuses every transaction that puts anything, also one that removes far more; without the ballast it has room again.
 */
import { isHoldfastError } from '../core/errors.ts'
import type { WallClock } from '../core/ports.ts'
import type { Chore, Perform, QueuedChore } from './chore.ts'
import { resultOf } from './result-of.ts'
import { isUnnamed } from './unnamed-quota.ts'

export interface Ballast {
  /** Stores it where it is missing. Never fails: where there is no room for it there is none to give up. */
  keep(make: () => Uint8Array): Promise<void>
  /**
   * Stores what removes more than it adds, though the quota be used up. Where the browser takes no small put any more, the
   * ballast is given up first, once for all that is queued meanwhile; where that is not enough everything waits for a
   * while. To try with what removes much would be worse than to ask: Chromium keeps a copy of what a transaction removes
   * until it is over, so that one that fails uses up more than there was.
   */
  withRoom<Result>(submit: () => Promise<Result>): Promise<Result>
  /**
   * Call where a commit was refused for want of room: true where room was made a moment ago, so that it is to be put back.
   * Nothing is taken from the queue for a while then.
   */
  waits(): boolean
}

export interface BallastDeps {
  readonly perform: Perform
  readonly queue: (chore: QueuedChore) => void
  /** Before everything that waits. */
  readonly queueFirst: (chore: QueuedChore) => void
  /** Takes nothing from the queue for so long. */
  readonly hold: (ms: number, then: () => void) => void
  readonly after: WallClock['after']
}

/** About what a deletion puts: its event, heads, and the contents that others name as well. */
const PROBE_BYTES = 8_192

/**
 * LevelDB, in which Chromium keeps its small values, writes files anew now and then and removes the old ones later:
 * meanwhile, seconds on a busy machine, an origin uses up to twice what it has. So it does after a deletion.
 */
const LOOK_EVERY_MS = 250
const LOOKS = 32

const KEY = 'ballast'
const PROBE_KEY = 'probe'

export function createBallast({ perform, queue, queueFirst, hold, after }: BallastDeps): Ballast {
  let isProbing = false
  let wasFull = false
  let isSettling = false
  let stopSettling = () => {}

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
    async withRoom(submit) {
      makeRoom()
      let outcome: Awaited<ReturnType<typeof submit>>
      try {
        outcome = await submit()
      } catch (error) {
        const isFull = isHoldfastError(error) && error.code === 'QUOTA_EXCEEDED'
        if (!isFull || !(await giveUp().catch(() => false))) throw error
        outcome = await submit()
      }
      beginSettling()
      return outcome
    },
    waits() {
      if (isSettling) hold(LOOK_EVERY_MS, () => {})
      return isSettling
    },
  }

  async function giveUp(): Promise<boolean> {
    const giving = givingUp()
    await perform(giving.chore)
    return giving.had()
  }

  function makeRoom(): void {
    if (isProbing) return
    isProbing = true
    queue(
      look((isFull) => {
        wasFull ||= isFull
        if (isFull) queueFirst({ ...givingUp().chore, end: () => queueFirst(lookAgain(1)) })
        else isProbing = false
      }),
    )
  }

  function beginSettling(): void {
    if (!wasFull) return
    wasFull = false
    stopSettling()
    isSettling = true
    stopSettling = after(LOOK_EVERY_MS * LOOKS, () => {
      isSettling = false
    })
  }

  function lookAgain(count: number): QueuedChore {
    return look((isFull) => {
      if (isFull && count <= LOOKS) hold(LOOK_EVERY_MS, () => queueFirst(lookAgain(count + 1)))
      else isProbing = false
    })
  }
}

function look(then: (isFull: boolean) => void): QueuedChore {
  return { ...PROBE, end: (error) => then(saysFull(error)) }
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

/** No room, or no word of why not. */
export function saysFull(error: unknown): boolean {
  return isHoldfastError(error) && (error.code === 'QUOTA_EXCEEDED' || isUnnamed(error))
}
