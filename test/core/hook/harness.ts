import { createHash } from 'node:crypto'
import type { ArtifactRecord } from '../../../src/core/artifact/record.ts'
import { type HoldfastError, isHoldfastError } from '../../../src/core/errors.ts'
import type { BreakerOptions } from '../../../src/core/hook/breaker.ts'
import type { ArtifactDraft, StepDraft } from '../../../src/core/hook/definition.ts'
import {
  createHookExecutor,
  type HookExecutorOptions,
  type HookIncident,
} from '../../../src/core/hook/executor.ts'
import { hookStats } from '../../../src/core/hook/hook-list.ts'
import type { HookScope } from '../../../src/core/hook/operation-hooks.ts'
import { createHookRegistry } from '../../../src/core/hook/registry.ts'
import type {
  ArtifactId,
  ContentId,
  CorrelationId,
  EventId,
  RequestId,
  SessionId,
} from '../../../src/core/ids.ts'
import type { Digest, WallClock } from '../../../src/core/ports.ts'
import type { Request } from '../../../src/core/request.ts'
import type { SessionRecord } from '../../../src/core/session/record.ts'

/** A clock that moves when told to, and calls what became due. */
export interface FakeWall extends WallClock {
  advance(ms: number): void
  /** Timers that wait. */
  readonly waiting: number
}

export function createFakeWall(start = 1_700_000_000_000): FakeWall {
  let now = start
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>()
  return {
    now: () => now,
    after(delayMs, callback) {
      const timer = { at: now + delayMs, callback }
      timers.add(timer)
      return () => {
        timers.delete(timer)
      }
    },
    advance(ms) {
      now += ms
      for (const timer of [...timers].sort((a, b) => a.at - b.at)) {
        if (timer.at > now || !timers.delete(timer)) continue
        timer.callback()
      }
    },
    get waiting() {
      return timers.size
    },
  }
}

export const nodeDigest: Digest = {
  sha256: async (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
}

export interface SetUp extends Omit<HookExecutorOptions, 'wall' | 'registry'> {
  readonly breaker?: BreakerOptions
}

/** An executor with nothing registered. */
export function setUp({ breaker, ...options }: SetUp = {}) {
  const wall = createFakeWall()
  const registry = createHookRegistry({ wall, ...(breaker === undefined ? {} : { breaker }) })
  const incidents: HookIncident[] = []
  const executor = createHookExecutor({
    wall,
    registry,
    onIncident: (incident) => {
      incidents.push(incident)
    },
    ...options,
  })
  return {
    wall,
    registry,
    executor: { ...executor, stats: (client?: string) => hookStats(registry, client) },
    incidents,
  }
}

export const SESSION_ID = 'session-1' as SessionId

export function request(parts: Partial<Request> = {}): Request {
  return { id: 'request-1' as RequestId, mayRepeat: false, hookPath: [], ...parts }
}

export function scope(parts: Partial<HookScope> = {}): HookScope {
  return {
    request: request(),
    sessionId: SESSION_ID,
    correlationId: 'correlation-1' as CorrelationId,
    ...parts,
  }
}

export function sessionRecord(parts: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: SESSION_ID,
    status: 'active',
    name: 'A session',
    description: '',
    tags: [],
    metadata: {},
    createdAt: 1,
    updatedAt: 1,
    limits: {},
    correlationId: 'correlation-1' as CorrelationId,
    revision: 'event-1' as EventId,
    counters: {
      events: 0,
      artifacts: 0,
      artifactBytes: 0,
      steps: 0,
      stepsFailed: 0,
      usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0 },
    },
    ...parts,
  }
}

export function artifactDraft(parts: Partial<ArtifactDraft> = {}): ArtifactDraft {
  return {
    name: 'sales.csv',
    kind: 'user_input',
    mime: 'text/csv',
    description: '',
    tags: [],
    metadata: {},
    ...parts,
  }
}

export function artifactRecord(parts: Partial<ArtifactRecord> = {}): ArtifactRecord {
  return {
    ...artifactDraft(),
    id: 'artifact-1' as ArtifactId,
    sessionId: SESSION_ID,
    version: 1,
    correlationId: 'correlation-1' as CorrelationId,
    createdAt: 1,
    sizeBytes: 3,
    contentId: `sha256:${'0'.repeat(64)}` as ContentId,
    ...parts,
  }
}

export function stepDraft(parts: Partial<StepDraft> = {}): StepDraft & { readonly purity: 'pure' } {
  return {
    phase: 'completed',
    step: 'tool:sql@1',
    key: 'key-1',
    input: { query: 'select 1' },
    purity: 'pure',
    ...parts,
  }
}

/** The error of what must fail, thrown or rejected. */
export async function errorOf(run: () => unknown): Promise<HoldfastError> {
  try {
    await run()
  } catch (error) {
    if (isHoldfastError(error)) return error
    throw error
  }
  throw new Error('it did not fail')
}

/** A promise with its handles. */
export function deferred<T = undefined>() {
  let resolve: (value: T) => void = () => undefined
  let reject: (error: unknown) => void = () => undefined
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue
    reject = onError
  })
  return { promise, resolve, reject }
}
