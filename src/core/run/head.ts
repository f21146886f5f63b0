import type { HeadKey, HeadReader } from '../commit.ts'
import { createError } from '../errors.ts'
import type { RunId, SessionId } from '../ids.ts'
import type { RunStatus } from './record.ts'

/** The head row of a run: what says who may write to it. Each take-over, and each end, raises the epoch. */
export interface RunHead {
  readonly epoch: number
  readonly status: RunStatus
}

export function runHeadKey(run: RunId): HeadKey {
  return ['run', run]
}

/** The head that says which run has a name and key, so that two tabs begin one and not two. */
export function namingHeadKey(session: SessionId, name: string, key: string): HeadKey {
  return ['counter', session, JSON.stringify(['run', name, key])]
}

/**
 * Makes sure, inside a decision, that the run still belongs to whoever holds this epoch.
 * @throws RUN_FENCED where it does not
 */
export function requireOwnership(heads: HeadReader, run: RunId, epoch: number | undefined): RunHead {
  const head = parseRunHead(heads.get(runHeadKey(run)))
  if (head?.status === 'running' && head.epoch === epoch) return head
  throw fenced(run, epoch, head)
}

/** @throws RUN_NOT_FOUND where there is none */
export function requireRunHead(heads: HeadReader, run: RunId): RunHead {
  const head = parseRunHead(heads.get(runHeadKey(run)))
  if (head !== undefined) return head
  throw createError('RUN_NOT_FOUND', `There is no run ${run}, or its session was deleted.`, { id: run })
}

export function parseRunHead(value: unknown): RunHead | undefined {
  if (value === undefined) return undefined
  assertRunHead(value)
  return value
}

function fenced(run: RunId, epoch: number | undefined, head: RunHead | undefined) {
  const now = head === undefined ? 'gone' : head.status === 'running' ? 'run by another tab' : head.status
  return createError(
    'RUN_FENCED',
    `Run ${run} is ${now}, so this tab may not go on with it; its commit was not stored.`,
    {
      runId: run,
      epoch: epoch ?? null,
      current: head ?? null,
    },
  )
}

function assertRunHead(value: unknown): asserts value is RunHead {
  const fits =
    typeof value === 'object' &&
    value !== null &&
    'epoch' in value &&
    typeof value.epoch === 'number' &&
    'status' in value &&
    typeof value.status === 'string'
  if (fits) return
  throw createError('STORAGE_FAILED', 'The head row of a run is damaged; repair the database.', {
    name: 'HeadDamaged',
  })
}
