/** What the page accepts from a worker. The app may have handed over a worker of another build. */
import type { Welcome } from './hello.ts'
import type { BatchAnswer, Settled, WorkerMessage } from './messages.ts'
import {
  anything,
  assertShape,
  assertTyped,
  bytes,
  type Check,
  count,
  flag,
  isTyped,
  listOf,
  oneOf,
  optional,
  shape,
  text,
} from './shape.ts'
import { isWireError } from './wire-error.ts'

export function assertWelcome(value: unknown): asserts value is Welcome {
  assertShape('welcome', WELCOME, value)
}

export function assertBatchAnswer(value: unknown): asserts value is BatchAnswer {
  assertShape('batch answer', { settled: listOf(settled) }, value)
}

/** Whether a newer worker may have sent it: a message of a type that this build has not heard of. */
export function isUnheardOf(value: unknown): boolean {
  return isTyped(value) && !Object.hasOwn(WORKER_MESSAGES, value.type)
}

/** The worker sends what one task produced as one array. */
export function messagesIn(data: unknown): readonly unknown[] {
  return Array.isArray(data) ? data : [data]
}

/** Before the welcome: it takes longer. */
export function isBlockedMessage(value: unknown): value is Extract<WorkerMessage, { type: 'blocked' }> {
  return isTyped(value) && value.type === 'blocked' && shape(WORKER_MESSAGES.blocked)(value)
}

/** Before the welcome: the worker lives, and holds the lock that says so. */
export function isLivingMessage(value: unknown): boolean {
  return isTyped(value) && value.type === 'pong'
}

export function assertWorkerMessage(value: unknown): asserts value is WorkerMessage {
  assertTyped('worker message', WORKER_MESSAGES, value)
}

const settled: Check = (value) => {
  if (!shape({ id: count, ok: flag, barrier: optional(count) })(value)) return false
  const { ok, error } = value as { ok: Settled['ok']; error?: unknown }
  return ok || isWireError(error)
}

const WELCOME = {
  protocol: count,
  generation: text,
  writer: text,
  persisted: flag,
  gates: optional(listOf(shape({}))),
  channel: optional(text),
  sensitive: optional(listOf(text)),
} satisfies Record<keyof Welcome, Check>

const WORKER_MESSAGES = {
  settled: { settled: listOf(settled) },
  patch: {
    stream: text,
    entries: listOf(shape({ key: text, at: text })),
    record: optional(shape({ id: text, status: text, updatedAt: count })),
    deleted: optional(flag),
    source: oneOf('local', 'tab', 'device', 'replay'),
    writes: listOf(count),
    foreseen: optional(listOf(text)),
  },
  noticed: { watch: count },
  foreseen: {
    stream: text,
    begun: listOf(shape({ request: text, entries: listOf(shape({ key: text })) })),
    ended: listOf(text),
  },
  events: {
    watch: count,
    also: optional(listOf(count)),
    events: listOf(shape({ id: text, type: text, time: anything })),
    begunAt: optional(text),
    stored: optional(flag),
  },
  ask: { ask: count, what: shape({ kind: text }) },
  unask: { ask: count },
  progress: { id: count, loaded: count, total: (value) => value === null || count(value) },
  storage: { state: text, message: text },
  blocked: { tabs: (value) => value === null || count(value), leftMs: count },
  barrier: { passed: count },
  pong: { ping: count },
  room: { room: text, message: text },
  tabEnded: { writer: text },
  documentFrame: { document: count, frame: bytes },
  documentState: {
    document: count,
    state: shape({ stored: count, readOnly: flag, error: optional(isWireError), isOver: optional(flag) }),
  },
} satisfies Record<WorkerMessage['type'], Readonly<Record<string, Check>>>
