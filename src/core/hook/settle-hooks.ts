import type { WallClock } from '../ports.ts'
import type { OperationHooks } from './operation-hooks.ts'

/** A page waits 5 s for its worker to close, and storing what is left has to fit into that. */
const SETTLE_MS = 2_000

/** Resolves when the after-hooks of all that was done have run, or their time is up: a page that leaves answers as long as that. */
export async function settleHooks(hooks: Pick<OperationHooks, 'drain'>, wall: WallClock): Promise<void> {
  const rest = hooks.drain()
  if (rest !== undefined) await atMost(rest, SETTLE_MS, wall)
}

/** Waits for this, or until the time is up. */
export async function atMost(rest: Promise<void>, ms: number, wall: WallClock): Promise<void> {
  let stopTimer = () => {}
  const timeUp = new Promise<void>((resolve) => {
    stopTimer = wall.after(ms, resolve)
  })
  await Promise.race([rest, timeUp])
  stopTimer()
}
