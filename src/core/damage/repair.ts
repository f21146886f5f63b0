import { STORE_STREAM, type StreamId, sessionOfStream } from '../ids.ts'
import type { MendOptions } from '../maintenance.ts'
import type { Journal, Log } from '../ports.ts'
import { countNames, type NameCounts } from './count-names.ts'
import type { FoundDamage } from './damage.ts'
import { foldMending } from './mending.ts'

/** How often a stream, or the whole log, is read again when something was stored meanwhile. */
const MAX_READS = 5

/** What readers found damaged, and its record. */
export interface DamageBook {
  note(found: FoundDamage): void
  /** Resolves when all that was noted is recorded, and set aside. */
  recorded(): Promise<void>
}

export interface RepairDeps {
  readonly journal: Pick<Journal, 'mend' | 'recount'>
  readonly log: Pick<Log, 'streams' | 'tail' | 'gaps' | 'lastArrival'>
  readonly damage: DamageBook
}

export interface Repaired {
  /** How many rows were put right. */
  readonly mended: number
  /** False where it gave up at some of them, since they were written to all the time. */
  readonly isComplete: boolean
}

/**
 * Makes the index rows of every session and scope anew from the log, where they differ from it: sessions, views,
 * artifacts, runs, and the heads of all of these; then counts the names of contents. What a log that lost rows cannot
 * tell is left as it is.
 *
 * @param options.fence as a steward's chore
 * @param options.checksEntries also rows of which an index has lost an entry are put anew
 */
export async function repairIndexes(
  deps: RepairDeps,
  { progress, ...options }: MendOptions & { readonly progress?: (done: number, total: number) => void } = {},
): Promise<Repaired> {
  const streams = (await deps.log.streams()).filter(hasIndexes)
  const counts: (number | undefined)[] = []
  for (const [done, stream] of streams.entries()) {
    counts.push(await repairStream(deps, stream, options))
    progress?.(done + 1, streams.length)
  }
  counts.push(await recountContents(deps, options.fence))
  return {
    mended: counts.reduce<number>((sum, count = 0) => sum + count, 0),
    isComplete: !counts.includes(undefined),
  }
}

/** The same of one stream. @returns how many rows were put right; undefined where it is written to all the time */
export async function repairStream(
  {
    journal,
    log,
    damage,
  }: Pick<RepairDeps, 'damage'> & {
    readonly journal: Pick<Journal, 'mend'>
    readonly log: Pick<Log, 'tail' | 'gaps'>
  },
  stream: StreamId,
  options: MendOptions = {},
): Promise<number | undefined> {
  // A log that lost rows is to be known as one before anything is made of it.
  for (const gap of await log.gaps(stream)) damage.note(gap)
  for (let turn = 1; turn <= MAX_READS; turn += 1) {
    const rows = await log.tail(stream, 0)
    await damage.recorded()
    const mended = await journal.mend(stream, foldMending(stream, rows), options)
    if (mended !== undefined) return mended
  }
  return undefined
}

async function recountContents(
  { journal, log }: Pick<RepairDeps, 'journal' | 'log'>,
  fence: number | undefined,
): Promise<number | undefined> {
  for (let turn = 1; turn <= MAX_READS; turn += 1) {
    const last = await log.lastArrival()
    const counts: NameCounts = new Map()
    for (const stream of await log.streams()) countNames(counts, await log.tail(stream, 0))
    const counted = await journal.recount(counts, last, fence)
    if (counted !== undefined) return counted
  }
  return undefined
}

/** App documents and the store's own stream have none. */
function hasIndexes(stream: StreamId): boolean {
  const session = sessionOfStream(stream)
  return session === undefined ? stream !== STORE_STREAM : (session as string) === stream
}
