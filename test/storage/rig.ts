/**
 * What storage tests share: a database of their own, a fake clock, seeded ids, and operations to commit. Tests in Node
 * import fake-indexeddb first.
 */
import { expect, onTestFinished } from 'vitest'
import { createDocuments } from '../../src/context/documents.ts'
import type { CommitRow, Decision, HeadKey, Operation, StreamWrite } from '../../src/core/commit.ts'
import {
  type CorrelationId,
  clockAt,
  type EventId,
  idAt,
  type RequestId,
  type SessionId,
  type StreamId,
  sessionStream,
  TURNS_STREAM,
  type WriterId,
} from '../../src/core/ids.ts'
import type { Documents, Journal, Log, Tables } from '../../src/core/ports.ts'
import { entriesOf } from '../../src/core/state/packed-entries.ts'
import type { StateValue } from '../../src/core/state/value.ts'
import type { EventDataByType, EventType } from '../../src/core/timeline/catalog.ts'
import type { StoredEvent } from '../../src/core/timeline/event.ts'
import { createHybridClock, type HybridClock } from '../../src/core/timeline/hybrid-clock.ts'
import { createCompression } from '../../src/platform/compression.ts'
import type { Connection } from '../../src/storage/connection.ts'
import { createJournal, type JournalDeps } from '../../src/storage/journal.ts'
import { createLog } from '../../src/storage/log.ts'
import { openConnection } from '../../src/storage/open-connection.ts'
import { createTables } from '../../src/storage/tables.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { type FakeClock, fakeClock } from '../../src/testing/fake-clock.ts'
import { seededEntropy } from '../../src/testing/seeded-entropy.ts'

export interface Tab {
  readonly name: string
  readonly connection: Connection
  readonly clock: HybridClock
  readonly wall: FakeClock
  readonly documents: CountedDocuments
  readonly journal: Journal
  readonly log: Log
  readonly tables: Tables
}

/** The real documents, and how often each was changed. */
export interface CountedDocuments extends Documents {
  readonly applied: readonly StreamId[]
  readonly dropped: readonly StreamId[]
}

export const SESSION = 's1' as SessionId
export const STREAM = sessionStream(SESSION)

let count = 0
const open: Tab[] = []

/** Files that run in one browser share its databases, so a count alone would not do. */
export function freshName(): string {
  return `storage-${crypto.randomUUID()}`
}

/** @param meter what the browser estimates, where it is asked */
export async function openTab(
  name = freshName(),
  wall = fakeClock(),
  meter?: JournalDeps['meter'],
): Promise<Tab> {
  count += 1
  const connection = await openConnection({ name, wall, entropy: seededEntropy(count) })
  const clock = createHybridClock(wall, `8000-${count.toString(16).padStart(12, '0')}` as WriterId)
  const log = createLog(connection, createCompression())
  const documents = countedDocuments(log)
  const journal = createJournal({
    connection,
    clock,
    documents,
    wall,
    compression: createCompression(),
    ...(meter && { meter }),
  })
  const tab = { name, connection, clock, wall, documents, journal, log, tables: createTables(connection) }
  if (open.length === 0) onTestFinished(closeTabs)
  open.push(tab)
  return tab
}

/** A second tab of the same database, on the same clock of the machine. */
export function openBeside(tab: Tab): Promise<Tab> {
  return openTab(tab.name, tab.wall)
}

function countedDocuments(log: Log): CountedDocuments {
  const documents = createDocuments({ log })
  const applied: StreamId[] = []
  const dropped: StreamId[] = []
  return {
    applied,
    dropped,
    prepare: (streams) => documents.prepare(streams),
    release: (streams) => documents.release(streams),
    apply(stream, deltas) {
      applied.push(stream)
      return documents.apply(stream, deltas)
    },
    catchUp: () => documents.catchUp(),
    stored: (stream) => documents.stored(stream),
    receive: (stream, rows, snapshot, generation) => documents.receive(stream, rows, snapshot, generation),
    generation: (stream) => documents.generation(stream),
    isWorn: (stream, before) => documents.isWorn(stream, before),
    renewed: (stream, before) => documents.renewed(stream, before),
    outdate: (stream) => documents.outdate(stream),
    snapshot: (stream) => documents.snapshot(stream),
    drop(stream) {
      dropped.push(stream)
      documents.drop(stream)
    },
  }
}

/** After a test its databases keep their laws, as they are and after a barrier. */
async function closeTabs(): Promise<void> {
  const tabs = open.splice(0)
  const live = tabs.filter((tab) => tab.connection.ended === undefined)
  for (const tab of live) await expectLaws(tab)
  for (const tab of live) await tab.journal.flush()
  for (const tab of live) await expectLaws(tab)
  for (const tab of live) {
    await tab.journal.close()
    tab.connection.close()
  }
  for (const name of new Set(tabs.map((tab) => tab.name))) indexedDB.deleteDatabase(name)
}

export async function expectLaws(tab: Tab): Promise<void> {
  expect(await checkLaws(tab.connection.native)).toEqual([])
}

export function eventOf<Type extends EventType>(
  clock: HybridClock,
  type: Type,
  data: EventDataByType[Type],
  correlationId = clock.nextId<CorrelationId>(),
): StoredEvent {
  return { id: clock.nextId<EventId>(), type, data, correlationId, source: 'local', schema: 1 }
}

export function operationOf<Result>(
  clock: HybridClock,
  decide: (head: (key: HeadKey) => unknown) => Decision<Result>,
  options: Partial<Operation<Result>> = {},
): Operation<Result> {
  return {
    requestId: clock.nextId<RequestId>(),
    mayRepeat: false,
    durability: 'relaxed',
    heads: [],
    decide: (heads) => decide((key) => heads.get(key)),
    ...options,
  }
}

/** Stores what nothing has to be decided for. Its events are made in the decision, as the rules make theirs. */
export function commitWrites(
  tab: Tab,
  writes: () => readonly StreamWrite[],
  options: Partial<Operation<undefined>> = {},
) {
  return tab.journal.commit(
    operationOf(tab.clock, () => ({ result: undefined, resultId: '', writes: writes() }), options),
  )
}

/** One event in a row of its own, at a time of the test's choice. */
export function addAt(tab: Tab, timeMs: number, refs: readonly string[] = []) {
  const event = eventOf(tab.clock, 'import.entry', { line: timeMs, data: null })
  const stored = { ...event, id: idAt<EventId>(clockAt(timeMs), tab.clock.writer) }
  return commitWrites(tab, () => [{ stream: STREAM, events: [stored], refs }])
}

/** Rows that stand outside segments, but for those that say whose turn it is. */
export function countCommits({ connection }: Pick<Tab, 'connection'>): Promise<number> {
  return connection.db.commits.filter(({ streamId }) => streamId !== TURNS_STREAM).count()
}

export function headOf(session: SessionId = SESSION): HeadKey {
  return ['session', session]
}

/** Creates a session as the rules do: its event, its head, its index row. */
export function createSession(
  tab: Tab,
  id: SessionId = SESSION,
  fields: Partial<EventDataByType['session.created']> = {},
) {
  const operation = operationOf(
    tab.clock,
    () => {
      const data = { name: 'one', description: '', tags: [], metadata: {}, limits: {}, ...fields }
      const event = eventOf(tab.clock, 'session.created', data)
      const write: StreamWrite = { stream: sessionStream(id), events: [event], index: true }
      const value = { status: 'active', correlationId: event.correlationId }
      return { result: id, resultId: id, writes: [write], heads: [{ key: headOf(id), value }] }
    },
    { durability: 'strict', heads: [headOf(id)] },
  )
  return tab.journal.commit(operation)
}

/** Writes a value as the rules do: it names the session's head, and writes an event. */
export function setState(
  tab: Tab,
  key: string,
  value: StateValue,
  options: Partial<Operation<string>> & { readonly session?: SessionId } = {},
) {
  const { session = SESSION, ...rest } = options
  const operation = operationOf<string>(
    tab.clock,
    () => {
      const event = eventOf(tab.clock, 'state.changed', { changes: [{ key, value }] })
      return {
        result: key,
        resultId: event.id,
        writes: [{ stream: sessionStream(session), events: [event] }],
      }
    },
    { heads: [headOf(session)], ...rest },
  )
  return tab.journal.commit(operation)
}

/** Counts in a head: what is decided depends on what is stored. */
export function increment(tab: Tab, name = 'calls', options: Partial<Operation<number>> = {}) {
  const key: HeadKey = ['counter', SESSION, name]
  const operation = operationOf(
    tab.clock,
    (head) => {
      const value = Number(head(key) ?? 0) + 1
      const event = eventOf(tab.clock, 'state.changed', { changes: [{ key: name, value }] })
      return {
        result: value,
        resultId: event.id,
        writes: [{ stream: STREAM, events: [event] }],
        heads: [{ key, value }],
      }
    },
    { durability: 'strict', heads: [headOf(), key], ...options },
  )
  return tab.journal.commit(operation)
}

/** What a read of the log gives for a stream's state. */
export async function valuesIn(tab: Tab, stream: StreamId = STREAM): Promise<Record<string, StateValue>> {
  const { tail, ...start } = await tab.log.start(stream)
  const values = new Map(entriesOf(start).map((entry) => [entry.key, entry]))
  for (const event of tail.flatMap((row) => row.events)) {
    if (event.type !== 'state.changed') continue
    for (const change of (event.data as EventDataByType['state.changed']).changes) {
      const before = values.get(change.key)
      if (before === undefined || before.at < event.id) values.set(change.key, { ...change, at: event.id })
    }
  }
  const present = [...values.values()].flatMap(({ key, value }) =>
    value === undefined ? [] : [[key, value] as const],
  )
  return Object.fromEntries(present)
}

/** Rows of a stream, in order of arrival. */
export function rowsOf(tab: Tab, stream: StreamId = STREAM): Promise<readonly CommitRow[]> {
  return tab.log.tail(stream, 0)
}
