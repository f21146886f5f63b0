/**
 * What other tabs stored. A message brings small rows itself, of others it only says that a stream is worth a look; rows
 * that no message told of are found by the hole they leave, and the last ones by a look from time to time.
 */
import type { CommitRow } from '../core/commit.ts'
import type { StreamId } from '../core/ids.ts'
import type { Journal, WallClock } from '../core/ports.ts'
import { type Range, rangesOf } from '../core/ranges.ts'
import { type Arrivals, createArrivals } from '../sync/arrivals.ts'
import type { StoredMessage } from '../sync/tab-message.ts'
import { carriedRows } from './carried-rows.ts'
import { createForeignStreams, type ForeignStreamsDeps, type NewOfStreams } from './foreign-streams.ts'

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

/** How often the end of the log is looked at: a tab that is killed right after it stored something told nobody. */
export const LOOK_MS = 5_000

const ROWS_A_READ = 128

export function createForeignRows(
  deps: ForeignStreamsDeps & {
    readonly journal: Pick<Journal, 'writer'>
    /** Of the database. */
    readonly generation: string
    readonly wall: WallClock
  },
): ForeignRows {
  const { log, wall, onError } = deps
  const { writer } = deps.journal
  /** Ends of those that wait. */
  const pauses = new Set<() => void>()
  /** Told before the end of the log was known. */
  const early: { readonly ranges: readonly Range[]; readonly streams: NewOfStreams }[] = []
  let arrivals: Arrivals<NewOfStreams> | undefined
  let isStopped = false
  const streams = createForeignStreams({ ...deps, writer, unheard: () => arrivals?.unheard ?? [], pause })

  /** @param of whose rows they are, as another tab says; undefined where they are of this worker */
  function tell(ranges: readonly Range[], of?: NewOfStreams): readonly Range[] {
    if (arrivals === undefined) {
      early.push({ ranges, streams: of ?? [] })
      return ranges
    }
    return of === undefined ? arrivals.told(ranges) : arrivals.claimed(ranges, of)
  }

  /** A message that names other streams than those of its rows would keep this worker from ever hearing of them. */
  async function verify(named: NewOfStreams, ranges: readonly Range[]): Promise<void> {
    const known = named.map(([stream]) => stream)
    if (await log.areOf(known, ranges)) return
    for (const range of ranges) {
      const found = await readRange(range)
      streams.take(
        found.filter(([stream]) => !known.includes(stream)),
        ranges,
      )
    }
  }

  /** The first new row of each stream of others in a range of the log. */
  async function readRange([from, to]: Range): Promise<NewOfStreams> {
    const first = new Map<StreamId, number>()
    for (let after = from - 1; ; ) {
      const rows = await log.arrived({ after, before: to + 1, limit: ROWS_A_READ })
      for (const { stream, seq, writer: by } of rows)
        if (by !== writer && !first.has(stream)) first.set(stream, seq)
      const last = rows.at(-1)
      if (last === undefined || rows.length < ROWS_A_READ) break
      after = last.seq
    }
    return [...first]
  }

  async function catchUp(): Promise<void> {
    await arrivals?.readTo(await end())
    await streams.settle()
  }

  async function end(): Promise<number> {
    const [last] = await log.arrived({ reverse: true, limit: 1 })
    return last?.seq ?? 0
  }

  async function keepLooking(): Promise<void> {
    while (await pause(LOOK_MS)) await catchUp().catch(onError)
  }

  function pause(delayMs: number): Promise<boolean> {
    if (isStopped) return Promise.resolve(false)
    return new Promise((resolve) => {
      const end = () => {
        stop()
        pauses.delete(end)
        resolve(!isStopped)
      }
      const stop = wall.after(delayMs, end)
      pauses.add(end)
    })
  }

  return {
    begin(heardTo) {
      const onFound = streams.take
      arrivals = createArrivals({ wall, heardTo, end, read: readRange, onFound, verify, onError })
      for (const told of early.splice(0)) arrivals.claimed(told.ranges, told.streams)
      void keepLooking()
    },
    takeOwn(rows) {
      if (!isStopped) tell(rangesOf(rows.map(({ seq }) => seq)))
    },
    take(message) {
      if (isStopped) return
      const { streams: named, rows = named.map(([, seq]): Range => [seq, seq]) } = message
      const areNext = !streams.areBehind && arrivals?.areNext(rows) === true
      const carried = areNext ? carriedRows(message, deps) : undefined
      // Of a message that comes twice, or after its rows were read, nothing is left.
      const fresh = tell(rows, named)
      if (fresh.length === 0) return
      if (carried === undefined) streams.take(named, fresh)
      else streams.takeCarried(carried, fresh)
    },
    catchUp,
    stop() {
      isStopped = true
      arrivals?.stop()
      arrivals = undefined
      early.length = 0
      for (const end of [...pauses]) end()
    },
  }
}
