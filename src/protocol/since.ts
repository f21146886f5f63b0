/**
 * What came after protocol 1, each with the protocol it came with. What stands neither here nor in first-protocol.ts does
 * not compile.
 */
import type { ErrorCode } from '../core/errors.ts'
import type { FirstErrorCode, FirstMethod, FirstStorageState, FirstWorkerMessage } from './first-protocol.ts'
import type { WorkerMessage } from './messages.ts'
import type { MethodName } from './worker-api.ts'

type Since<Name extends string, Value = number> = Readonly<Record<Name, Value>>
type StorageState = Extract<WorkerMessage, { type: 'storage' }>['state']

export const METHODS_SINCE: Since<Exclude<MethodName, FirstMethod>> = {
  'recordings.save': 2,
  'replay.advance': 2,
  'replay.diff': 2,
  'replay.end': 2,
  'hooks.breakers': 2,
  'hooks.call': 2,
  'hooks.list': 2,
  'hooks.resetBreakers': 2,
  'hooks.switch': 2,
  'state.read': 2,
  'steps.expire': 2,
  'storage.damage': 2,
  'storage.repair': 2,
  'timeline.append': 2,
  'timeline.metrics': 2,
  'timeline.statistics': 2,
}

export const WORKER_MESSAGES_SINCE: Since<Exclude<WorkerMessage['type'], FirstWorkerMessage>> = {
  blocked: 2,
  barrier: 2,
  documentFrame: 2,
  documentState: 2,
  foreseen: 2,
  noticed: 2,
  room: 2,
  tabEnded: 2,
  unask: 2,
}

/** What changes artifacts says how lasting that is to be. */
export const ARTIFACT_DURABILITY_SINCE = 2

/** One message of events is for several watches. */
export const WATCHES_TOGETHER_SINCE = 2

/** An event has links, tags and a target. */
export const EVENT_DETAILS_SINCE: Since<'event details'> = { 'event details': 2 }

export const STORAGE_STATES_SINCE: Since<Exclude<StorageState, FirstStorageState>> = { closed: 2 }

export interface CodeSince {
  readonly since: number
  /** What an older page is told instead: it takes a code that it does not know for a damaged message. */
  readonly before: FirstErrorCode
}

export const ERROR_CODES_SINCE: Since<Exclude<ErrorCode, FirstErrorCode>, CodeSince> = {
  DOCUMENT_FORKED: { since: 2, before: 'INVALID_VALUE' },
  LIMIT_EXCEEDED: { since: 2, before: 'HOOK_CANCELLED' },
  RATE_LIMITED: { since: 2, before: 'HOOK_TIMEOUT' },
  MODULE_UNAVAILABLE: { since: 2, before: 'WORKER_START' },
  STORAGE_NEEDS_RELOAD: { since: 2, before: 'STORAGE_FAILED' },
  WATCH_OVERFLOW: { since: 2, before: 'INTERNAL' },
  STEWARD_FENCED: { since: 2, before: 'CONFLICT' },
}

/** The protocol that a name came with: 1 unless its table says another. */
export function sinceOf(table: Readonly<Record<string, number>>, name: string): number {
  return Object.hasOwn(table, name) ? (table[name] ?? 1) : 1
}
