/**
 * The strict barrier: a put that makes everything stored before it survive a power cut, and that carries index rows,
 * views and snapshots along. An empty strict transaction would flush nothing.
 */
import type { Durability } from '../core/commit.ts'
import type { StreamId } from '../core/ids.ts'
import type { Documents, WallClock } from '../core/ports.ts'
import type { HybridClock } from '../core/timeline/hybrid-clock.ts'
import type { Perform } from './chore.ts'
import type { DamageNotes } from './damage-notes.ts'
import type { GroupResult } from './group-result.ts'
import { OwnRows } from './own-rows.ts'
import { bringUpToDate, isSessionStream } from './session-rows.ts'
import { refreshSnapshot } from './snapshot-rows.ts'
import type { StreamNotes } from './stream-notes.ts'
import { TailReader } from './tail-reader.ts'
import { type Tail, Tails } from './tails.ts'
import { hasState, refreshView } from './view-rows.ts'

/** How long a relaxed commit waits for the barrier at most. */
export const BARRIER_MS = 250

/** After a barrier that failed, the next one waits twice as long, up to this. */
const MAX_RETRY_MS = 30_000

/** Streams in one barrier's transaction; more would make a decision that waits behind it late. */
const STREAMS_AT_ONCE = 32

export interface BarrierDeps {
  readonly wall: WallClock
  readonly clock: HybridClock
  readonly documents: Documents
  readonly notes: StreamNotes
  readonly damage: DamageNotes
  readonly perform: Perform
  /** Everything stored before survives a power cut. Barriers are counted from 1. */
  readonly onPassed: (barrier: number) => void
}

export interface Barrier {
  /** The one that will make safe what is stored now; undefined where all of it is safe. */
  readonly next: number | undefined
  /** What another worker stored may not be safe. */
  distrust(): void
  /** Notes what a group stored, and sets the timer. */
  took(group: Pick<GroupResult, 'wrote' | 'grown' | 'indexed' | 'erased'>, durability: Durability): void
  /** Resolves when all that was noted so far survives a power cut and its index rows are up to date. */
  pass(): Promise<void>
  /** Resolves when all that was noted so far survives a power cut. */
  secure(): Promise<void>
  stop(): void
}

export function createBarrier({
  wall,
  clock,
  documents,
  notes,
  damage,
  perform,
  onPassed,
}: BarrierDeps): Barrier {
  const tails = new Tails()
  const own = new OwnRows()
  /** Streams that grew since the last barrier. */
  const grown = new Set<StreamId>()
  /** Of those, the ones whose index row is up to date already. */
  const indexed = new Set<StreamId>()
  /** Something stored may be lost at a power cut. */
  let exposed = false
  let passed = 0
  let failures = 0
  let passing: Promise<void> = Promise.resolve()
  /** The pass that has not begun. */
  let waiting: Promise<void> | undefined
  let stopTimer: (() => void) | undefined
  let stopped = false

  function safe(): void {
    if (!exposed) return
    exposed = false
    passed += 1
    onPassed(passed)
  }

  function arm(): void {
    if (stopTimer !== undefined || stopped || (!exposed && grown.size === 0)) return
    const delayMs = Math.min(BARRIER_MS * 2 ** failures, MAX_RETRY_MS)
    stopTimer = wall.after(delayMs, () => {
      stopTimer = undefined
      pass().catch(arm)
    })
  }

  /**
   * Passes go one after the other, and one that has not begun is for all who ask meanwhile: what one of them brings up to
   * date is not done again by the next.
   */
  function pass(): Promise<void> {
    if (waiting !== undefined) return waiting
    const before = passing
    waiting = before.then(() => {
      waiting = undefined
      return passAll()
    })
    passing = waiting.catch(() => {})
    return waiting
  }

  async function passAll(): Promise<void> {
    stopTimer?.()
    stopTimer = undefined
    const streams = [...grown]
    try {
      do await cross(streams.splice(0, STREAMS_AT_ONCE))
      while (streams.length > 0)
      failures = 0
    } catch (error) {
      failures += 1
      throw error
    } finally {
      arm()
    }
  }

  async function cross(streams: readonly StreamId[]): Promise<void> {
    if (!exposed && streams.length === 0) return
    try {
      await put(streams)
    } catch (error) {
      // Perhaps there is no room for views: what was stored must not stay exposed for that.
      if (exposed && streams.length > 0) await put([])
      throw error
    }
  }

  async function put(streams: readonly StreamId[]): Promise<void> {
    const fresh = new Map<StreamId, Partial<Tail>>()
    const upTo = new Map<StreamId, number>()
    await perform({
      doing: 'bringing index rows up to date',
      stores: [
        'meta',
        ...(streams.length === 0 ? [] : (['commits', 'segments', 'sessions', 'views', 'snapshots'] as const)),
      ],
      durability: 'strict',
      putsOnce: streams.length === 0,
      work(transaction) {
        transaction.objectStore('meta').put({ key: 'barrier', value: clock.next() })
        // Nothing more to be asked: it is committed at once, and ends though this worker be frozen.
        if (streams.length === 0) return
        const reader = new TailReader(transaction, damage, own)
        const refresh = async (stream: StreamId): Promise<void> => {
          const tail = tails.of(stream)
          // The view first: it reaches back furthest, and what it read is not read again.
          const view = await refreshView(reader, stream, tail)
          if (isSessionStream(stream) && !indexed.has(stream)) {
            upTo.set(stream, await bringUpToDate(reader, stream, notes.indexedTo(stream)))
          }
          const snapshot = await refreshSnapshot(reader, stream, tail, documents, clock.writer)
          fresh.set(stream, { ...view, ...snapshot })
        }
        // All at once: one after the other, each of their turns would wait for the database.
        return Promise.all(streams.map(refresh)).then(() => {})
      },
    })
    safe()
    for (const [stream, seq] of upTo) notes.indexed(stream, seq)
    for (const [stream, tail] of fresh) {
      Object.assign(tails.of(stream), tail)
      if (tails.of(stream).viewRows === 0) own.forget(stream)
      grown.delete(stream)
      indexed.delete(stream)
    }
  }

  return {
    get next() {
      return exposed ? passed + 1 : undefined
    },
    distrust() {
      exposed = true
      arm()
    },
    took(group, durability) {
      if (group.wrote) {
        if (durability === 'relaxed') exposed = true
        else safe()
      }
      for (const growth of group.grown) {
        // Of the other streams nothing is brought up to date that would ask for them.
        if (hasState(growth.stream)) own.keep(growth.row(), growth.sizeBytes)
        tails.grow(growth)
        grown.add(growth.stream)
        indexed.delete(growth.stream)
      }
      for (const stream of group.indexed.keys()) indexed.add(stream)
      for (const stream of group.erased) {
        tails.forget(stream)
        own.forget(stream)
        grown.delete(stream)
      }
      arm()
    },
    pass,
    async secure() {
      if (exposed) await put([])
    },
    stop() {
      stopped = true
      stopTimer?.()
      stopTimer = undefined
    },
  }
}
