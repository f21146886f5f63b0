import type { WallClock } from '../ports.ts'
import type { OperationHooks } from './operation-hooks.ts'

/** A page waits 5 s for its worker to close, and storing what is left has to fit into that. */
const SETTLE_MS = 2_000

/** Resolves when the after-hooks of all that was done have run, or their time is up: a page that leaves answers as long as that. */
export async function settleHooks(hooks: Pick<OperationHooks, 'drain'>, wall: WallClock): Promise<void> {
  const rest = hooks.drain()
  if (rest === undefined) return
  let stopTimer = () => {}
  const timeUp = new Promise<void>((resolve) => {
    stopTimer = wall.after(SETTLE_MS, resolve)
  })
  await Promise.race([rest, timeUp])
  stopTimer()
}
