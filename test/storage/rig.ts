/** What storage tests share: a database of their own, a fake clock, seeded ids, and operations to commit. */
import 'fake-indexeddb/auto'
import type { Decision, HeadKey, Operation, StreamWrite } from '../../src/core/commit.ts'
import type { CorrelationId, EventId, RequestId, SessionId, StreamId, WriterId } from '../../src/core/ids.ts'
import type { Documents } from '../../src/core/ports.ts'
import type { EventDataByType, EventType } from '../../src/core/timeline/catalog.ts'
import type { StoredEvent } from '../../src/core/timeline/event.ts'
import { createHybridClock, type HybridClock } from '../../src/core/timeline/hybrid-clock.ts'
import { type Connection, openConnection } from '../../src/storage/connection.ts'
import { createJournal } from '../../src/storage/journal.ts'
import { createLog } from '../../src/storage/log.ts'
import { createTables } from '../../src/storage/tables.ts'
import { type FakeClock, fakeClock } from '../../src/testing/fake-clock.ts'
import { seededEntropy } from '../../src/testing/seeded-entropy.ts'

let count = 0

export interface Tab {
  readonly connection: Connection
  readonly clock: HybridClock
  readonly wall: FakeClock
  readonly documents: FakeDocuments
  readonly journal: ReturnType<typeof createJournal>
  readonly log: ReturnType<typeof createLog>
  readonly tables: ReturnType<typeof createTables>
}

export function freshName(): string {
  count += 1
  return `storage-${count}`
}

export async function openTab(name = freshName(), wall = fakeClock()): Promise<Tab> {
  count += 1
  const writer = `8000-${count.toString(16).padStart(12, '0')}` as WriterId
  const connection = await openConnection({ name, wall, entropy: seededEntropy(count) })
  const clock = createHybridClock(wall, writer)
  const documents = fakeDocuments()
  const journal = createJournal({ connection, clock, documents, wall })
  return {
    connection,
    clock,
    wall,
    documents,
    journal,
    log: createLog(connection),
    tables: createTables(connection),
  }
}

/** Documents without Yjs: an update is the text of the deltas, a document is the list of its updates. */
export interface FakeDocuments extends Documents {
  readonly loaded: Map<StreamId, string[]>
}

export function fakeDocuments(): FakeDocuments {
  const loaded = new Map<StreamId, string[]>()
  return {
    loaded,
    async prepare(streams) {
      for (const stream of streams) if (!loaded.has(stream)) loaded.set(stream, [])
    },
    apply(stream, deltas) {
      const updates = loaded.get(stream)
      if (updates === undefined) throw new Error(`${stream} is not prepared`)
      const text = JSON.stringify(deltas)
      updates.push(text)
      return new TextEncoder().encode(text)
    },
    release() {},
    stored() {},
    receive(stream, rows) {
      loaded.get(stream)?.push(...rows.map((row) => new TextDecoder().decode(row.update)))
    },
    snapshot(stream) {
      const updates = loaded.get(stream)
      return updates === undefined ? undefined : new TextEncoder().encode(JSON.stringify(updates))
    },
    drop: (stream) => loaded.delete(stream),
  }
}

export const SESSION = 's1' as SessionId

export function eventOf<Type extends EventType>(
  clock: HybridClock,
  type: Type,
  data: EventDataByType[Type],
): StoredEvent {
  return {
    id: clock.nextId<EventId>(),
    type,
    data,
    correlationId: clock.nextId<CorrelationId>(),
    source: 'local',
    schema: 1,
  }
}

export function operationOf<Result>(
  clock: HybridClock,
  decide: (value: (key: HeadKey) => unknown) => Decision<Result>,
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

export function headOf(session: SessionId = SESSION): HeadKey {
  return ['session', session]
}

export function createdEvent(clock: HybridClock, name = 'one'): StoredEvent {
  return eventOf(clock, 'session.created', { name, description: '', tags: [], metadata: {}, limits: {} })
}

export function changedEvent(clock: HybridClock, key: string, value: string): StoredEvent {
  return eventOf(clock, 'state.changed', { changes: [{ key, value }] })
}

/** Creates a session as the rules do: its event, its head, its index row. */
export function createSession(tab: Tab, id: SessionId = SESSION) {
  const write: StreamWrite = {
    stream: id as string as StreamId,
    events: [createdEvent(tab.clock)],
    index: true,
  }
  return tab.journal.commit(
    operationOf(
      tab.clock,
      () => ({
        result: id,
        resultId: id,
        writes: [write],
        heads: [{ key: headOf(id), value: { status: 'active' } }],
      }),
      { durability: 'strict', heads: [headOf(id)] },
    ),
  )
}

/** Writes a value as the rules do: it names the session's head, and writes an event. */
export function setState(tab: Tab, key: string, value: string, options: Partial<Operation<string>> = {}) {
  const event = changedEvent(tab.clock, key, value)
  return tab.journal.commit(
    operationOf<string>(
      tab.clock,
      () => ({
        result: value,
        resultId: event.id,
        writes: [{ stream: SESSION as string as StreamId, events: [event] }],
      }),
      { heads: [headOf()], ...options },
    ),
  )
}
