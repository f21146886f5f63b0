/** What the lives of its pages mean for a worker: one whose pages are frozen is frozen too, and serves nobody. */
import type { WallClock } from '../core/ports.ts'
import type { PageLife } from '../protocol/messages.ts'
import type { Peers } from '../sync/peers.ts'
import type { Steward } from '../sync/steward.ts'

export interface PageLives {
  /** A page begins shown, until it says something else. */
  joined(client: string): void
  set(client: string, life: PageLife): void
  left(client: string): void
  stop(): void
}

/** Browsers freeze pages that were hidden for about as long. */
export const LONG_HIDDEN_MS = 300_000

export function createPageLives(deps: {
  readonly wall: Pick<WallClock, 'after'>
  readonly steward: Pick<Steward, 'leave' | 'queue' | 'yieldTurn' | 'check'>
  readonly peers: Pick<Peers, 'leave' | 'join'>
  /** Reads what was stored meanwhile. */
  readonly catchUp: () => Promise<void>
  readonly onError: (error: unknown) => void
}): PageLives {
  const { peers, steward, wall } = deps
  const lives = new Map<string, PageLife>()
  let stopHidden: (() => void) | undefined

  function all(...wanted: readonly PageLife[]): boolean {
    return [...lives.values()].every((life) => wanted.includes(life))
  }

  function wake(): void {
    peers.join()
    steward.queue()
    // Its timers did not ring, and messages may have been dropped; and another worker may have become the steward.
    for (const work of [deps.catchUp, steward.check]) work().catch(deps.onError)
  }

  function set(client: string, life: PageLife): void {
    lives.set(client, life)
    if (all('frozen')) {
      steward.leave()
      peers.leave()
    }
    if (life === 'shown') wake()
    if (!all('hidden', 'frozen')) {
      stopHidden?.()
      stopHidden = undefined
    } else {
      // Once: where all tabs are hidden one of them goes on with the chores.
      stopHidden ??= wall.after(LONG_HIDDEN_MS, () => steward.yieldTurn())
    }
  }

  return {
    joined(client) {
      lives.set(client, 'shown')
    },
    set,
    left(client) {
      lives.delete(client)
    },
    stop: () => stopHidden?.(),
  }
}
