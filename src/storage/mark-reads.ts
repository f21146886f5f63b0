/** Reads the marks around a moment. */
import { type Clock, clockOfId, type EventId, type StreamId } from '../core/ids.ts'
import type { PastMark } from '../core/session/mark.ts'
import { isSound } from './checksum.ts'
import { rowsAfter } from './commit-rows.ts'
import type { MarkPlaces } from './mark-places.ts'
import { readRange } from './read-range.ts'
import { resultOf } from './result-of.ts'
import type { StoredMark } from './schema.ts'

/** Where the last mark of a session stands, 0 where it has none: no event that is decided now may be earlier. */
export async function lastMark(transaction: IDBTransaction, stream: StreamId): Promise<Clock> {
  const marks = transaction.objectStore('marks')
  const cursor = await resultOf(marks.openKeyCursor(rowsAfter(stream, 0), 'prev'))
  return cursor === null ? (0 as Clock) : (cursor.key as [StreamId, Clock])[1]
}

/** The mark that a moment is folded from; undefined where it is folded from the first event. */
export async function readMark(
  transaction: IDBTransaction,
  stream: StreamId,
  event: EventId,
  places: MarkPlaces,
): Promise<PastMark | undefined> {
  const clock = clockOfId(event)
  const marks = transaction.objectStore('marks')
  const around = places.around(stream, event)
  // The mark after the event may end with it, and the one before it may have to be read; both where nobody knows.
  const one = async (isWanted: boolean, from: IDBValidKey, to: IDBValidKey, reverse: boolean) =>
    isWanted
      ? readRange<StoredMark>(marks, IDBKeyRange.bound([stream, from], [stream, to], false, reverse), {
          reverse,
          limit: 1,
        })
      : []
  const [[after], [before], keys] = await Promise.all([
    one(around?.isEnd !== false, clock, [], false),
    one(around?.isEnd !== true, 0, clock, true),
    around !== undefined ? undefined : resultOf(marks.getAllKeys(rowsAfter(stream, 0))),
  ])
  if (keys !== undefined)
    places.learn(
      stream,
      (keys as [StreamId, Clock][]).map(([, at]) => at),
    )
  if (after !== undefined) places.sawMark(after)
  const isEnd = after?.content.last === event
  // The mark that ended with the event is gone.
  if (!isEnd && around?.isEnd) places.forget(stream)
  // Without one that can be believed the moment is folded from the first event.
  const fits = isEnd ? after : before
  return fits !== undefined && isSound(fits) ? fits.content : undefined
}
