/** Workers over one database: the real storage ring and live documents, a fake clock, seeded ids, locks that die with their worker. */
import 'fake-indexeddb/auto'
import { expect, onTestFinished } from 'vitest'
import { createDocuments, type LiveDocuments } from '../../../src/context/documents.ts'
import { createArtifacts } from '../../../src/core/artifact/artifacts.ts'
import { createContentReader } from '../../../src/core/artifact/content-reader.ts'
import { createIntake } from '../../../src/core/artifact/create-intake.ts'
import type { Intake } from '../../../src/core/artifact/intake.ts'
import { readValue } from '../../../src/core/artifact/recorded-value.ts'
import type { HookDefinition } from '../../../src/core/hook/definition.ts'
import { createHookExecutor, type HookExecutor } from '../../../src/core/hook/executor.ts'
import type { HookStage, PointName } from '../../../src/core/hook/points.ts'
import { createHookRegistry } from '../../../src/core/hook/registry.ts'
import { type RequestId, type SessionId, sessionStream, type WriterId } from '../../../src/core/ids.ts'
import type { Digest, Journal, Locks, Log, Tables } from '../../../src/core/ports.ts'
import type { Request } from '../../../src/core/request.ts'
import type { RunDeps } from '../../../src/core/run/deps.ts'
import type { StartStep, StepTicket } from '../../../src/core/run/input.ts'
import { createOwnerships, type Ownerships } from '../../../src/core/run/ownership.ts'
import { createRunSteps } from '../../../src/core/run/run-steps.ts'
import { createRuns, type Runs } from '../../../src/core/run/runs.ts'
import { createSteps, type Steps } from '../../../src/core/run/steps.ts'
import { createSessionManager, type SessionManager } from '../../../src/core/session/manager.ts'
import type { StateValue } from '../../../src/core/state/value.ts'
import type { EventDataByType, EventType } from '../../../src/core/timeline/catalog.ts'
import type { TimelineEvent } from '../../../src/core/timeline/event.ts'
import { createHybridClock, type HybridClock } from '../../../src/core/timeline/hybrid-clock.ts'
import { scanEvents } from '../../../src/core/timeline/scan.ts'
import { createCompression } from '../../../src/platform/compression.ts'
import { createDigest } from '../../../src/platform/digest.ts'
import { createProcessLocks } from '../../../src/platform/process-locks.ts'
import type { Connection } from '../../../src/storage/connection.ts'
import { createJournal } from '../../../src/storage/journal.ts'
import { createLog } from '../../../src/storage/log.ts'
import { openConnection } from '../../../src/storage/open-connection.ts'
import { createTables } from '../../../src/storage/tables.ts'
import { checkLaws } from '../../../src/testing/check-laws.ts'
import { type FakeClock, fakeClock } from '../../../src/testing/fake-clock.ts'
import { seededEntropy } from '../../../src/testing/seeded-entropy.ts'

let count = 0

const openWorkers = new Set<Worker>()

/** Whatever a test did, the database keeps its laws. */
async function expectLaws(): Promise<void> {
  for (const worker of openWorkers) {
    openWorkers.delete(worker)
    if (worker.connection.ended === undefined) {
      await worker.journal.flush()
      expect(await checkLaws(worker.connection.native)).toEqual([])
    }
  }
}

/** What the workers of one test share. */
export interface House {
  readonly name: string
  readonly wall: FakeClock
  readonly locks: Locks
}

export function newHouse(): House {
  count += 1
  return { name: `runs-${count}`, wall: fakeClock(), locks: createProcessLocks() }
}

export interface Worker extends RunDeps {
  readonly house: House
  readonly connection: Connection
  readonly journal: Journal
  readonly log: Log
  readonly tables: Tables
  readonly clock: HybridClock
  readonly digest: Digest
  readonly hooks: HookExecutor
  readonly intake: Intake
  readonly sessions: SessionManager
  readonly ownerships: Ownerships
  readonly documents: LiveDocuments
  readonly steps: Steps
  readonly runs: Runs
  register<Point extends PointName, Stage extends HookStage>(hook: HookDefinition<Point, Stage>): void
  request(more?: Partial<Request>): Request
  session(id?: string): Promise<SessionId>
  events(session: SessionId): Promise<readonly TimelineEvent[]>
  /** Ends it as a closed tab ends: its locks are free, what it knew is gone. */
  kill(): Promise<void>
}

export async function openWorker(
  house: House = newHouse(),
  journalOf?: (journal: Journal) => Journal,
): Promise<Worker> {
  count += 1
  const { name, wall } = house
  const connection = await openConnection({ name, wall, entropy: seededEntropy(count) })
  const clock = createHybridClock(wall, `8000-${count.toString(16).padStart(12, '0')}` as WriterId)
  const log = createLog(connection, createCompression())
  const tables = createTables(connection)
  const documents = createDocuments({ log })
  const stored = createJournal({ connection, clock, documents, wall })
  const journal = journalOf?.(stored) ?? stored
  const digest = createDigest()
  const compression = createCompression()
  const registry = createHookRegistry({ wall })
  const hooks = createHookExecutor({ wall, registry, digest })
  const intake = createIntake({ journal, tables, clock, digest, compression, wall })
  const reader = createContentReader({ tables, digest, compression })
  const mortal = mortalLocks(house.locks)
  const deps: RunDeps = {
    journal,
    log,
    tables,
    clock,
    digest,
    hooks,
    intake,
    readValue: (recorded) => readValue(async () => reader, recorded),
    locks: mortal.locks,
  }
  const ownerships = createOwnerships({
    ...deps,
    pin: (session) => documents.pin(sessionStream(session)),
  })
  const artifacts = createArtifacts({
    journal,
    log,
    tables,
    clock,
    hooks,
    digest,
    compression,
    wall,
    entropy: seededEntropy(1),
  })
  const sessions = createSessionManager({
    journal,
    log,
    tables,
    clock,
    hooks,
    artifacts,
    templates: () => undefined,
  })
  const request = (more: Partial<Request> = {}): Request => ({
    id: clock.nextId<RequestId>(),
    mayRepeat: false,
    hookPath: [],
    ...more,
  })
  const worker: Worker = {
    ...deps,
    hooks,
    house,
    connection,
    sessions,
    ownerships,
    documents,
    steps: createSteps(deps, createRunSteps(deps, ownerships)),
    runs: createRuns(deps, ownerships),
    register: (hook) => void registry.register(hook),
    request,
    async session(id) {
      const { record } = await sessions.create(request(), id === undefined ? {} : { id })
      return record.id
    },
    async events(session) {
      const events: TimelineEvent[] = []
      for await (const batch of scanEvents(log, sessionStream(session))) events.push(...batch)
      return events
    },
    async kill() {
      mortal.die()
      await journal.close()
      documents.close()
      openWorkers.delete(worker)
      expect(await checkLaws(connection.native)).toEqual([])
      connection.close()
    },
  }
  if (openWorkers.size === 0) onTestFinished(expectLaws)
  openWorkers.add(worker)
  return worker
}

/** The same database in a worker that was started anew. */
export async function restart(worker: Worker): Promise<Worker> {
  await worker.kill()
  worker.house.wall.advance(1_000)
  return openWorker(worker.house)
}

function mortalLocks(shared: Locks): { readonly locks: Locks; die(): void } {
  let die = () => {}
  const death = new Promise<undefined>((resolve) => {
    die = () => resolve(undefined)
  })
  return {
    die,
    locks: {
      request: (name, options, hold) =>
        shared.request(name, options, async () => Promise.race([hold(), death]) as never),
    },
  }
}

/** Starts a step that must run, and gives what its body needs. */
export async function started(worker: Worker, input: Partial<StartStep> & { readonly sessionId: SessionId }) {
  const ticket = await worker.steps.start(worker.request(), {
    step: 'tool:sql@1',
    purity: 'pure',
    input: null,
    ...input,
  })
  return mustRun(ticket)
}

export function mustRun(ticket: StepTicket): StepTicket & { readonly state: 'run' } {
  if (ticket.state !== 'run') throw new Error(`The step is ${ticket.state} already.`)
  return ticket
}

/** Starts a step and ends it well. */
export async function stepped(
  worker: Worker,
  input: Partial<StartStep> & { readonly sessionId: SessionId },
  value: StateValue,
) {
  const ticket = await started(worker, input)
  const { sessionId, runId, epoch } = input
  await worker.steps.finish(worker.request(), {
    sessionId,
    startedId: ticket.startedId,
    outcome: { ok: true, value },
    ...(runId === undefined ? {} : { runId }),
    ...(epoch === undefined ? {} : { epoch }),
  })
  return ticket
}

/** The data of all events of a type. */
export function dataOf<Type extends EventType>(
  events: readonly TimelineEvent[],
  type: Type,
): readonly EventDataByType[Type][] {
  return events.filter((event) => event.type === type).map((event) => event.data as EventDataByType[Type])
}

export function typesOf(events: readonly TimelineEvent[]): readonly string[] {
  return events.map((event) => event.type)
}
