/**
 * What pages have open: per attached stream the record and how far the log was read. Rows stored here are folded on
 * as their transaction completes; rows stored in another tab are read from the log when the channel names them.
 */
import type { CommitRow } from '../core/commit.ts'
import { type StreamId, sessionOfStream, type WriterId } from '../core/ids.ts'
import type { Log, StreamStart } from '../core/ports.ts'
import type { Range } from '../core/ranges.ts'
import { foldSession, mustRefold } from '../core/session/fold.ts'
import type { SessionRecord } from '../core/session/record.ts'
import type { HybridClock } from '../core/timeline/hybrid-clock.ts'
import { byStream } from './carried-rows.ts'
import type { ClosedKeys } from './closed-keys.ts'
import type { OpenedStream } from './loaded-rows.ts'
import { observeRows } from './observe-rows.ts'
import { ReadPosition } from './read-position.ts'

export interface StreamViews {
  /**
   * Counts one more page that has the stream open. Resolves when its record is known, with what was read where it had to
   * be: a page that attaches a stream opens it next, which takes no second reading.
   */
  attach(stream: StreamId): Promise<StreamStart | undefined>
  detach(stream: StreamId): void
  /** Rows of this worker, as stored. */
  takeOwn(rows: readonly CommitRow[]): void
  /** Another tab stored rows of this stream, which is read where a page has it open. Resolves with what was. */
  takeForeign(stream: StreamId): Promise<RowsRead | undefined>
  /** Another tab brought rows of this stream, the next that are not known. False, or an error, where they are to be read. */
  takeCarried(stream: StreamId, rows: readonly CommitRow[]): boolean
  /** Called as a stream begins to be read for the first page that has it open. */
  onOpening(listener: (stream: StreamId) => OpenedStream | undefined): void
  /** Those of the numbers that were read with the beginning of an attached stream, and told by nobody. */
  untold(stream: StreamId, ranges: readonly Range[]): readonly Range[]
  /** The record of an attached session, as far as this worker has heard; undefined while the log is being read. */
  record(stream: StreamId): SessionRecord | undefined
  /** Whether some page has the stream open. */
  has(stream: StreamId): boolean
  /** The session was deleted: it has no record any more, though pages may still have it open. */
  forget(stream: StreamId): void
  close(): void
}

export interface StreamChange {
  readonly stream: StreamId
  readonly rows: readonly CommitRow[]
  readonly source: 'local' | 'tab'
  /** The session's record after the rows; absent for what is no session or is not attached. */
  readonly record?: SessionRecord
}

/** What a look at the log found. */
export interface RowsRead {
  /** Every row after this one that was stored by then. */
  readonly after: number
  readonly rows: readonly CommitRow[]
}

interface View {
  pages: number
  record: SessionRecord | undefined
  /** Own rows after it were folded. */
  readonly position: ReadPosition
  /** Own rows that were stored while the log was being read; undefined when it is not. */
  waiting: CommitRow[] | undefined
  /** A look at the log that waits for its turn: it will see what is stored by then. */
  looking: Promise<RowsRead | undefined> | undefined
  /** Reads of one stream never overlap. */
  reading: Promise<unknown>
}

export function createStreamViews(deps: {
  readonly log: Log
  readonly writer: WriterId
  readonly clock: Pick<HybridClock, 'observe'>
  readonly closedKeys: Pick<ClosedKeys, 'begin' | 'take' | 'end'>
  readonly onChange: (change: StreamChange) => void
  readonly onError: (error: unknown) => void
  /** Performs later what failed. */
  readonly later: (work: () => void) => void
}): StreamViews {
  const views = new Map<StreamId, View>()
  let opening: (stream: StreamId) => OpenedStream | undefined = () => undefined

  /**
   * Runs a read of the log; own rows stored meanwhile are folded after it, once.
   * @returns undefined where it could not be read
   */
  function read<T>(stream: StreamId, view: View, work: () => Promise<T>): Promise<T | undefined> {
    const reading = view.reading.then(async () => {
      view.waiting = []
      const result = await work().catch((error: unknown) => {
        deps.onError(error)
        view.position.failed()
        return undefined
      })
      const waiting = view.waiting
      view.waiting = undefined
      const folded = waiting.filter((row) => row.seq <= view.position.readTo)
      const later = waiting.filter((row) => row.seq > view.position.readTo)
      if (folded.length > 0) emit(stream, view, folded, 'local')
      if (later.length > 0) fold(stream, view, later)
      return result
    })
    view.reading = reading
    return reading
  }

  async function load(stream: StreamId, view: View, opened?: OpenedStream): Promise<StreamStart> {
    const start = await deps.log.start(stream)
    take(stream, view, start)
    view.position.loaded([])
    const told = await opened?.(start, view.position.readTo).catch(deps.onError)
    if (told) view.position.loaded(told)
    return start
  }

  function take(stream: StreamId, view: View, start: StreamStart): void {
    observeRows(deps.clock, start.tail)
    deps.closedKeys.begin(stream, start)
    view.record = foldSession(start.record, stream, start.tail)
    view.position.readUpTo(lastSeq(start.tail, start.upTo))
  }

  async function readForeign(stream: StreamId, view: View): Promise<RowsRead> {
    const { position } = view
    const after = position.readTo
    if (position.isKnown && isFolded(stream, view)) {
      const rows = await deps.log.tail(stream, after)
      const fresh = rows.filter((row) => position.isNews(row))
      if (!mustRefold(view.record, fresh)) {
        view.record = foldSession(view.record, stream, fresh)
        view.position.readUpTo(lastSeq(rows, after))
        emitForeign(stream, view, fresh)
        return { after, rows }
      }
    }
    // The record is folded anew: a status event that arrives late can change what later ones meant. Both are read before
    // anything changes, so that a reading that failed can be done again.
    const start = await deps.log.start(stream)
    const rows = await deps.log.tail(stream, after)
    const fresh = rows.filter((row) => position.isNews(row))
    take(stream, view, start)
    emitForeign(
      stream,
      view,
      fresh.filter(({ seq }) => seq <= view.position.readTo),
    )
    return { after, rows }
  }

  /** Rows say nothing where the session they belong to was not known yet. */
  function isFolded(stream: StreamId, { record }: View): boolean {
    return record !== undefined || sessionOfStream(stream) !== (stream as string)
  }

  function emitForeign(stream: StreamId, view: View, rows: readonly CommitRow[]): void {
    const foreign = rows.filter(({ writer }) => writer !== deps.writer)
    observeRows(deps.clock, foreign)
    if (foreign.length > 0) emit(stream, view, foreign, 'tab')
  }

  function fold(stream: StreamId, view: View, rows: readonly CommitRow[]): void {
    if (mustRefold(view.record, rows)) {
      void read(stream, view, async () => {
        await load(stream, view)
        emit(stream, view, rows, 'local')
      })
      return
    }
    view.record = foldSession(view.record, stream, rows)
    view.position.countOwn(rows)
    emit(stream, view, rows, 'local')
  }

  function emit(stream: StreamId, view: View, rows: readonly CommitRow[], source: 'local' | 'tab'): void {
    deps.closedKeys.take(stream, rows)
    deps.onChange({ stream, rows, source, ...(view.record === undefined ? {} : { record: view.record }) })
  }

  return {
    attach(stream) {
      const known = views.get(stream)
      if (known !== undefined) {
        known.pages += 1
        return known.reading.then(() => undefined)
      }
      const view: View = {
        pages: 1,
        record: undefined,
        position: new ReadPosition(),
        waiting: undefined,
        looking: undefined,
        reading: Promise.resolve(),
      }
      views.set(stream, view)
      const opened = opening(stream)
      return read(stream, view, () => load(stream, view, opened))
    },
    detach(stream) {
      const view = views.get(stream)
      if (view === undefined) return
      view.pages -= 1
      if (view.pages > 0) return
      views.delete(stream)
      deps.closedKeys.end(stream)
    },
    takeOwn(rows) {
      for (const [stream, own] of byStream(rows)) {
        const view = views.get(stream)
        if (view === undefined) deps.onChange({ stream, rows: own, source: 'local' })
        else if (view.waiting !== undefined) view.waiting.push(...own)
        else fold(stream, view, own)
      }
    },
    async takeForeign(stream) {
      const view = views.get(stream)
      if (view === undefined) return undefined
      const look = () => {
        view.looking ??= read(stream, view, () => {
          view.looking = undefined
          return readForeign(stream, view)
        })
        return view.looking
      }
      // Once more: nothing else would tell of these rows until the next ones come.
      const found = await look()
      if (found === undefined) deps.later(() => void look())
      return found
    },
    takeCarried(stream, rows) {
      const view = views.get(stream)
      if (view === undefined || view.waiting !== undefined || view.looking !== undefined) return false
      if (!isFolded(stream, view) || mustRefold(view.record, rows)) return false
      const fresh = view.position.countCarried(rows)
      if (fresh === undefined) return false
      const { record } = view
      try {
        view.record = foldSession(record, stream, fresh)
        emitForeign(stream, view, fresh)
      } catch (error) {
        view.record = record
        view.position.uncount(fresh)
        throw error
      }
      return true
    },
    onOpening(listener) {
      opening = listener
    },
    untold: (stream, ranges) => views.get(stream)?.position.untold(ranges) ?? [],
    record(stream) {
      const view = views.get(stream)
      return view?.waiting === undefined ? view?.record : undefined
    },
    has: (stream) => views.has(stream),
    forget(stream) {
      const view = views.get(stream)
      if (view !== undefined) view.record = undefined
    },
    close: () => views.clear(),
  }
}

function lastSeq(rows: readonly CommitRow[], least: number): number {
  return rows.reduce((last, row) => Math.max(last, row.seq), least)
}
