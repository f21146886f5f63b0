import { createError, isHoldfastError } from '../core/errors.ts'
import type { Locks, WallClock } from '../core/ports.ts'

/** Whether this worker does the chores that are done once for all tabs. */
export interface Steward {
  readonly held: boolean
  /** The fence of its chores; undefined where another worker is the steward. */
  readonly epoch: number | undefined
  /**
   * Takes the stewardship from a holder that does not answer. Its code may still run: what it writes from now on meets
   * the fence.
   */
  steal(): void
  /** Gives it up, or the place in the queue, until `queue` is called: a page that is about to be frozen does not keep it. */
  leave(): void
  /** Waits for it, behind those that wait already, unless this worker has it or waits. */
  queue(): void
  /** Gives it to the next one that waits, and waits behind the last. */
  yieldTurn(): void
  /** After a time in which this worker did not run: whether it still is what it was. */
  check(): Promise<void>
  /** A chore met the fence: the epoch that this worker took for it is not the stored one any more. */
  fenced(epoch: number): void
  close(): void
}

export interface StewardDeps {
  readonly locks: Locks
  readonly wall: Pick<WallClock, 'after'>
  /** Raises the stored epoch, in a transaction. */
  readonly takeEpoch: () => Promise<number>
  /** The stored one. */
  readonly readEpoch: () => Promise<number>
  /** Called each time that this worker has become the steward. */
  readonly onTaken: (epoch: number) => void
  readonly onError: (error: unknown) => void
}

/** How long after a failure to take it this worker asks again. */
const RETRY_MS = 1_000

/** One steward per database, by a lock that ends with its holder and an epoch that fences what a former holder writes. */
export function createSteward({ locks, wall, takeEpoch, readEpoch, onTaken, onError }: StewardDeps): Steward {
  let term: Term | undefined
  let stopRetry: (() => void) | undefined
  let closed = false

  function ask(options: { readonly steal?: boolean } = {}): void {
    end()
    if (closed) return
    const own: Term = { epoch: undefined, leaving: new AbortController(), free: () => {} }
    term = own
    const request = options.steal === true ? { steal: true } : { signal: own.leaving.signal }
    locks
      .request(STEWARD_LOCK, request, () => serve(own))
      .catch((error: unknown) => {
        // Another worker stole it, or this one left the queue: neither is a failure.
        if (own.epoch === undefined && !own.leaving.signal.aborted && !isStolen(error)) onError(error)
      })
      .finally(() => {
        if (term !== own) return
        term = undefined
        stopRetry = wall.after(RETRY_MS, () => ask())
      })
  }

  async function serve(own: Term): Promise<void> {
    if (term !== own) return
    const over = new Promise<void>((resolve) => {
      own.free = resolve
    })
    const epoch = await takeEpoch()
    if (term !== own) return
    own.epoch = epoch
    onTaken(epoch)
    await over
  }

  function end(): void {
    stopRetry?.()
    stopRetry = undefined
    const ending = term
    term = undefined
    ending?.leaving.abort(createError('CLOSED', 'This worker waits for the stewardship no more.'))
    ending?.free()
  }

  ask()
  return {
    get held() {
      return term?.epoch !== undefined
    },
    get epoch() {
      return term?.epoch
    },
    steal: () => ask({ steal: true }),
    leave: end,
    queue() {
      if (term === undefined) ask()
    },
    yieldTurn() {
      if (term?.epoch !== undefined) ask()
    },
    async check() {
      const own = term
      if (own?.epoch === undefined) return
      const epoch = await readEpoch()
      if (term === own && epoch !== own.epoch) ask()
    },
    fenced(epoch) {
      // A chore of a former term says nothing of this one.
      if (term?.epoch === epoch) ask()
    },
    close() {
      closed = true
      end()
    },
  }
}

/** A time as the steward, or of waiting to be. */
interface Term {
  epoch: number | undefined
  readonly leaving: AbortController
  free: () => void
}

const STEWARD_LOCK = 'steward'

/** What Web Locks reject the former holder's request with; it may have been taking the epoch then. */
function isStolen(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError'
}

export function isFenced(error: unknown): boolean {
  return isHoldfastError(error) && error.code === 'STEWARD_FENCED'
}
