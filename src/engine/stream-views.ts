/**
 * What pages have open: per attached stream the record and how far the log was read. Rows stored here are folded on
 * as their transaction completes; rows stored in another tab are read from the log when the channel names them.
 */
import type { CommitRow } from '../core/commit.ts'
import type { StreamId, WriterId } from '../core/ids.ts'
import type { Log, StreamStart } from '../core/ports.ts'
import { foldSession, mustRefold } from '../core/session/fold.ts'
import type { SessionRecord } from '../core/session/record.ts'
import type { HybridClock } from '../core/timeline/hybrid-clock.ts'
import { observeRows } from './observe-rows.ts'

export interface StreamViews {
  /** Counts one more page that has the stream open. Resolves when its record is known. */
  attach(stream: StreamId): Promise<void>
  detach(stream: StreamId): void
  /** Rows of this worker, as stored. */
  takeOwn(rows: readonly CommitRow[]): void
  /** Another tab stored rows of this stream, which is read where a page has it open. Resolves when it was. */
  takeForeign(stream: StreamId): Promise<void>
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

interface View {
  pages: number
  record: SessionRecord | undefined
  /** The log was read up to here. */
  readTo: number
  /** Own rows that were stored while the log was being read; undefined when it is not. */
  waiting: CommitRow[] | undefined
  /** Reads of one stream never overlap. */
  reading: Promise<unknown>
}

export function createStreamViews(deps: {
  readonly log: Log
  readonly writer: WriterId
  readonly clock: Pick<HybridClock, 'observe'>
  readonly onChange: (change: StreamChange) => void
  readonly onError: (error: unknown) => void
  /** Performs later what failed. */
  readonly later: (work: () => void) => void
}): StreamViews {
  const views = new Map<StreamId, View>()

  /**
   * Runs a read of the log; own rows stored meanwhile are folded after it, once.
   * @returns whether it could be read
   */
  function read(stream: StreamId, view: View, work: () => Promise<void>): Promise<boolean> {
    const reading = view.reading.then(async () => {
      let isRead = true
      view.waiting = []
      try {
        await work()
      } catch (error) {
        isRead = false
        deps.onError(error)
      }
      const waiting = view.waiting
      view.waiting = undefined
      const folded = waiting.filter((row) => row.seq <= view.readTo)
      const later = waiting.filter((row) => row.seq > view.readTo)
      if (folded.length > 0) emit(stream, view, folded, 'local')
      if (later.length > 0) fold(stream, view, later, 'local')
      return isRead
    })
    view.reading = reading
    return reading
  }

  async function load(stream: StreamId, view: View): Promise<void> {
    take(stream, view, await deps.log.start(stream))
  }

  function take(stream: StreamId, view: View, start: StreamStart): void {
    observeRows(deps.clock, start.tail)
    view.record = foldSession(start.record, stream, start.tail)
    view.readTo = lastSeq(start.tail, start.upTo)
  }

  async function readForeign(stream: StreamId, view: View): Promise<void> {
    const before = view.readTo
    // The record is folded anew: own rows after `readTo` are in it already, and a status event that arrives late can
    // change what later ones meant.
    const start = await deps.log.start(stream)
    const rows = await deps.log.tail(stream, before)
    // Both are read before anything changes, so that a read that failed can be done again.
    take(stream, view, start)
    const foreign = rows.filter((row) => row.writer !== deps.writer && row.seq <= view.readTo)
    observeRows(deps.clock, foreign)
    if (foreign.length > 0) emit(stream, view, foreign, 'tab')
  }

  function fold(stream: StreamId, view: View, rows: readonly CommitRow[], source: 'local' | 'tab'): void {
    if (mustRefold(view.record, rows)) {
      void read(stream, view, async () => {
        await load(stream, view)
        emit(stream, view, rows, source)
      })
      return
    }
    view.record = foldSession(view.record, stream, rows)
    emit(stream, view, rows, source)
  }

  function emit(stream: StreamId, view: View, rows: readonly CommitRow[], source: 'local' | 'tab'): void {
    deps.onChange({ stream, rows, source, ...(view.record === undefined ? {} : { record: view.record }) })
  }

  return {
    attach(stream) {
      const known = views.get(stream)
      if (known !== undefined) {
        known.pages += 1
        return known.reading.then(() => {})
      }
      const view: View = {
        pages: 1,
        record: undefined,
        readTo: 0,
        waiting: undefined,
        reading: Promise.resolve(),
      }
      views.set(stream, view)
      return read(stream, view, () => load(stream, view)).then(() => {})
    },
    detach(stream) {
      const view = views.get(stream)
      if (view === undefined) return
      view.pages -= 1
      if (view.pages <= 0) views.delete(stream)
    },
    takeOwn(rows) {
      for (const [stream, own] of byStream(rows)) {
        const view = views.get(stream)
        if (view === undefined) deps.onChange({ stream, rows: own, source: 'local' })
        else if (view.waiting !== undefined) view.waiting.push(...own)
        else fold(stream, view, own, 'local')
      }
    },
    async takeForeign(stream) {
      const view = views.get(stream)
      if (view === undefined) return
      const look = () => read(stream, view, () => readForeign(stream, view))
      // Once more: nothing else would tell of these rows until the next ones come.
      if (!(await look())) deps.later(() => void look())
    },
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

function byStream(rows: readonly CommitRow[]): Map<StreamId, CommitRow[]> {
  const groups = new Map<StreamId, CommitRow[]>()
  for (const row of rows) {
    const group = groups.get(row.stream)
    if (group === undefined) groups.set(row.stream, [row])
    else group.push(row)
  }
  return groups
}
