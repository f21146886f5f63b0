/** What the steward does for all tabs: once nothing was stored for a while, and whenever it is asked to. */
import type { WallClock } from '../core/ports.ts'
import { isFenced } from '../sync/steward.ts'

export interface StewardChore {
  /** For errors: `sweeping contents`. */
  readonly name: string
  /**
   * Does what there is to do, and nothing where there is nothing. Called again and again.
   * @param fence the steward's epoch: all that it writes goes behind this fence
   * @throws STEWARD_FENCED when another worker has become the steward: the chore is that one's now
   */
  run(fence: number): Promise<unknown>
}

export interface StewardChores {
  /** Adds a chore; it is done with the others. */
  register(chore: StewardChore): void
  /** Something was stored, here or in another tab: the chores are due when nothing more comes for a while, or after a longer while. */
  noteWork(): void
  /** Does all chores one after the other; at once nothing where another worker is the steward. */
  run(): Promise<void>
  /** Something was stored since the chores were done last. */
  readonly due: boolean
  stop(): void
}

/** How long nothing is stored before the chores are done. */
export const IDLE_MS = 2_000

/** How long they wait at most where something is stored again and again. */
export const MAX_WAIT_MS = 30_000

export function createStewardChores(deps: {
  readonly wall: Pick<WallClock, 'after' | 'now'>
  /** The epoch while this worker is the steward. */
  readonly epoch: () => number | undefined
  readonly onFenced: (fence: number) => void
  /** Something is to be done, and another worker is the steward. */
  readonly onDue: () => void
  readonly onError: (error: unknown) => void
}): StewardChores {
  const chores: StewardChore[] = []
  /** When nothing will have been stored for a while. */
  let idleAt = 0
  let stopIdle: (() => void) | undefined
  /** Runs from the first work that the chores have not looked at yet. */
  let stopWait: (() => void) | undefined
  let running: Promise<void> | undefined
  /** Asked for while they were being done: what came meanwhile may have been passed by. */
  let again = false
  let due = false
  let stopped = false

  async function runAll(): Promise<void> {
    do {
      again = false
      due = false
      for (const chore of chores) {
        const fence = deps.epoch()
        if (fence === undefined || stopped) return
        await runOne(chore, fence)
      }
    } while (again)
  }

  async function runOne(chore: StewardChore, fence: number): Promise<void> {
    try {
      await chore.run(fence)
    } catch (error) {
      if (isFenced(error)) deps.onFenced(fence)
      else if (!stopped) deps.onError(error)
    }
  }

  function run(): Promise<void> {
    if (deps.epoch() === undefined) return Promise.resolve()
    again = running !== undefined
    running ??= runAll().finally(() => {
      running = undefined
    })
    return running
  }

  function stopTimers(): void {
    stopIdle?.()
    stopWait?.()
    stopIdle = undefined
    stopWait = undefined
  }

  /** A timer that is set anew at each write would be a fifth of what follows the write. */
  function lookIfIdle(): void {
    const leftMs = idleAt - deps.wall.now()
    if (leftMs <= 0) look()
    else stopIdle = deps.wall.after(leftMs, lookIfIdle)
  }

  function look(): void {
    stopTimers()
    if (deps.epoch() === undefined) deps.onDue()
    else void run()
  }

  return {
    register(chore) {
      chores.push(chore)
    },
    noteWork() {
      due = true
      idleAt = deps.wall.now() + IDLE_MS
      stopIdle ??= deps.wall.after(IDLE_MS, lookIfIdle)
      stopWait ??= deps.wall.after(MAX_WAIT_MS, look)
    },
    run,
    get due() {
      return due
    },
    stop() {
      stopped = true
      stopTimers()
    },
  }
}
