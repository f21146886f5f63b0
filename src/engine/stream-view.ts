/**
 * One stream that pages have open: its record, and how far the log was read. Rows stored here are folded on as their
 * transaction completes; rows stored in another tab are read from the log when the channel names them.
 */
import type { CommitRow } from '../core/commit.ts'
import { type StreamId, sessionOfStream, type WriterId } from '../core/ids.ts'
import type { Log } from '../core/ports.ts'
import type { Range } from '../core/ranges.ts'
import { foldSession, mustRefold } from '../core/session/fold.ts'
import type { SessionRecord } from '../core/session/record.ts'
import type { StreamStart } from '../core/stream-start.ts'
import type { HybridClock } from '../core/timeline/hybrid-clock.ts'
import type { ClosedKeys } from './closed-keys.ts'
import type { OpenedStream } from './loaded-rows.ts'
import { observeRows } from './observe-rows.ts'
import { ReadPosition } from './read-position.ts'
import type { StreamChange } from './stream-change.ts'

/** What a look at the log found. */
export interface RowsRead {
  /** Every row after this one that was stored by then. */
  readonly after: number
  readonly rows: readonly CommitRow[]
}

export interface StreamViewDeps {
  readonly log: Log
  readonly writer: WriterId
  readonly clock: Pick<HybridClock, 'observe'>
  readonly closedKeys: Pick<ClosedKeys, 'begin' | 'take' | 'end'>
  readonly onChange: (change: StreamChange) => void
  readonly onError: (error: unknown) => void
  /** Performs later what failed. */
  readonly later: (work: () => void) => void
}

export interface StreamView {
  /** As far as this worker has heard; undefined while the log is being read. */
  readonly record: SessionRecord | undefined
  /** Resolves when what is being read has been. */
  settled(): Promise<undefined>
  /** Reads the stream from its beginning on; undefined where that failed. */
  load(opened: OpenedStream | undefined): Promise<StreamStart | undefined>
  /** Rows of this worker, as stored. */
  takeOwn(rows: readonly CommitRow[]): void
  /** Another tab stored rows, which are read. Resolves with them. */
  takeForeign(): Promise<RowsRead | undefined>
  /** Another tab brought rows, the next that are not known. False, or an error, where they are to be read. */
  takeCarried(rows: readonly CommitRow[]): boolean
  /** Those of the numbers that were read with the beginning, and told by nobody. */
  untold(ranges: readonly Range[]): readonly Range[]
  /** The session was deleted. */
  forget(): void
}

export function createStreamView(
  stream: StreamId,
  { log, writer, clock, closedKeys, onChange, onError, later }: StreamViewDeps,
): StreamView {
  /** Own rows after it were folded. */
  const position = new ReadPosition()
  let record: SessionRecord | undefined
  /** Own rows that were stored while the log was being read; undefined when it is not. */
  let waiting: CommitRow[] | undefined
  /** A look at the log that waits for its turn: it will see what is stored by then. */
  let looking: Promise<RowsRead | undefined> | undefined
  /** Reads of one stream never overlap. */
  let reading: Promise<unknown> = Promise.resolve()

  /**
   * Runs a read of the log; own rows stored meanwhile are folded after it, once.
   * @returns undefined where it could not be read
   */
  function read<T>(work: () => Promise<T>): Promise<T | undefined> {
    const done = reading.then(async () => {
      const stored: CommitRow[] = []
      waiting = stored
      const result = await work().catch((error: unknown) => {
        onError(error)
        position.failed()
        return undefined
      })
      waiting = undefined
      const { readTo } = position
      const folded = stored.filter((row) => row.seq <= readTo)
      const after = stored.filter((row) => row.seq > readTo)
      if (folded.length > 0) emit(folded, 'local')
      if (after.length > 0) fold(after)
      return result
    })
    reading = done
    return done
  }

  function begin(start: StreamStart): void {
    observeRows(clock, start.tail)
    closedKeys.begin(stream, start)
    record = foldSession(start.record, stream, start.tail)
    position.readUpTo(lastSeq(start.tail, start.upTo))
  }

  async function readForeign(): Promise<RowsRead> {
    const after = position.readTo
    if (position.isKnown && isFolded()) {
      const rows = await log.tail(stream, after)
      const fresh = rows.filter((row) => position.isNews(row))
      if (!mustRefold(record, fresh)) {
        record = foldSession(record, stream, fresh)
        position.readUpTo(lastSeq(rows, after))
        emitForeign(fresh)
        return { after, rows }
      }
    }
    // The record is folded anew: a status event that arrives late can change what later ones meant. Both are read before
    // anything changes, so that a reading that failed can be done again.
    const start = await log.start(stream)
    const rows = await log.tail(stream, after)
    const fresh = rows.filter((row) => position.isNews(row))
    begin(start)
    emitForeign(fresh.filter(({ seq }) => seq <= position.readTo))
    return { after, rows }
  }

  /** Rows say nothing where the session they belong to was not known yet. */
  function isFolded(): boolean {
    return record !== undefined || sessionOfStream(stream) !== (stream as string)
  }

  function fold(rows: readonly CommitRow[]): void {
    if (mustRefold(record, rows)) {
      // What other tabs stored meanwhile is read, and told, as well.
      void read(() => readForeign().finally(() => emit(rows, 'local')))
      return
    }
    record = foldSession(record, stream, rows)
    position.countOwn(rows)
    emit(rows, 'local')
  }

  function emitForeign(rows: readonly CommitRow[]): void {
    const foreign = rows.filter((row) => row.writer !== writer)
    observeRows(clock, foreign)
    if (foreign.length > 0) emit(foreign, 'tab')
  }

  function emit(rows: readonly CommitRow[], source: 'local' | 'tab'): void {
    closedKeys.take(stream, rows)
    onChange({ stream, rows, source, ...(record && { record }) })
  }

  return {
    get record() {
      return waiting === undefined ? record : undefined
    },
    settled: () => reading.then(() => undefined),
    load: (opened) =>
      read(async () => {
        const start = await log.start(stream)
        begin(start)
        position.loaded([])
        const told = await opened?.(start, position.readTo).catch(onError)
        if (told) position.loaded(told)
        return start
      }),
    takeOwn(rows) {
      if (waiting === undefined) fold(rows)
      else waiting.push(...rows)
    },
    async takeForeign() {
      const look = () => {
        looking ??= read(() => {
          looking = undefined
          return readForeign()
        })
        return looking
      }
      // Once more: nothing else would tell of these rows until the next ones come.
      const found = await look()
      if (found === undefined) later(() => void look())
      return found
    },
    takeCarried(rows) {
      if (waiting !== undefined || looking !== undefined) return false
      if (!isFolded() || mustRefold(record, rows)) return false
      const fresh = position.countCarried(rows)
      if (fresh === undefined) return false
      const before = record
      try {
        record = foldSession(before, stream, fresh)
        emitForeign(fresh)
      } catch (error) {
        record = before
        position.uncount(fresh)
        throw error
      }
      return true
    },
    untold: (ranges) => position.untold(ranges),
    forget() {
      record = undefined
    },
  }
}

function lastSeq(rows: readonly CommitRow[], least: number): number {
  return rows.reduce((last, row) => Math.max(last, row.seq), least)
}
