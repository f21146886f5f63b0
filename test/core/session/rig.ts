/**
 * What the tests of sessions and of the timeline share: tabs over one database, requests, and what is stored. After each
 * test the laws of every database that it left open are checked.
 */
import 'fake-indexeddb/auto'
import { expect, onTestFinished } from 'vitest'
import { createDocuments } from '../../../src/context/documents.ts'
import { type Artifacts, createArtifacts } from '../../../src/core/artifact/artifacts.ts'
import type { ArtifactRecord } from '../../../src/core/artifact/record.ts'
import { type ErrorCode, type HoldfastError, isHoldfastError } from '../../../src/core/errors.ts'
import type { HookDefinition } from '../../../src/core/hook/definition.ts'
import { createHookExecutor } from '../../../src/core/hook/executor.ts'
import { createHookRegistry } from '../../../src/core/hook/registry.ts'
import type { RequestId, SessionId, StreamId, WriterId } from '../../../src/core/ids.ts'
import { sessionStream } from '../../../src/core/ids.ts'
import type { Request } from '../../../src/core/request.ts'
import type { SessionDeps } from '../../../src/core/session/deps.ts'
import { unpackKept, unpackPage } from '../../../src/core/session/kept-record.ts'
import { createSessionManager, type SessionManager } from '../../../src/core/session/manager.ts'
import type { SessionPage } from '../../../src/core/session/query.ts'
import type { SessionRecord } from '../../../src/core/session/record.ts'
import type { Status, Verb } from '../../../src/core/session/status.ts'
import { valuesOf } from '../../../src/core/state/fold.ts'
import { entriesOf } from '../../../src/core/state/packed-entries.ts'
import type { StateValue } from '../../../src/core/state/value.ts'
import type { TimelineEvent } from '../../../src/core/timeline/event.ts'
import { createHybridClock } from '../../../src/core/timeline/hybrid-clock.ts'
import { scanEvents } from '../../../src/core/timeline/scan.ts'
import { createCompression } from '../../../src/platform/compression.ts'
import { createDigest } from '../../../src/platform/digest.ts'
import type { Connection } from '../../../src/storage/connection.ts'
import { createJournal } from '../../../src/storage/journal.ts'
import { createLog } from '../../../src/storage/log.ts'
import { openConnection } from '../../../src/storage/open-connection.ts'
import { createTables } from '../../../src/storage/tables.ts'
import { checkLaws } from '../../../src/testing/check-laws.ts'
import { type FakeClock, fakeClock } from '../../../src/testing/fake-clock.ts'
import { seededEntropy } from '../../../src/testing/seeded-entropy.ts'

let count = 0

/** One worker over a database: tabs of one name see the same sessions. */
export interface Tab extends SessionDeps {
  readonly name: string
  readonly wall: FakeClock
  readonly connection: Connection
  readonly sessions: UnpackedManager
  readonly artifacts: Artifacts
  request(more?: Partial<Request>): Request
  close(): Promise<void>
}

export interface TabOptions {
  /** The database; a fresh one without it. */
  readonly name?: string
  readonly wall?: FakeClock
  readonly hooks?: readonly HookDefinition[]
  readonly templates?: Readonly<Record<string, unknown>>
  readonly stateClasses?: SessionDeps['stateClasses']
}

export async function openTab(options: TabOptions = {}): Promise<Tab> {
  count += 1
  const {
    name = `sessions-${count}`,
    wall = fakeClock(),
    hooks = [],
    templates = {},
    stateClasses = {},
  } = options
  const connection = await openConnection({ name, wall, entropy: seededEntropy(count) })
  const clock = createHybridClock(wall, `8000-${count.toString(16).padStart(12, '0')}` as WriterId)
  const log = createLog(connection, createCompression())
  const documents = createDocuments({ log })
  const journal = createJournal({ connection, clock, documents, wall })
  const registry = createHookRegistry({ wall })
  for (const hook of hooks) registry.register(hook)
  const parts = {
    journal,
    log,
    tables: createTables(connection),
    clock,
    hooks: createHookExecutor({ wall, registry }),
  }
  const artifacts = createArtifacts({
    ...parts,
    wall,
    digest: createDigest(),
    compression: createCompression(),
    entropy: seededEntropy(count),
  })
  const deps = { ...parts, artifacts, stateClasses, templates: (template: string) => templates[template] }
  onTestFinished(async () => {
    if (connection.ended !== undefined) return
    await journal.flush()
    expect(await checkLaws(connection.native)).toEqual([])
    connection.close()
  })
  return {
    ...deps,
    name,
    wall,
    connection,
    sessions: unpacking(createSessionManager(deps)),
    request: (more) => ({ id: clock.nextId<RequestId>(), mayRepeat: false, hookPath: [], ...more }),
    async close() {
      await journal.close()
      connection.close()
    },
  }
}

/** What a page shows of what the use cases answer. */
export interface UnpackedManager extends Omit<SessionManager, 'get' | 'list'> {
  get(...given: Parameters<SessionManager['get']>): Promise<SessionRecord | null>
  list(...given: Parameters<SessionManager['list']>): Promise<SessionPage>
}

export function unpacking(sessions: SessionManager): UnpackedManager {
  return {
    ...sessions,
    get: async (request, input) => unpackKept(await sessions.get(request, input), input.id),
    list: async (request, query) => unpackPage(await sessions.list(request, query)),
  }
}

/** The same database a second later, after a restart of the worker. */
export async function reopen(tab: Tab, options: Omit<TabOptions, 'name' | 'wall'> = {}): Promise<Tab> {
  await tab.close()
  tab.wall.advance(1_000)
  return openTab({ name: tab.name, wall: tab.wall, ...options })
}

/** Makes a session and gives its id. */
export async function created(
  tab: Tab,
  input: Parameters<SessionManager['create']>[1] = {},
): Promise<SessionId> {
  return (await tab.sessions.create(tab.request(), input)).record.id
}

const WAY_TO: Readonly<Record<Status, readonly Verb[]>> = {
  active: [],
  suspended: ['suspend'],
  completed: ['complete'],
  failed: ['fail'],
  archived: ['suspend', 'archive'],
}

/** Makes a session of a status; an archived one was suspended before. */
export async function createdAs(tab: Tab, status: Status): Promise<SessionId> {
  const id = await created(tab)
  for (const verb of WAY_TO[status]) await move(tab, id, verb)
  return id
}

/** Takes a session to another status, with a reason where one is needed. */
export function move(tab: Tab, id: SessionId, verb: Verb): Promise<SessionRecord> {
  const reason = verb === 'fail' || verb === 'reopen' ? { reason: 'because' } : {}
  return tab.sessions.transition(tab.request(), { id, verb, ...reason })
}

export function storeArtifact(
  tab: Tab,
  sessionId: SessionId,
  name: string,
  content: string,
): Promise<ArtifactRecord> {
  return tab.artifacts.store(tab.request(), { sessionId, name, content })
}

/** All events of a session, or of another stream, in clock order. */
export async function eventsOf(tab: Tab, stream: SessionId | StreamId): Promise<readonly TimelineEvent[]> {
  const events: TimelineEvent[] = []
  for await (const batch of scanEvents(tab.log, sessionStream(stream as SessionId))) events.push(...batch)
  return events
}

export async function typesOf(tab: Tab, session: SessionId): Promise<readonly string[]> {
  return (await eventsOf(tab, session)).map((event) => event.type)
}

/** Waits for a refusal and gives it. */
export async function refusal(work: Promise<unknown>, code: ErrorCode): Promise<HoldfastError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isHoldfastError(error)) throw error ?? new Error(`It was not refused with ${code}.`)
  expect(error.code, error.message).toBe(code)
  return error
}

/** Writes keys; undefined deletes one. */
export function put(tab: Tab, session: SessionId, values: Readonly<Record<string, StateValue | undefined>>) {
  const changes = Object.entries(values).map(([key, value]) =>
    value === undefined ? { key } : { key, value },
  )
  return tab.sessions.writeState(tab.request(), { target: { session }, changes })
}

export async function stateOf(tab: Tab, id: SessionId) {
  return valuesOf(entriesOf(await tab.sessions.open(tab.request(), { id })))
}
