import { mergeUpdates } from '../context/merge-updates.ts'
import { type HoldfastError, isHoldfastError } from '../core/errors.ts'
import { nextTurn } from '../core/next-turn.ts'
import type { WallClock } from '../core/ports.ts'

/** Stores what is edited in one document: a lone edit at once, what follows it together. */
export interface EditSaver<Maker> {
  /** Takes an update (v1); gives its number. */
  add(update: Uint8Array, maker: Maker): number
  /** Numbers up to this one are stored. */
  readonly stored: number
  /** The last number given. */
  readonly added: number
  /** Why nothing is stored at present. */
  readonly error: HoldfastError | undefined
  /**
   * Gives up what these makers added and what is not stored; what is being stored at present may still be.
   * @returns whether there was any
   */
  drop(of: (maker: Maker) => boolean): boolean
  /** What is not stored yet, oldest first. */
  readonly unstored: readonly Uint8Array[]
  /** Stores what was added until now, without waiting for more. Resolves when that was tried. */
  flush(): Promise<void>
  /** What kept it from storing may be over. */
  retry(): void
  stop(): void
}

export interface EditSaverDeps<Maker> {
  readonly wall: WallClock
  /** Stores one update in one commit. */
  store(update: Uint8Array, makers: ReadonlySet<Maker>): Promise<void>
  onStored(update: Uint8Array, makers: ReadonlySet<Maker>): void
  onFailed(error: HoldfastError): void
}

/** While somebody types, so often a commit: an event for each key would fill the timeline. */
const GATHER_MS = 250

/** How long after failures in a row it is tried again. */
const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000] as const

interface Unstored<Maker> {
  readonly number: number
  readonly update: Uint8Array
  readonly maker: Maker
}

export function createEditSaver<Maker>(deps: EditSaverDeps<Maker>): EditSaver<Maker> {
  const { wall } = deps
  const elapsed = () => wall.monotonic?.() ?? wall.now()
  let unstored: Unstored<Maker>[] = []
  let stored = 0
  let added = 0
  let failures = 0
  let lastStart = Number.NEGATIVE_INFINITY
  let error: HoldfastError | undefined
  let saving: Promise<void> | undefined
  let stopTimer: (() => void) | undefined
  let stopped = false

  function schedule(delayMs: number): void {
    if (stopTimer !== undefined || saving !== undefined || unstored.length === 0 || stopped) return
    if (delayMs > 0) {
      stopTimer = wall.after(delayMs, () => {
        stopTimer = undefined
        void save()
      })
      return
    }
    // What the same message holds is stored with it.
    let isDue = true
    stopTimer = () => {
      isDue = false
    }
    nextTurn(() => {
      if (!isDue) return
      stopTimer = undefined
      void save()
    })
  }

  function unschedule(): void {
    stopTimer?.()
    stopTimer = undefined
  }

  function save(): Promise<void> {
    if (saving !== undefined || unstored.length === 0 || stopped) return saving ?? Promise.resolve()
    unschedule()
    saving = saveNow().finally(() => {
      saving = undefined
      if (error === undefined) schedule(lastStart + GATHER_MS - elapsed())
      else if (error.retryable) schedule(RETRY_MS[Math.min(failures, RETRY_MS.length) - 1] ?? 0)
    })
    return saving
  }

  async function saveNow(): Promise<void> {
    const taken = [...unstored]
    const makers = new Set(taken.map(({ maker }) => maker))
    lastStart = elapsed()
    try {
      const update = mergeUpdates(taken.map((each) => each.update))
      await deps.store(update, makers)
      unstored = unstored.filter((each) => !taken.includes(each))
      stored = taken.at(-1)?.number ?? stored
      failures = 0
      error = undefined
      deps.onStored(update, makers)
    } catch (cause) {
      if (!isHoldfastError(cause)) throw cause
      failures += 1
      error = cause
      deps.onFailed(cause)
    }
  }

  return {
    get stored() {
      return unstored.length === 0 ? added : stored
    },
    get added() {
      return added
    },
    get error() {
      return error
    },
    get unstored() {
      return unstored.map(({ update }) => update)
    },
    add(update, maker) {
      added += 1
      unstored.push({ number: added, update, maker })
      if (error === undefined) schedule(lastStart + GATHER_MS - elapsed())
      return added
    },
    drop(of) {
      const kept = unstored.filter(({ maker }) => !of(maker))
      const isAny = kept.length < unstored.length
      unstored = kept
      if (unstored.length === 0) error = undefined
      return isAny
    },
    async flush() {
      const wanted = added
      do {
        unschedule()
        await save()
      } while (unstored.some(({ number }) => number <= wanted) && error === undefined && !stopped)
    },
    retry() {
      unschedule()
      schedule(0)
    },
    stop() {
      stopped = true
      unschedule()
    },
  }
}
