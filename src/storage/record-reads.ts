/**
 * Reads the record of a session alone, without its state. Not by its index row only, which may lag behind the log: also
 * whether the log has newer rows of it. As a request for each session that takes as long as the row itself; but most
 * often nothing at all has arrived since, and one request says so for all that are asked for together.
 */
import type { StreamId } from '../core/ids.ts'
import { foldSession } from '../core/session/fold.ts'
import { type KeptRecord, unpackKept } from '../core/session/kept-record.ts'
import { rowsAfter } from './commit-rows.ts'
import { type LogReading, rowsIn } from './log-reading.ts'
import { survivable } from './read-failure.ts'
import { readOne } from './read-one.ts'
import type { StoredSession } from './schema.ts'
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
  return foldSession(unpackKept(record), stream, await rowsIn(reading, found, (row) => row.seq > upTo))
}

interface End {
  /** The row up to which the index row held the stream. */
  readonly upTo: number
  /** No later row of it is among those that had arrived up to this one. */
  readonly arrived: number
}

/** Streams whose ends are remembered. */
const MAX_ENDS = 10_000

/** Where streams ended when their records were read last. */
export class KnownEnds {
  readonly #ends = new Map<StreamId, End>()
  /** Of each transaction, the number of the last row of the log, once more than one stream is asked for in it. */
  readonly #lastIn = new WeakMap<IDBTransaction, Promise<number> | undefined>()

  /** @returns says whether the stream ends with the row up to which its index row holds it */
  ask(transaction: IDBTransaction, stream: StreamId): (upTo: number) => Promise<boolean> {
    const known = this.#ends.get(stream)
    const last = this.#lastOf(transaction)
    const newer = (after: number) => survivable(bySeq(transaction).getKey(rowsAfter(stream, after)))
    // One by itself is asked for at once: a second turn would cost it more than a request.
    const own = last === undefined && known !== undefined ? newer(known.upTo) : undefined
    // Awaited below, unless the reading fails before that.
    own?.catch(() => {})
    return async (upTo) => {
      const before = known !== undefined && known.upTo <= upTo ? known : undefined
      const { arrived = 0 } = before ?? {}
      const now = (await last) ?? Number.POSITIVE_INFINITY
      const isKnown = before !== undefined && (now <= arrived || (own !== undefined && !(await own)))
      const isEnd = isKnown || !(await newer(upTo))
      this.#set(stream, { upTo, arrived: isEnd && last !== undefined ? Math.max(now, arrived) : arrived })
      return isEnd
    }
  }

  #lastOf(transaction: IDBTransaction): Promise<number> | undefined {
    const isFirst = !this.#lastIn.has(transaction)
    const last = this.#lastIn.get(transaction) ?? (isFirst ? undefined : readLast(transaction))
    this.#lastIn.set(transaction, last)
    return last
  }

  #set(stream: StreamId, end: End): void {
    this.#ends.delete(stream)
    this.#ends.set(stream, end)
    const oldest = this.#ends.keys().next().value
    if (this.#ends.size > MAX_ENDS && oldest !== undefined) this.#ends.delete(oldest)
  }
}

/** Of those that stand by themselves: what is packed, index rows hold. */
async function readLast(transaction: IDBTransaction): Promise<number> {
  const cursor = await survivable(transaction.objectStore('commits').openKeyCursor(null, 'prev'))
  return Number(cursor?.key ?? 0)
}
