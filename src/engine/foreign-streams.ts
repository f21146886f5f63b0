/**
 * What other tabs stored, given on stream by stream: to its view, its document, and the pages that want every row. Those of
 * one tab come in their order, whichever reading ends first.
 */
import type { LiveDocuments } from '../context/documents.ts'
import type { CommitRow } from '../core/commit.ts'
import { type StreamId, TURNS_STREAM, type WriterId } from '../core/ids.ts'
import type { Log } from '../core/ports.ts'
import type { Range } from '../core/ranges.ts'
import type { HybridClock } from '../core/timeline/hybrid-clock.ts'
import type { StoredMessage } from '../sync/tab-message.ts'
import { byStream } from './carried-rows.ts'
import { createLoadedRows } from './loaded-rows.ts'
import { observeRows } from './observe-rows.ts'
import type { StreamChange } from './stream-change.ts'
import type { RowsRead } from './stream-view.ts'
import type { StreamViews } from './stream-views.ts'

/** Of each stream the arrival number of the first new row. */
export type NewOfStreams = StoredMessage['streams']

export interface ForeignStreams {
  /** Reads what is new. @param fresh the rows that nobody told of before: of the same stream there may be others by now */
  take(streams: NewOfStreams, fresh: readonly Range[]): void
  /**
   * Rows that their message carries, where all before them were given on: in the order of the log, which is the same in
   * every tab. What a reading would have found by now does not matter: of what came later another message tells.
   */
  takeCarried(rows: readonly CommitRow[], fresh: readonly Range[]): void
  /** Whether something is being read that comes before what is taken now. */
  readonly areBehind: boolean
  /** Resolves when what was taken by now was given on. */
  settle(): Promise<unknown>
}

/** Rows of several writers may stand in another order than their clocks, by a few. */
export const LAST_ROWS = 4

/** How long after a failed read of what another tab stored it is tried once more. */
export const RETRY_MS = 250

export interface ForeignStreamsDeps {
  readonly log: Log
  readonly clock: Pick<HybridClock, 'observe'>
  readonly documents: Pick<LiveDocuments, 'has' | 'receive'>
  readonly views: StreamViews
  /** Pages that want the rows of every stream. */
  readonly watching: () => readonly { take(change: StreamChange): void }[]
  /** A stream was written to in another tab. */
  readonly onWritten: (stream: StreamId) => void
  readonly onError: (error: unknown) => void
}

export function createForeignStreams({
  log,
  clock,
  documents,
  views,
  watching,
  onWritten,
  onError,
  writer,
  unheard,
  pause,
}: ForeignStreamsDeps & {
  /** This worker. */
  readonly writer: WriterId
  /** The numbers of which no word has come. */
  readonly unheard: () => readonly Range[]
  /** False where this worker has stopped hearing meanwhile. */
  readonly pause: (delayMs: number) => Promise<boolean>
}): ForeignStreams {
  /** What was told last of a stream, until it was given on: its reading, and that with what follows where it fails. */
  const turns = new Map<StreamId, { readonly reading: Promise<void>; readonly over: Promise<void> }>()
  const loaded = createLoadedRows({
    log,
    unheard,
    underway: (stream) => turns.get(stream)?.reading,
    tellWatching,
    isWatched: () => watching().length > 0,
  })
  views.onOpening(loaded.open)

  function take(streams: NewOfStreams, fresh: readonly Range[]): void {
    for (const [stream, seq] of streams) {
      if (stream === TURNS_STREAM) continue
      onWritten(stream)
      const before = turns.get(stream)?.over
      const reading = takeStream(stream, seq, fresh, before)
      // What comes later waits for the further try as well.
      const over = reading.catch(async (error: unknown) => {
        onError(error)
        if (await pause(RETRY_MS)) await takeStream(stream, seq, fresh, before).catch(onError)
      })
      const turn = { reading: reading.catch(() => {}), over }
      turns.set(stream, turn)
      void over.then(() => {
        if (turns.get(stream) === turn) turns.delete(stream)
      })
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
    if (!isShown && watching().length === 0 && !documents.has(stream)) {
      // One that nobody looks at is only to be older than what is written here from now on.
      observeRows(clock, await log.range(stream, { reverse: true, limit: LAST_ROWS }))
      return
    }
    const read = await views.takeForeign(stream)
    if (isShown) await loaded.tell(stream, views.untold(stream, fresh))
    // Who shows it tells of it; what else a reading brought is told by a message of its own.
    if (isShown && !documents.has(stream)) return
    const foreign = ofOthers(await rowsFrom(stream, seq, read))
    await before
    observeRows(clock, foreign)
    documents.receive(stream, foreign)
    if (!isShown) tellWatching(stream, foreign, fresh)
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

  /** Tells pages that want every row of those of other tabs among these that are in the ranges. */
  function tellWatching(stream: StreamId, rows: readonly CommitRow[], of: readonly Range[]): void {
    const told = ofOthers(rows).filter(({ seq }) => of.some(([from, to]) => seq >= from && seq <= to))
    if (told.length > 0) for (const page of watching()) page.take({ stream, rows: told, source: 'tab' })
  }

  function ofOthers(rows: readonly CommitRow[]): readonly CommitRow[] {
    return rows.filter((row) => row.writer !== writer)
  }

  /** @returns false where they are to be read all the same, as what nobody can use: the log has what was stored */
  function takeCarriedOf(stream: StreamId, rows: readonly CommitRow[]): boolean {
    const isShown = views.has(stream)
    try {
      if (isShown && !views.takeCarried(stream, rows)) return false
      observeRows(clock, rows)
      if (documents.has(stream)) documents.receive(stream, rows)
      if (!isShown) for (const page of watching()) page.take({ stream, rows, source: 'tab' })
      return true
    } catch (error) {
      onError(error)
      return false
    }
  }

  return {
    take,
    takeCarried(rows, fresh) {
      for (const [stream, ofStream] of byStream(rows)) {
        if (stream === TURNS_STREAM) continue
        if (takeCarriedOf(stream, ofStream)) onWritten(stream)
        else take([[stream, ofStream[0]?.seq ?? 1]], fresh)
      }
    },
    get areBehind() {
      return turns.size > 0
    },
    settle: () => Promise.all([...turns.values()].map(({ over }) => over)),
  }
}
