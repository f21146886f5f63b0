/**
 * Artifacts over the real storage ring and live documents: a database of their own, a fake clock, seeded ids. In Node a
 * test imports `fake-indexeddb/auto` before; in a browser it is the browser's.
 */
import { expect, onTestFinished } from 'vitest'
import { createDocuments } from '../../../src/context/documents.ts'
import { type Artifacts, createArtifacts } from '../../../src/core/artifact/artifacts.ts'
import type { StoreArtifact } from '../../../src/core/artifact/input.ts'
import type { ArtifactRecord } from '../../../src/core/artifact/record.ts'
import type { HookDefinition } from '../../../src/core/hook/definition.ts'
import { createHookExecutor } from '../../../src/core/hook/executor.ts'
import type { HookStage, PointName } from '../../../src/core/hook/points.ts'
import { createHookRegistry } from '../../../src/core/hook/registry.ts'
import type { RequestId, SessionId, WriterId } from '../../../src/core/ids.ts'
import { sessionStream } from '../../../src/core/ids.ts'
import type { Compression, Journal, Log, Tables } from '../../../src/core/ports.ts'
import type { Request } from '../../../src/core/request.ts'
import { createSessionManager, type SessionManager } from '../../../src/core/session/manager.ts'
import type { Verb } from '../../../src/core/session/status.ts'
import type { TimelineEvent } from '../../../src/core/timeline/event.ts'
import { createHybridClock, type HybridClock } from '../../../src/core/timeline/hybrid-clock.ts'
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

/** What is open: closed after each test. */
const live = new Set<Rig>()

/** Says after a test that its databases keep their laws, as they are and after a barrier, and closes them. */
export async function expectLaws(): Promise<void> {
  const open = [...live]
  try {
    for (const rig of open) {
      expect(await checkLaws(rig.connection.native)).toEqual([])
      await rig.journal.flush()
      expect(await checkLaws(rig.connection.native)).toEqual([])
    }
  } finally {
    await closeRigs()
  }
}

/** Where a test damages what it stored, no laws are left to be kept. */
async function closeRigs(): Promise<void> {
  for (const rig of live) await rig.close()
}

export interface Rig {
  readonly name: string
  readonly artifacts: Artifacts
  readonly sessions: SessionManager
  readonly connection: Connection
  readonly journal: Journal
  readonly log: Log
  readonly tables: Tables
  readonly clock: HybridClock
  readonly wall: FakeClock
  register<Point extends PointName, Stage extends HookStage>(hook: HookDefinition<Point, Stage>): void
  /** A session of that name, in its first status. */
  session(id?: string): Promise<SessionId>
  move(id: SessionId, ...verbs: readonly Verb[]): Promise<void>
  store(input: Partial<StoreArtifact> & { readonly sessionId: SessionId }): Promise<ArtifactRecord>
  close(): Promise<void>
  /** Closes all and opens the same database again, as after a reload. */
  reopen(): Promise<Rig>
  events(session: SessionId): Promise<readonly TimelineEvent[]>
}

export interface RigOptions {
  readonly name?: string
  readonly wall?: FakeClock
  readonly chunkBytes?: number
  readonly maxBytes?: number
  readonly compression?: Compression
  /** Puts something between the artifacts and the journal. */
  readonly journal?: (journal: Journal) => Journal
}

export async function openRig(options: RigOptions = {}): Promise<Rig> {
  count += 1
  const { name = `artifacts-${count}`, wall = fakeClock(), chunkBytes = 1_024, maxBytes } = options
  const connection = await openConnection({ name, wall, entropy: seededEntropy(count) })
  const clock = createHybridClock(wall, `8000-${count.toString(16).padStart(12, '0')}` as WriterId)
  const log = createLog(connection, createCompression())
  const tables = createTables(connection)
  const documents = createDocuments({ log })
  const stored = createJournal({ connection, clock, documents, wall })
  const journal = options.journal?.(stored) ?? stored
  const registry = createHookRegistry({ wall })
  const hooks = createHookExecutor({ wall, registry })
  const artifacts = createArtifacts({
    journal,
    log,
    tables,
    clock,
    hooks,
    wall,
    digest: createDigest(),
    compression: options.compression ?? createCompression(),
    entropy: seededEntropy(count),
    chunkBytes,
    ...(maxBytes === undefined ? {} : { maxBytes }),
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
  const rig: Rig = {
    name,
    artifacts,
    sessions,
    connection,
    journal,
    log,
    tables,
    clock,
    wall,
    register: (hook) => void registry.register(hook),
    async session(id = 's1') {
      const { record } = await sessions.create(requestOf(rig), { id })
      return record.id
    },
    async move(id, ...verbs) {
      for (const verb of verbs)
        await sessions.transition(requestOf(rig), { id, verb, reason: 'for the test' })
    },
    store: (input) => artifacts.store(requestOf(rig), { name: 'a.txt', content: 'hello', ...input }),
    async close() {
      live.delete(rig)
      await journal.close()
      documents.close()
      connection.close()
    },
    async reopen() {
      await rig.close()
      wall.advance(1_000)
      return openRig({ ...options, name, wall })
    },
    async events(session) {
      const events: TimelineEvent[] = []
      for await (const batch of scanEvents(log, sessionStream(session), {})) events.push(...batch)
      return events
    },
  }
  if (live.size === 0) onTestFinished(closeRigs)
  live.add(rig)
  return rig
}

export function requestOf({ clock }: Pick<Rig, 'clock'>, more: Partial<Request> = {}): Request {
  return { id: clock.nextId<RequestId>(), mayRepeat: false, hookPath: [], ...more }
}

/** The bytes of an artifact, read in one answer after the other. */
export async function bytesOf(rig: Rig, { id }: Pick<ArtifactRecord, 'id'>): Promise<Uint8Array> {
  const pieces: BlobPart[] = []
  for await (const piece of rig.artifacts.stream(requestOf(rig), { id })) pieces.push(new Uint8Array(piece))
  return new Uint8Array(await new Blob(pieces).arrayBuffer())
}

export async function textOf(rig: Rig, artifact: Pick<ArtifactRecord, 'id'>): Promise<string> {
  return new TextDecoder().decode(await bytesOf(rig, artifact))
}

/** How many rows the tables of artifacts hold: what a deletion has to bring back to what it was. */
export async function rowsIn({ connection }: Rig) {
  const { db } = connection
  const [artifacts, contents, chunks, intakes] = await Promise.all([
    db.artifacts.count(),
    db.contents.count(),
    db.chunks.count(),
    db.meta.filter(({ key }) => Array.isArray(key) && key[0] === 'intake').count(),
  ])
  return { artifacts, contents, chunks, intakes }
}

/** Bytes that are the same at every run and do not shrink. */
export function noise(sizeBytes: number, seed = 1): Uint8Array<ArrayBuffer> {
  return new Uint8Array(seededEntropy(seed).randomBytes(sizeBytes))
}

export function streamOf(pieces: readonly (Uint8Array | Error)[]): ReadableStream<Uint8Array> {
  const left = [...pieces]
  return new ReadableStream({
    pull(controller) {
      const piece = left.shift()
      if (piece === undefined) controller.close()
      else if (piece instanceof Error) controller.error(piece)
      else controller.enqueue(piece)
    },
  })
}

/** A stream without end that counts how often it was asked. */
export function countedStream(): {
  readonly stream: ReadableStream<Uint8Array>
  readonly pulls: () => number
  readonly isCancelled: () => boolean
} {
  let pulls = 0
  let isCancelled = false
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulls += 1
        controller.enqueue(noise(1_000, pulls))
      },
      cancel() {
        isCancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, pulls: () => pulls, isCancelled: () => isCancelled }
}

/** An error of that code, in an expectation. */
export const code = (name: string) => expect.objectContaining({ code: name })
