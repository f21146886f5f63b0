/**
 * The journal: the only code that opens a readwrite transaction.
 */
import type { CommitRow, Operation, Outcome, RowChange } from '../core/commit.ts'
import { createError, type HoldfastError, isHoldfastError } from '../core/errors.ts'
import { type CommitId, clockAt, type RequestId } from '../core/ids.ts'
import type { Compression, Documents, Journal, WallClock } from '../core/ports.ts'
import type { HybridClock } from '../core/timeline/hybrid-clock.ts'
import { createAdmission } from './admission.ts'
import { createBallast } from './ballast.ts'
import { createBarrier } from './barrier.ts'
import type { Connection } from './connection.ts'
import { sweepContents } from './contents.ts'
import { fenced, raiseEpoch, readEpoch } from './fence.ts'
import { HeadCache } from './heads.ts'
import { MARK_STORES, markStream } from './mark-rows.ts'
import { MEND_STORES, mendStream } from './mend.ts'
import { PACK_STORES, packStream } from './pack.ts'
import { assertSameCall } from './performed.ts'
import { createPump } from './pump.ts'
import { type Chore, Queue } from './queue.ts'
import { readOutcome } from './reads.ts'
import { RECOUNT_STORES, recountContents } from './recount.ts'
import { DAMAGEABLE, setAside } from './set-aside.ts'
import { unreadOutcome } from './settling.ts'
import { putSnapshot, renewSnapshot, snapshotNow } from './snapshot-rows.ts'
import { squeezeStream, unsqueezeStream } from './squeeze-stream.ts'
import { StreamNotes } from './stream-notes.ts'
import { settleSuspicion } from './suspicion.ts'
import { TailReader } from './tail-reader.ts'

export interface JournalDeps {
  readonly connection: Connection
  readonly clock: HybridClock
  readonly documents: Documents
  readonly wall: WallClock
  /** Without it nothing is squeezed. */
  readonly compression?: Pick<Compression, 'deflate' | 'inflate'>
}

/** A deletion older than this may leave: a write that comes later still, and is older, brings its key back. */
export const DELETION_KEEP_MS = 30 * 86_400_000

/** One journal per connection. When the connection ends it refuses everything; open another one for a new connection. */
export function createJournal({ connection, clock, documents, wall, compression }: JournalDeps): Journal {
  const queue = new Queue()
  const cache = new HeadCache()
  const notes = new StreamNotes(clock.writer)
  const listeners = new Set<(rows: readonly CommitRow[]) => void>()
  const barrierListeners = new Set<(passed: number) => void>()
  const pending = new Map<Promise<unknown>, RequestId>()
  /** Why nothing more is taken. */
  let closed: HoldfastError | undefined

  const pump = createPump({
    connection,
    clock,
    documents,
    wall,
    queue,
    cache,
    notes,
    onStored(group, result) {
      barrier.took(result, group.durability)
      const rows = result.rows()
      if (rows.length > 0) for (const listener of [...listeners]) listener(rows)
    },
    onGivenUp: connection.lose,
  })
  const admit = createAdmission({
    connection,
    documents,
    queue,
    cache,
    clock,
    onReady: pump.schedule,
    onAborted: pump.abort,
  })
  const barrier = createBarrier({
    wall,
    clock,
    documents,
    notes,
    damage: connection.damage,
    perform,
    onPassed: (passed) => {
      for (const listener of [...barrierListeners]) listener(passed)
    },
  })
  const ballast = createBallast(perform)
  const stopListening = connection.onEnding(end)

  /** What removes more than it adds is stored even where the quota is used up. */
  async function commitInto<Result>(operation: Operation<Result>): Promise<Outcome<Result>> {
    try {
      return await submit(operation)
    } catch (error) {
      const isFull = isHoldfastError(error) && error.code === 'QUOTA_EXCEEDED'
      if (!isFull || !(await ballast.giveUp().catch(() => false))) throw error
      return submit(operation)
    }
  }

  function commit<Result>(operation: Operation<Result>): Promise<Outcome<Result>> {
    return operation.makesRoom === true ? commitInto(operation) : submit(operation)
  }

  function submit<Result>(operation: Operation<Result>): Promise<Outcome<Result>> {
    if (closed !== undefined) return Promise.reject(closed)
    const outcome = admit(operation)
    pending.set(outcome, operation.requestId)
    const settled = () => pending.delete(outcome)
    outcome.then(settled, settled)
    return outcome
  }

  /** Runs work of the journal's own in a transaction of its own; a steward's behind the fence of its epoch. */
  function perform(chore: Omit<Chore, 'end'>, fence?: number): Promise<void> {
    return new Promise((resolve, reject) => {
      queue.push({
        ...fenced(chore, fence),
        end: (error) => (error === undefined ? resolve() : reject(error)),
      })
      pump.schedule()
    })
  }

  async function flush(): Promise<void> {
    await Promise.allSettled(pending.keys())
    await barrier.pass()
  }

  /** An upgrade elsewhere waits until what was taken here is stored; after a deletion there is nowhere to store it. */
  async function end(reason: HoldfastError): Promise<void> {
    closed ??= reason
    if (reason.code === 'STORAGE_NEWER') await flush().catch(() => {})
    stop(reason)
  }

  function stop(reason: HoldfastError): void {
    closed ??= reason
    barrier.stop()
    pump.stop(reason)
  }

  return {
    writer: clock.writer,
    commit,
    async outcomeOf(requestId, does) {
      if (closed !== undefined) throw closed
      await Promise.allSettled([...pending].filter(([, id]) => id === requestId).map(([outcome]) => outcome))
      try {
        const transaction = connection.transaction(['commits', 'segments'], 'readonly')
        const earlier = await readOutcome(transaction, requestId)
        if (earlier !== undefined) assertSameCall(requestId, does, earlier)
        return earlier?.resultId
      } catch (cause) {
        const failure = connection.failure(cause, `looking for request ${requestId}`)
        throw connection.ended ?? unreadOutcome(requestId, failure)
      }
    },
    async putRows(rows: readonly RowChange[]) {
      await commit({
        requestId: clock.nextId<RequestId>(),
        mayRepeat: false,
        durability: 'relaxed',
        heads: [],
        decide: () => ({ result: undefined, resultId: '', writes: [], rows }),
      })
    },
    async sweep(contents, givenUp, fence) {
      if (closed !== undefined) throw closed
      let removed = 0
      const chore: Omit<Chore, 'end'> = {
        doing: 'sweeping contents',
        stores: ['contents', 'chunks', 'meta'],
        durability: 'relaxed',
        async work(transaction) {
          removed = await sweepContents(transaction, contents, wall.now(), givenUp)
        },
      }
      await perform(chore, fence)
      return removed
    },
    async stewardEpoch() {
      if (closed !== undefined) throw closed
      try {
        return await readEpoch(connection.transaction(['meta'], 'readonly'))
      } catch (cause) {
        throw connection.failure(cause, 'looking for the steward')
      }
    },
    async takeStewardship() {
      if (closed !== undefined) throw closed
      let epoch = 0
      await perform({
        doing: 'taking the stewardship',
        stores: ['meta'],
        durability: 'relaxed',
        async work(transaction) {
          epoch = await raiseEpoch(transaction, clock.writer)
        },
      })
      return epoch
    },
    async pack(stream, { whole = false, fence } = {}) {
      if (closed !== undefined) throw closed
      let packed = 0
      const chore: Omit<Chore, 'end'> = {
        doing: `packing ${stream}`,
        stores: PACK_STORES,
        // It takes rows away for one large one, which a later strict transaction would not carry.
        durability: 'strict',
        async work(transaction) {
          const request = { now: wall.now(), whole, notes: connection.damage }
          packed = await packStream(transaction, stream, request)
        },
      }
      await perform(chore, fence)
      return packed
    },
    async mark(stream, { grownBytes = 0, fence } = {}) {
      if (closed !== undefined) throw closed
      let isStored = false
      const chore: Omit<Chore, 'end'> = {
        doing: `marking ${stream}`,
        stores: MARK_STORES,
        durability: 'relaxed',
        async work(transaction) {
          const tails = new TailReader(transaction, connection.damage)
          isStored = await markStream(tails, stream, clock, grownBytes)
        },
      }
      await perform(chore, fence)
      return isStored
    },
    async renew(stream, fence) {
      if (closed !== undefined) throw closed
      await documents.prepare([stream])
      try {
        const before = clockAt(wall.now() - DELETION_KEEP_MS)
        if (!documents.isWorn(stream, before)) return false
        let isRenewed = false
        const chore: Omit<Chore, 'end'> = {
          doing: `beginning the document of ${stream} anew`,
          stores: ['commits', 'segments', 'snapshots', 'views'],
          durability: 'relaxed',
          async work(transaction) {
            const tails = new TailReader(transaction, connection.damage)
            isRenewed = await renewSnapshot(tails, stream, documents, clock.writer, before)
          },
        }
        await perform(chore, fence)
        if (isRenewed) documents.outdate(stream)
        return isRenewed
      } finally {
        documents.release([stream])
      }
    },
    async snapshot(stream, fence) {
      if (closed !== undefined) throw closed
      await documents.prepare([stream])
      const chore: Omit<Chore, 'end'> = {
        doing: `making a snapshot of ${stream}`,
        stores: ['commits', 'segments', 'snapshots'],
        durability: 'relaxed',
        async work(transaction) {
          await snapshotNow(new TailReader(transaction, connection.damage), stream, documents, clock.writer)
        },
      }
      await perform(chore, fence).finally(() => documents.release([stream]))
    },
    async squeeze(stream, fence) {
      if (closed !== undefined) throw closed
      if (compression === undefined) return
      await squeezeStream(connection, stream, compression, (work) =>
        perform({ doing: `squeezing ${stream}`, stores: ['segments'], durability: 'relaxed', work }, fence),
      )
    },
    async unsqueeze(stream, fence) {
      if (closed !== undefined) throw closed
      if (compression === undefined) return false
      return unsqueezeStream(connection, stream, compression, (work) =>
        // Large rows again, which a later strict transaction would not carry.
        perform({ doing: `unpacking ${stream}`, stores: ['segments'], durability: 'strict', work }, fence),
      )
    },
    async putSnapshot(stream, made, fence) {
      if (closed !== undefined) throw closed
      let isStored = false
      const chore: Omit<Chore, 'end'> = {
        doing: `storing a snapshot of ${stream}`,
        stores: ['commits', 'segments', 'snapshots'],
        // A large row, which a later strict transaction would not carry.
        durability: 'strict',
        async work(transaction) {
          isStored = await putSnapshot(new TailReader(transaction, connection.damage), stream, made)
        },
      }
      await perform(chore, fence)
      return isStored
    },
    async mend(stream, mending, fence) {
      if (closed !== undefined) throw closed
      let mended: number | undefined
      const chore: Omit<Chore, 'end'> = {
        doing: `repairing the index rows of ${stream}`,
        stores: MEND_STORES,
        durability: 'strict',
        async work(transaction) {
          mended = await mendStream(transaction, stream, mending, clock.nextId<CommitId>())
        },
      }
      await perform(chore, fence)
      if (mended !== 0) cache.clear()
      return mended
    },
    async recount(counts, last, fence) {
      if (closed !== undefined) throw closed
      let counted: number | undefined
      const chore: Omit<Chore, 'end'> = {
        doing: 'counting the names of contents',
        stores: RECOUNT_STORES,
        durability: 'strict',
        async work(transaction) {
          counted = await recountContents(transaction, counts, last, wall.now())
        },
      }
      await perform(chore, fence)
      return counted
    },
    async settleSuspicion(suspicion, fence) {
      if (closed !== undefined) throw closed
      let isSettled = false
      const chore: Omit<Chore, 'end'> = {
        doing: 'noting a repair',
        stores: ['meta'],
        durability: 'relaxed',
        async work(transaction) {
          isSettled = await settleSuspicion(transaction, suspicion)
        },
      }
      await perform(chore, fence)
      return isSettled
    },
    async setAside(damage) {
      if (closed !== undefined) throw closed
      await perform({
        doing: 'setting a damaged row aside',
        stores: ['quarantine', ...DAMAGEABLE],
        durability: 'strict',
        work: (transaction) => setAside(transaction, damage),
      })
    },
    keepBallast: (bytes) => ballast.keep(bytes),
    get exposedUntil() {
      return barrier.next
    },
    onBarrier(listener) {
      barrierListeners.add(listener)
      return () => barrierListeners.delete(listener)
    },
    async flush() {
      if (closed !== undefined) throw closed
      await flush()
    },
    async secure({ unsafe = false } = {}) {
      if (closed !== undefined) throw closed
      if (unsafe) barrier.distrust()
      // What is stored already does not wait for what is not.
      await barrier.secure()
      await Promise.allSettled(pending.keys())
      await barrier.secure()
    },
    onStored(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      if (closed !== undefined) return
      closed = createError('CLOSED', 'This database was closed; open it again.')
      stopListening()
      try {
        await flush()
      } finally {
        stop(closed)
      }
    },
  }
}
