/**
 * Reads the record of a session alone, without its state. Not by its index row only, which may lag behind the log: also
 * whether the log has newer rows of it. As a request for each session that takes as long as the row itself; but most
 * often nothing at all has arrived since, or little, and one or two requests say so for all that are asked for together.
 */
import type { StreamId } from '../core/ids.ts'
import { foldSession } from '../core/session/fold.ts'
import { type KeptRecord, unpackKept } from '../core/session/kept-record.ts'
import { rowsAfter } from './commit-rows.ts'
import { type LogReading, rowsIn } from './log-reading.ts'
import { survivable } from './read-failure.ts'
import { readOne } from './read-one.ts'
import type { StoredSession, WrittenCommit } from './schema.ts'
import { bySeq } from './segment-reads.ts'
import { soundKeptSession } from './sound-rows.ts'
import { type Beginnings, findUnpacked, readStart } from './stream-start.ts'

/** Undefined where there is no such session. */
export async function readRecord(
  reading: LogReading,
  stream: StreamId,
  ends: KnownEnds,
  begun: Beginnings,
): Promise<KeptRecord | undefined> {
  const { transaction, notes } = reading
  const sessionRead = readOne<StoredSession>(transaction.objectStore('sessions'), stream)
  const isEnd = ends.ask(transaction, stream)
  const session = soundKeptSession((await sessionRead).row, notes)
  if (session === undefined) {
    const { record, tail } = await readStart(reading, stream, begun)
    return foldSession(record, stream, tail)
  }
  const { record, upTo } = session
  if (await isEnd(upTo)) return record
  const found = await findUnpacked(reading, stream, upTo)
  return foldSession(
    unpackKept(record, stream),
    stream,
    await rowsIn(reading, found, (row) => row.seq > upTo),
  )
}

interface End {
  /** The row up to which the index row held the stream. */
  readonly upTo: number
  /** No later row of it is among those that had arrived up to this one. */
  readonly arrived: number
}

/** Streams whose ends are remembered; all are forgotten when there are more. */
const MAX_ENDS = 10_000

/** Where the log ends when nobody knows. */
const UNKNOWN = Number.POSITIVE_INFINITY

/** Rows read to see whose they are: each may hold a megabyte. */
const MAX_SINCE = 256

type Streams = Pick<ReadonlySet<StreamId>, 'has'>

/** What is asked for in one transaction. */
interface Asked {
  streams: number
  /** The number of the last row of the log; from the second stream on. */
  last?: Promise<number>
  /** The streams of all rows that came after one. */
  since?: { readonly arrived: number; readonly streams: Promise<Streams> }
}

/** Where streams ended when their records were read last. */
export class KnownEnds {
  readonly #ends = new Map<StreamId, End>()
  readonly #askedIn = new WeakMap<IDBTransaction, Asked>()

  /** @returns says whether the stream ends with the row up to which its index row holds it */
  ask(transaction: IDBTransaction, stream: StreamId): (upTo: number) => Promise<boolean> {
    const known = this.#ends.get(stream)
    const asked: Asked = this.#askedIn.get(transaction) ?? { streams: 0 }
    this.#askedIn.set(transaction, asked)
    asked.streams += 1
    if (asked.streams > 1) asked.last ??= readLast(transaction)
    const { last } = asked
    const newer = (after: number) => survivable(bySeq(transaction).getKey(rowsAfter(stream, after)))
    // One by itself is asked for at once: a second turn would cost it more than a request.
    const own = last === undefined && known !== undefined ? newer(known.upTo) : undefined
    // Awaited below, unless the reading fails before that.
    own?.catch(() => {})

    /** Whether all rows since then are of other streams; false where that takes as long as asking for this one. */
    async function areOfOthers(arrived: number, now: number): Promise<boolean> {
      if (now - arrived > Math.min(asked.streams, MAX_SINCE)) return false
      // Read once: of a stream that was looked at before that, it does not say all.
      asked.since ??= { arrived, streams: readSince(transaction, arrived) }
      const { since } = asked
      return since.arrived <= arrived && !(await since.streams).has(stream)
    }

    return async (upTo) => {
      const before = known !== undefined && known.upTo <= upTo ? known : undefined
      const { arrived = 0 } = before ?? {}
      const now = (await last) ?? UNKNOWN
      const isKnown =
        before !== undefined &&
        (now <= arrived || (own !== undefined && !(await own)) || (await areOfOthers(arrived, now)))
      const isEnd = isKnown || !(await newer(upTo))
      if (this.#ends.size >= MAX_ENDS) this.#ends.clear()
      this.#ends.set(stream, {
        upTo,
        arrived: isEnd && now !== UNKNOWN ? Math.max(now, arrived) : arrived,
      })
      return isEnd
    }
  }
}

/** Of those that stand by themselves: what is packed, index rows hold. */
async function readLast(transaction: IDBTransaction): Promise<number> {
  try {
    const cursor = await survivable(transaction.objectStore('commits').openKeyCursor(null, 'prev'))
    return Number(cursor?.key ?? 0)
  } catch {
    // Each stream is asked for by itself, and says what fails.
    return UNKNOWN
  }
}

/** Of any stream, where the browser fails at one of the rows. */
async function readSince(transaction: IDBTransaction, arrived: number): Promise<Streams> {
  const range = IDBKeyRange.lowerBound(arrived, true)
  const request: IDBRequest<WrittenCommit[]> = transaction.objectStore('commits').getAll(range)
  const rows = await survivable(request).catch(() => undefined)
  return rows === undefined ? { has: () => true } : new Set(rows.map(({ streamId }) => streamId))
}
