import type { WriterId } from '../core/ids.ts'
import type { Locks, WallClock } from '../core/ports.ts'
import type { TabMessage } from './tab-message.ts'
import type { Tabs } from './tabs.ts'

/** The workers of the other tabs, as far as this one has heard of them. */
export interface Peers {
  /** Nobody else is there, as far as is known: what only others want need not be told. */
  readonly alone: boolean
  /**
   * Whether that worker, or whoever is the steward, answers: false where it is frozen or gone, though the browser may
   * have left it its locks. Takes as long as an answer takes, or {@link PING_MS}. True where tabs cannot hear each other.
   */
  answers(who: WriterId | 'steward'): Promise<boolean>
  /**
   * Resolves when the others have taken what was posted until now, or after {@link HEARD_MS}: one that does not answer is
   * frozen or busy, and takes it before it does anything else.
   */
  heard(): Promise<void>
  /**
   * Lets the others take this worker for ended, and answers no more: its pages are frozen, or are kept by the browser to
   * be shown again, which it does only while nobody waits for what they hold.
   */
  leave(): void
  /** Is there again. */
  join(): void
  /** Calls back when a worker has ended, however it ended: what others keep for it is free. */
  onGone(listener: (writer: WriterId) => void): () => void
  stop(): void
}

/** How long an answer is waited for. A tab in the background answers messages at once, also where its timers are late. */
export const PING_MS = 3_000

/** How long the others are waited for until they have taken a message: many hops, and still no pause that anybody sees. */
export const HEARD_MS = 250

export function createPeers(deps: {
  readonly tabs: Tabs
  readonly locks: Locks
  readonly wall: Pick<WallClock, 'after'>
  readonly writer: WriterId
  readonly isSteward: () => boolean
  /** What this worker was told and others here have still to hear, before it answers; undefined where nothing is. */
  readonly hearing?: () => Promise<unknown> | undefined
  readonly newId: () => string
  readonly onError: (error: unknown) => void
}): Peers {
  const { tabs, locks, wall, writer: self } = deps
  const known = new Map<WriterId, AbortController>()
  /** Known, and nobody would hear that they have ended. */
  const unwatched = new Set<WriterId>()
  const listeners = new Set<(writer: WriterId) => void>()
  const waiting = new Map<string, () => void>()
  /** A lock of another tab was seen held. */
  let areShared = false
  let isHere = false
  let freeLock = () => {}

  function meet(writer: WriterId): void {
    if (writer === self || (known.has(writer) && !unwatched.delete(writer))) return
    const leaving = new AbortController()
    known.set(writer, leaving)
    watch(writer, leaving.signal).catch((error: unknown) => {
      if (!leaving.signal.aborted) deps.onError(error)
    })
  }

  /** Waits in the queue for the lock of that worker's life. */
  async function watch(writer: WriterId, signal: AbortSignal): Promise<void> {
    const name = tabLockName(writer)
    const isFree = await locks.request(name, { ifAvailable: true }, async () => true)
    if (signal.aborted) return
    if (isFree === true) {
      // Free though it has just spoken: it has ended or left since. Where tabs share no locks these say nothing of that,
      // and its next word is waited for.
      if (areShared) forget(writer)
      else unwatched.add(writer)
      return
    }
    areShared = true
    for (const each of [...unwatched]) forget(each)
    await locks.request(name, { signal }, async () => {})
    forget(writer)
  }

  function forget(writer: WriterId): void {
    known.delete(writer)
    unwatched.delete(writer)
    for (const listener of [...listeners]) listener(writer)
  }

  function hear(message: TabMessage): void {
    switch (message.type) {
      case 'present':
        meet(message.writer)
        if (message.answer && isHere) present(false)
        return
      case 'foreseen':
        meet(message.writer)
        return
      case 'ping':
        if (isHere && (message.to === self || (message.to === 'steward' && deps.isSteward())))
          pong(message.id)
        return
      case 'pong':
        waiting.get(message.id)?.()
        return
      case 'stored':
        return
      default:
        message satisfies never
    }
  }

  function pong(id: string): void {
    const answer = () => tabs.post({ type: 'pong', id })
    const hearing = deps.hearing?.()
    if (hearing === undefined) answer()
    else void hearing.then(answer)
  }

  function present(answer: boolean): void {
    tabs.post({ type: 'present', writer: self, answer })
  }

  /** Takes the lock that says so; others hear of this worker only then. */
  function join(): void {
    if (isHere) return
    isHere = true
    const hold = () => {
      if (!isHere) return Promise.resolve()
      present(true)
      return new Promise<void>((free) => {
        freeLock = free
      })
    }
    locks.request(tabLockName(self), {}, hold).catch(deps.onError)
  }

  function leave(): void {
    isHere = false
    freeLock()
  }

  function answers(who: WriterId | 'steward', waitMs: number): Promise<boolean> {
    if (who === self || tabs.silent) return Promise.resolve(true)
    const id = deps.newId()
    return new Promise<boolean>((resolve) => {
      const end = (isThere: boolean) => {
        stopTimer()
        waiting.delete(id)
        resolve(isThere)
      }
      const stopTimer = wall.after(waitMs, () => end(false))
      waiting.set(id, () => end(true))
      tabs.post({ type: 'ping', id, to: who })
    })
  }

  const stopHearing = tabs.listen(hear)
  join()
  return {
    get alone() {
      return known.size === 0
    },
    answers: (who) => answers(who, PING_MS),
    async heard() {
      // A message comes after those that were posted before it.
      await Promise.all([...known.keys()].map((writer) => answers(writer, HEARD_MS)))
    },
    leave,
    join,
    onGone(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stop() {
      stopHearing()
      leave()
      for (const leaving of known.values()) leaving.abort()
      known.clear()
      unwatched.clear()
    },
  }
}

/** One lock a tab: who waits for it learns that the tab has ended. */
function tabLockName(writer: WriterId): string {
  return `tab:${writer}`
}
