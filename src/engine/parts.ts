/** The rings put together over one open database: what the methods of the worker's API are made of. */

import { createDocuments, type LiveDocuments } from '../context/documents.ts'
import { type Artifacts, createArtifacts } from '../core/artifact/artifacts.ts'
import { createIntake } from '../core/artifact/create-intake.ts'
import type { Intake } from '../core/artifact/intake.ts'
import { createHookExecutor, type HookExecutor, type HookExecutorOptions } from '../core/hook/executor.ts'
import type { Metrics } from '../core/hook/metrics.ts'
import { createHookRegistry, type HookRegistry } from '../core/hook/registry.ts'
import { withLimits } from '../core/policy/limited-journal.ts'
import type { RateRule } from '../core/policy/rates.ts'
import type { Journal, Log, Tables } from '../core/ports.ts'
import { createHybridClock, type HybridClock } from '../core/timeline/hybrid-clock.ts'
import type { Connection } from '../storage/connection.ts'
import { createJournal } from '../storage/journal.ts'
import { createLog } from '../storage/log.ts'
import { createTables } from '../storage/tables.ts'
import type { World } from './world.ts'
import { newWriterId } from './writer.ts'

export interface Parts {
  readonly world: World
  readonly connection: Connection
  readonly clock: HybridClock
  readonly log: Log
  /** Sessions as this worker has heard of them, see `withLiveSessions`. */
  readonly tables: Tables
  /** All of it as stored. */
  readonly storedTables: Tables
  readonly documents: LiveDocuments
  readonly journal: Journal
  readonly registry: HookRegistry
  readonly hooks: HookExecutor
  readonly intake: Intake
  readonly artifacts: Artifacts
  /** What the built-in hooks count; absent where they were left out. */
  readonly metrics?: Pick<Metrics, 'snapshot'>
  /** What a hook that is run again is recorded with, as the executor does. */
  readonly rerun: Pick<HookExecutorOptions, 'redact'>
}

export interface PartsOptions {
  readonly world: World
  readonly connection: Connection
  /** Of the hook executor: who hears of failures, and what becomes of notes before they are recorded. */
  readonly executor?: Pick<HookExecutorOptions, 'onIncident' | 'redact'>
  readonly metrics?: Pick<Metrics, 'snapshot'>
  /** What all sessions together, or each by itself, may do in a time. */
  readonly rates?: readonly RateRule[]
  /** Puts something between the operations and their hooks: benches time them by it. */
  readonly wrapHooks?: (hooks: HookExecutor) => HookExecutor
  /** Size of an artifact's chunks; smaller in tests. @defaultValue 1 MiB */
  readonly chunkBytes?: number
}

/** @param liveSessions gives what the use cases read of sessions, made of the tables as they are stored */
export function createParts(
  { world, connection, executor, metrics, rates, wrapHooks, chunkBytes }: PartsOptions,
  liveSessions: (tables: Tables) => Tables,
): Parts {
  const { wall, digest, compression, meter } = world
  const clock = createHybridClock(wall, newWriterId(world.entropy))
  const log = createLog(connection, compression)
  const storedTables = createTables(connection)
  const tables = liveSessions(storedTables)
  const documents = createDocuments({ log })
  const stored = createJournal({ connection, clock, documents, wall, compression, meter })
  const journal = withLimits(stored, { log, clock, wall, ...(rates === undefined ? {} : { rates }) })
  const registry = createHookRegistry({ wall })
  const executing = createHookExecutor({ wall, registry, digest, ...executor })
  const hooks = wrapHooks?.(executing) ?? executing
  const intakeDeps = {
    journal,
    tables,
    clock,
    digest,
    compression,
    wall,
    ...(chunkBytes === undefined ? {} : { chunkBytes }),
  }
  const intake = createIntake(intakeDeps)
  return {
    world,
    connection,
    clock,
    log,
    tables,
    storedTables,
    documents,
    journal,
    registry,
    hooks,
    intake,
    artifacts: createArtifacts({ ...intakeDeps, journal, log, tables, hooks, entropy: world.entropy }),
    ...(metrics === undefined ? {} : { metrics }),
    rerun: executor?.redact === undefined ? {} : { redact: executor.redact },
  }
}
