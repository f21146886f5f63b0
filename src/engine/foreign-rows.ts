/**
 * What other tabs stored. A message brings small rows itself, of others it only says that a stream is worth a look; rows
 * that no message told of are found by the hole they leave, and the last ones by a look from time to time.
 */
import type { LiveDocuments } from '../context/documents.ts'
import type { CommitRow } from '../core/commit.ts'
import type { StreamId } from '../core/ids.ts'
import type { Journal, Log, WallClock } from '../core/ports.ts'
import { type Range, rangesOf } from '../core/ranges.ts'
import type { HybridClock } from '../core/timeline/hybrid-clock.ts'
import { type Arrivals, createArrivals } from '../sync/arrivals.ts'
import type { StoredMessage } from '../sync/tab-message.ts'
import { byStream, carriedRows } from './carried-rows.ts'
import { createLoadedRows } from './loaded-rows.ts'
import { observeRows } from './observe-rows.ts'
import type { RowsRead, StreamChange, StreamViews } from './stream-views.ts'

export interface ForeignRows {
  /** Begins to count: the last row that is stored now is known, and what comes later is told. */
  begin(lastSeq: number): void
  /** Rows of this worker. */
  takeOwn(rows: readonly CommitRow[]): void
  take(message: StoredMessage): void
  /** Reads what was stored and not told. Resolves when pages have it, and what was told before. */
  catchUp(): Promise<void>
  stop(): void
}

type Streams = StoredMessage['streams']

/** Rows of several writers may stand in another order than their clocks, by a few. */
export const LAST_ROWS = 4

/** How long after a failed read of what another tab stored it is tried once more. */
const RETRY_MS = 250

/** How often the end of the log is looked at: a tab that is killed right after it stored something told nobody. */
export const LOOK_MS = 5_000

const ROWS_A_READ = 128

export function createForeignRows(deps: {
  readonly log: Log
  readonly journal: Pick<Journal, 'writer'>
  /** Of the database. */
  readonly generation: string
  readonly clock: Pick<HybridClock, 'observe'>
  readonly wall: WallClock
  readonly documents: Pick<LiveDocuments, 'has' | 'receive'>
  readonly views: StreamViews
  /** Pages that want the rows of every stream. */
  readonly watching: () => readonly { take(change: StreamChange): void }[]
  /** A stream was written to in another tab. */
  readonly onWritten: (stream: StreamId) => void
  readonly onError: (error: unknown) => void
}): ForeignRows {
  const { log, clock, documents, views, wall, onError } = deps
  const loaded = createLoadedRows({ ...deps, writer: deps.journal.writer })
  const stopTimers = new Set<() => void>()
  /** What was told last of a stream, until it was given on. */
  const turns = new Map<StreamId, Promise<void>>()
  /** Readings that failed and are tried once more. */
  let retries = 0
  /** Told before the end of the log was known. */
  const early: { readonly ranges: readonly Range[]; readonly streams: Streams }[] = []
  let arrivals: Arrivals<Streams> | undefined

  /** @param streams whose rows they are, as another tab says; undefined where they are of this worker */
  function tell(ranges: readonly Range[], streams?: Streams): readonly Range[] {
    if (arrivals === undefined) {
      early.push({ ranges, streams: streams ?? [] })
      return ranges
    }
    return streams === undefined ? arrivals.told(ranges) : arrivals.claimed(ranges, streams)
  }

  /** A message that names other streams than those of its rows would keep this worker from ever hearing of them. */
  async function verify(named: Streams, ranges: readonly Range[]): Promise<void> {
    const streams = named.map(([stream]) => stream)
    if (await log.areOf(streams, ranges)) return
    for (const range of ranges) {
      const found = await readRange(range)
      take(
        found.filter(([stream]) => !streams.includes(stream)),
        ranges,
      )
    }
  }

  /** @param fresh the rows that nobody told of before: of the same stream there may be others by now */
  function take(streams: Streams, fresh: readonly Range[]): void {
    for (const [stream, seq] of streams) {
      deps.onWritten(stream)
      const turn = takeStream(stream, seq, fresh, turns.get(stream)).catch((error: unknown) => {
        onError(error)
        retries += 1
        later(RETRY_MS, () => {
          const again = takeStream(stream, seq, fresh).catch(onError)
          void again.finally(() => {
            retries -= 1
          })
        })
      })
      turns.set(stream, turn)
      void turn.then(() => {
        if (turns.get(stream) === turn) turns.delete(stream)
      })
    }
  }

  /**
   * Rows that their message carries, where all before them were given on: in the order of the log, which is the same in
   * every tab. What a reading would have found by now does not matter: of what came later another message tells.
   */
  function takeCarried(rows: readonly CommitRow[], fresh: readonly Range[]): void {
    for (const [stream, ofStream] of byStream(rows)) {
      if (takeCarriedOf(stream, ofStream)) deps.onWritten(stream)
      else take([[stream, ofStream[0]?.seq ?? 1]], fresh)
    }
  }

  /** @returns false where they are to be read all the same, as what nobody can use: the log has what was stored */
  function takeCarriedOf(stream: StreamId, rows: readonly CommitRow[]): boolean {
    const isShown = views.has(stream)
    try {
      if (isShown && !views.takeCarried(stream, rows)) return false
      observeRows(clock, rows)
      if (documents.has(stream)) documents.receive(stream, rows)
      if (!isShown) for (const page of deps.watching()) page.take({ stream, rows, source: 'tab' })
      return true
    } catch (error) {
      onError(error)
      return false
    }
  }

  /**
   * The log is the truth: the message only says that it is worth a look.
   * @param before what is given on first: a later reading may end earlier
   */
  async function takeStream(
    stream: StreamId,
    seq: number,
    fresh: readonly Range[],
    before?: Promise<void>,
  ): Promise<void> {
    const isShown = views.has(stream)
    if (!isShown && deps.watching().length === 0 && !documents.has(stream)) {
      // One that nobody looks at is only to be older than what is written here from now on.
      observeRows(clock, await log.range(stream, { reverse: true, limit: LAST_ROWS }))
      return
    }
    if (isShown && loaded.mayBe(stream, seq)) await loaded.tell(stream, seq, fresh)
    const read = await views.takeForeign(stream)
    // Who shows it tells of it; what else a reading brought is told by a message of its own.
    if (isShown && !documents.has(stream)) return
    const foreign = ofOthers(await rowsFrom(stream, seq, read))
    await before
    observeRows(clock, foreign)
    documents.receive(stream, foreign)
    if (!isShown) loaded.tellWatching(stream, foreign, fresh)
  }

  /** What the view has read is not read again, where it reaches back so far. */
  function rowsFrom(
    stream: StreamId,
    seq: number,
    read: RowsRead | undefined,
  ): Promise<readonly CommitRow[]> {
    if (read === undefined || read.after >= seq) return log.tail(stream, seq - 1)
    return Promise.resolve(read.rows.filter((row) => row.seq >= seq))
  }

  /** The first new row of each stream of others in a range of the log. */
  async function readRange([from, to]: Range): Promise<Streams> {
    const first = new Map<StreamId, number>()
    for (let after = from - 1; ; ) {
      const rows = await log.arrived({ after, before: to + 1, limit: ROWS_A_READ })
      for (const { stream, seq } of ofOthers(rows)) if (!first.has(stream)) first.set(stream, seq)
      const last = rows.at(-1)
      if (last === undefined || rows.length < ROWS_A_READ) break
      after = last.seq
    }
    return [...first]
  }

  function ofOthers(rows: readonly CommitRow[]): readonly CommitRow[] {
    return rows.filter((row) => row.writer !== deps.journal.writer)
  }

  async function catchUp(): Promise<void> {
    await arrivals?.readTo(await end())
    await Promise.all(turns.values())
  }

  async function end(): Promise<number> {
    const [last] = await log.arrived({ reverse: true, limit: 1 })
    return last?.seq ?? 0
  }

  function look(): void {
    catchUp()
      .catch(onError)
      .finally(() => {
        if (arrivals !== undefined) later(LOOK_MS, look)
      })
  }

  function later(delayMs: number, work: () => void): void {
    const stop = wall.after(delayMs, () => {
      stopTimers.delete(stop)
      work()
    })
    stopTimers.add(stop)
  }

  return {
    begin(heardTo) {
      arrivals = createArrivals({ wall, heardTo, end, read: readRange, onFound: take, verify, onError })
      for (const { ranges, streams } of early) arrivals.claimed(ranges, streams)
      later(LOOK_MS, look)
    },
    takeOwn: (rows) => tell(rangesOf(rows.map(({ seq }) => seq))),
    take(message) {
      const { streams, rows = streams.map(([, seq]): Range => [seq, seq]) } = message
      const areNext = turns.size + retries === 0 && arrivals?.areNext(rows) === true
      const carried = areNext ? carriedRows(message, deps) : undefined
      // Of a message that comes twice, or after its rows were read, nothing is left.
      const fresh = tell(rows, streams)
      if (fresh.length === 0) return
      if (carried === undefined) take(streams, fresh)
      else takeCarried(carried, fresh)
    },
    catchUp,
    stop() {
      arrivals?.stop()
      arrivals = undefined
      for (const stop of stopTimers) stop()
    },
  }
}
