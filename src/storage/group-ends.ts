/**
 * What becomes of a group's entries, and of all that is kept in memory of what they write, when its transaction is over.
 */
import type { HoldfastError } from '../core/errors.ts'
import type { StreamId } from '../core/ids.ts'
import type { Documents, StorageMeter } from '../core/ports.ts'
import { saysFull } from './ballast.ts'
import { type Connection, isInvalidState } from './connection.ts'
import type { Entry } from './entry.ts'
import type { GroupResult } from './group-result.ts'
import { WrongGuess } from './guess.ts'
import type { HeadCache, HeadState } from './heads.ts'
import type { Queue } from './queue.ts'
import { decideOn, refusalOf, settle } from './settling.ts'
import type { StreamNotes } from './stream-notes.ts'
import { isUnnamed, namedFailure } from './unnamed-quota.ts'

export interface GroupEnds {
  /** Takes in what was stored, and answers those of whom nothing was. */
  take(result: GroupResult): void
  /** Decides what was not decided on the heads that the transaction read, each on what the ones before it will write. */
  decideAgain(entries: readonly Entry[], read: ReadonlyMap<string, HeadState>): void
  /** A group that failed is tried again one entry at a time, so that no neighbour pays for the one that cannot be stored. */
  retry(entries: readonly Entry[], touched: ReadonlySet<StreamId>, cause: unknown): void
}

/**
 * How often in a row what failed for a wedged connection is put back before it counts as wedged for good. Firefox says so of
 * the transaction that follows one that failed on a full disk, and of one or two after it: the next one goes in, or says
 * that there is no room.
 */
const WEDGED_TRIES = 3

export function createGroupEnds({
  connection,
  documents,
  queue,
  cache,
  notes,
  meter,
  waitsForRoom,
}: {
  readonly connection: Connection
  readonly documents: Documents
  readonly queue: Queue
  readonly cache: HeadCache
  readonly notes: StreamNotes
  /** Tells where a failure without a name is a quota that is used up. */
  readonly meter?: Pick<StorageMeter, 'estimate'> | undefined
  /** Whether what was refused for want of room is to be put back. */
  readonly waitsForRoom: () => boolean
}): GroupEnds {
  /** This connection has put something. */
  let hasStored = false
  /** How often in a row it was said to be wedged, counted anew after {@link WEDGED_TRIES}. */
  let wedged = 0

  function forget(stream: StreamId): void {
    notes.forget(stream)
    documents.drop(stream)
  }

  function again(entries: readonly Entry[]): void {
    for (const entry of entries) entry.kept = undefined
    queue.putBack(entries)
  }

  function refuse(entry: Entry, error: HoldfastError): void {
    if (meter === undefined || !isUnnamed(error)) {
      settle(cache, entry, { error })
      return
    }
    const { next, sizeBytes } = entry.decided
    // Nothing that is decided meanwhile may stand on it.
    cache.withdraw(next.keys(), entry)
    namedFailure(error, sizeBytes, meter).then(
      (named) => settle(cache, entry, { error: named }),
      () => settle(cache, entry, { error }),
    )
  }

  return {
    take(result) {
      const { evaluation, commitId } = result
      hasStored ||= result.wrote
      wedged = 0
      for (const { decided } of evaluation.applied) {
        for (const state of decided.next.values()) state.commitId = commitId
      }
      for (const [text, state] of evaluation.heads) cache.store(text, state)
      for (const [stream, n] of result.numbers) notes.stored(stream, n)
      for (const [stream, upTo] of result.indexed) notes.indexed(stream, upTo)
      for (const stream of result.updated) documents.stored(stream)
      for (const stream of result.erased) forget(stream)
      for (const { entry, error } of evaluation.refused) settle(cache, entry, { error: refusalOf(error) })
      for (const { entry, resultId } of evaluation.repeated) settle(cache, entry, { repeated: resultId })
    },
    decideAgain(entries, read) {
      const heads = new Map(read)
      const waiting = entries.filter((entry) => {
        if (entry.settled) return false
        try {
          decideOn(cache, entry, (text) => heads.get(text))
        } catch (error) {
          settle(cache, entry, { error: refusalOf(error) })
          return false
        }
        for (const [text, state] of entry.decided.next) heads.set(text, state)
        return true
      })
      queue.putBack(waiting)
    },
    retry(entries, touched, cause) {
      wedged = isInvalidState(cause) ? (wedged % WEDGED_TRIES) + 1 : 0
      // What was stored before says that it worked once, so that a new connection may.
      if (hasStored && wedged === WEDGED_TRIES) connection.lose(cause)
      for (const stream of touched) documents.drop(stream)
      if (touched.size > 0) queue.unprepare()
      const waiting = entries.filter((entry) => !entry.settled)
      const isGuess = cause instanceof WrongGuess
      if (wedged > 0 && wedged < WEDGED_TRIES) return again(waiting)
      if (!isGuess && saysFull(connection.failure(cause, 'storing a commit')) && waitsForRoom())
        return again(waiting)
      if (entries.length === 1 && !isGuess) {
        for (const entry of waiting) refuse(entry, connection.failure(cause, 'storing a commit'))
        return
      }
      // Nobody is to blame where a guess was wrong, or where the caller of one gave up: the others share again.
      const isNobodysFault = isGuess || waiting.length < entries.length
      for (const entry of waiting) {
        entry.careful ||= isGuess
        entry.alone = !isNobodysFault
        entry.kept = undefined
      }
      queue.putBack(waiting)
    },
  }
}
