/**
 * The journal: the only code that opens a readwrite transaction.
 */
import type { Operation, Outcome, RowChange } from '../core/commit.ts'
import { createError, type HoldfastError } from '../core/errors.ts'
import type { RequestId } from '../core/ids.ts'
import type { Compression, Documents, Journal, StorageMeter, WallClock } from '../core/ports.ts'
import type { HybridClock } from '../core/timeline/hybrid-clock.ts'
import { createAdmission } from './admission.ts'
import { createBallast } from './ballast.ts'
import { createBarrier } from './barrier.ts'
import type { Chore, ChoreDeps } from './chore.ts'
import type { Connection } from './connection.ts'
import { fenced } from './fence.ts'
import { HeadCache } from './heads.ts'
import { createLateRepairs } from './late-repairs.ts'
import { createMaintenance } from './maintenance.ts'
import { assertSameCall } from './performed.ts'
import { createPump } from './pump.ts'
import { Queue } from './queue.ts'
import { readOutcome } from './reads.ts'
import { unreadOutcome } from './settling.ts'
import { StreamNotes } from './stream-notes.ts'

export interface JournalDeps {
  readonly connection: Connection
  readonly clock: HybridClock
  readonly documents: Documents
  readonly wall: WallClock
  /** Without it nothing is squeezed. */
  readonly compression?: Pick<Compression, 'deflate' | 'inflate'>
  /** Without it a quota that is used up is told only where the browser calls it so. */
  readonly meter?: Pick<StorageMeter, 'estimate'>
}

/** One journal per connection. When the connection ends it refuses everything; open another one for a new connection. */
export function createJournal(deps: JournalDeps): Journal {
  const { connection, clock, documents, wall, compression, meter } = deps
  const queue = new Queue()
  const cache = new HeadCache()
  const notes = new StreamNotes(clock.writer)
  const listeners = new Set<Parameters<Journal['onStored']>[0]>()
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
    meter,
    onStored(group, result) {
      barrier.took(result, group.durability)
      const rows = result.rows()
      if (rows.length > 0) for (const listener of [...listeners]) listener(rows, result.forms)
    },
    waitsForRoom: () => ballast.waits(),
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
  const ballast = createBallast({
    perform,
    queue(chore) {
      queue.push(chore)
      pump.schedule()
    },
    queueFirst(chore) {
      queue.putBack([chore])
      pump.schedule()
    },
    hold(ms, then) {
      queue.hold()
      wall.after(ms, () => {
        queue.release()
        then()
        pump.schedule()
      })
    },
    after: (ms, then) => wall.after(ms, then),
  })
  const chores: ChoreDeps = { connection, clock, wall, perform, assertOpen }
  const stopListening = connection.onEnding(end)

  function commit<Result>(operation: Operation<Result>): Promise<Outcome<Result>> {
    const isEasy = closed !== undefined || operation.makesRoom !== true
    return isEasy ? submit(operation) : ballast.withRoom(() => submit(operation))
  }

  function submit<Result>(operation: Operation<Result>): Promise<Outcome<Result>> {
    if (closed !== undefined) return Promise.reject(closed)
    const outcome = admit(operation)
    pending.set(outcome, operation.requestId)
    const settled = () => pending.delete(outcome)
    outcome.then(settled, settled)
    return outcome
  }

  function perform(chore: Chore, fence?: number): Promise<void> {
    return new Promise((resolve, reject) => {
      queue.push({
        ...fenced(chore, fence),
        end: (error) => (error === undefined ? resolve() : reject(error)),
      })
      pump.schedule()
    })
  }

  function assertOpen(): void {
    if (closed !== undefined) throw closed
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
      assertOpen()
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
    ...createMaintenance({ ...chores, documents, compression }),
    ...createLateRepairs({ ...chores, cache }),
    keepBallast: ballast.keep,
    get exposedUntil() {
      return barrier.next
    },
    onBarrier(listener) {
      barrierListeners.add(listener)
      return () => barrierListeners.delete(listener)
    },
    async flush() {
      assertOpen()
      await flush()
    },
    async secure({ unsafe = false } = {}) {
      assertOpen()
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
