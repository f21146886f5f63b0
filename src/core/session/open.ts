import type { StreamEnd } from '../commit.ts'
import { clockOfId, type SessionId, type StreamId, sessionStream } from '../ids.ts'
import type { Log } from '../ports.ts'
import type { Entry } from '../state/delta.ts'
import { deltasOf } from '../state/fold.ts'
import { entriesOf, lastStamp, type ReadEntries, withDeltas } from '../state/packed-entries.ts'
import type { StreamStart } from '../stream-start.ts'
import type { HybridClock } from '../timeline/hybrid-clock.ts'
import { foldSession } from './fold.ts'
import { sessionNotFound } from './head.ts'
import type { PackedStart, SessionStart } from './input.ts'
import { type KeptRecord, unpackKept } from './kept-record.ts'
import type { SessionRecord } from './record.ts'

export interface SeenState {
  readonly entries: readonly Entry[]
  readonly seen: StreamEnd
}

/** What opening reads. */
export type Starts = Pick<Log, 'start'>

/** A reading of a stream that began after its caller had asked, where there is one; undefined in it: it failed. */
export type BegunStart = (stream: StreamId) => Promise<StreamStart | undefined> | undefined

/** Takes what is being read already. */
export function withBegun(log: Starts, begun: BegunStart = () => undefined): Starts {
  return { start: async (stream) => (await begun(stream)) ?? log.start(stream) }
}

/**
 * A session with what its page needs first, in one read of the database.
 *
 * @throws SESSION_NOT_FOUND where there is no such session.
 */
export async function openSession(log: Starts, id: SessionId): Promise<SessionStart> {
  const { record, ...read } = await readSession(log, id)
  return { record, entries: entriesOf(read, { id }) }
}

/** The same, of its state what the database holds packed as it is. */
export async function readSession(log: Starts, id: SessionId): Promise<PackedStart> {
  const start = await log.start(sessionStream(id))
  const record = recordOf(id, start)
  if (record === undefined) throw sessionNotFound(id)
  return { record, ...withTail(start) }
}

/**
 * The state of a session with the end of what it was read of, for an operation that is to stand on it.
 *
 * @throws SESSION_NOT_FOUND where there is no such session.
 */
export async function readState(log: Log, id: SessionId): Promise<SeenState> {
  const stream = sessionStream(id)
  const start = await log.start(stream)
  if (recordOf(id, start) === undefined) throw sessionNotFound(id)
  return {
    entries: entriesOf(withTail(start), { id }),
    seen: { stream, upTo: start.tail.at(-1)?.seq ?? start.upTo },
  }
}

/**
 * A session as it is stored, or null. Not from an index row, which may lag behind the log, and not from memory, which
 * another tab's change may not have reached.
 */
export async function findSession(log: Pick<Log, 'record'>, id: SessionId): Promise<SessionRecord | null> {
  return unpackKept(await findKeptSession(log, id), id)
}

/** The same, as the database keeps it. */
export async function findKeptSession(log: Pick<Log, 'record'>, id: SessionId): Promise<KeptRecord | null> {
  return (await log.record(sessionStream(id))) ?? null
}

/** The entries of a stream's state; none where nothing was written to it. */
export async function openState(log: Starts, stream: StreamId): Promise<readonly Entry[]> {
  return entriesOf(await readStream(log, stream), { id: stream })
}

/** The same, packed as it is in the database. */
export async function readStream(log: Starts, stream: StreamId): Promise<ReadEntries> {
  return withTail(await log.start(stream))
}

/**
 * Makes what is written from now on beat what stands there, whichever writer it came from: a worker that starts after
 * the wall clock was set back would otherwise write in vain.
 */
export function observeEntries(clock: HybridClock, read: ReadEntries): void {
  const last = lastStamp(read)
  if (last !== undefined) clock.observe(clockOfId(last), 'database')
}

function recordOf(id: SessionId, { record, tail }: StreamStart): SessionRecord | undefined {
  return foldSession(record, sessionStream(id), tail)
}

function withTail({ tail, ...start }: StreamStart): ReadEntries {
  return withDeltas(
    start,
    tail.flatMap((row) => row.events.flatMap(deltasOf)),
  )
}
