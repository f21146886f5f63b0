/** What the worker accepts from a page. The page may run another build, or code that does not mean well. */
import { HOOK_STAGES, isPointName } from '../core/hook/points.ts'
import type { Hello } from './hello.ts'
import type { Call, PageMessage } from './messages.ts'
import { isMethodName } from './methods.ts'
import {
  anything,
  assertShape,
  assertTyped,
  bytes,
  type Check,
  count,
  duration,
  type FieldsByType,
  flag,
  listOf,
  oneOf,
  optional,
  recordOf,
  shape,
  text,
} from './shape.ts'

export function assertHello(value: unknown): asserts value is Hello {
  assertShape('hello', HELLO, value)
}

export function assertCall(value: unknown): asserts value is Call {
  assertShape('call', CALL, value)
}

export function assertPageMessage(value: unknown): asserts value is PageMessage {
  assertTyped('page message', PAGE_MESSAGES, value)
}

const actor = shape({ id: text, name: optional(text) })
const durability = oneOf('relaxed', 'strict')
const purity = oneOf('pure', 'idempotent', 'effect')
const stage = oneOf(...HOOK_STAGES)
const point: Check = isPointName
/** It is stored with every event: what it names is made here, or is an app's own short word. */
const name: Check = (value) => text(value) && value !== '' && (value as string).length <= 128
const cause = shape({ correlationId: optional(name), causeId: optional(name) })
/** Calls nest 4 deep; the rest of the bound is room for the core to say HOOK_REENTRANT itself. */
const hookPath: Check = (value) => listOf(text)(value) && (value as readonly unknown[]).length <= 16

const HELLO = {
  protocol: count,
  newest: optional(count),
  name: (value) => text(value) && value !== '',
  client: (value) => text(value) && value !== '',
  actor: optional(actor),
  generation: optional(text),
  templates: optional(recordOf(anything)),
  blockedMs: optional(duration),
  inDoubt: optional(flag),
  reopen: optional(flag),
  tells: optional(flag),
} satisfies Record<keyof Hello, Check>

const CALL = {
  id: count,
  method: isMethodName,
  input: anything,
  requestId: optional(text),
  mayRepeat: optional(flag),
  deadlineMs: duration,
  cause: optional(cause),
  hookPath: optional(hookPath),
} satisfies Record<keyof Call, Check>

const target: Check = (value) => shape({ session: text })(value) || shape({ scope: text })(value)

const hook = shape({
  id: text,
  version: count,
  point,
  stage,
  priority: (value) => Number.isFinite(value),
  timeoutMs: duration,
  onError: oneOf('refuse', 'ignore'),
  when: optional(
    shape({
      sessionId: optional(text),
      tags: optional(listOf(text)),
      kinds: optional(listOf(text)),
      names: optional(listOf(text)),
    }),
  ),
  replayable: flag,
  breaker: flag,
  // Its fields are checked where the hook is registered.
  breakerOptions: optional(recordOf(anything)),
  enabled: optional(flag),
})

const foreignError = shape({ name: text, message: text, stack: optional(text), code: optional(text) })
const outcome: Check = (value) =>
  shape({ ok: oneOf(true) })(value) || shape({ ok: oneOf(false), error: foreignError })(value)

const PAGE_MESSAGES = {
  write: {
    id: count,
    target,
    changes: listOf(shape({ key: text, scope: optional(text), class: optional(text) })),
    requestId: text,
    mayRepeat: flag,
    durability: optional(durability),
    told: optional(flag),
    cause: optional(cause),
    deadlineMs: duration,
    hookPath: optional(hookPath),
  },
  abort: { id: count },
  attach: { stream: text },
  detach: { stream: text },
  watch: {
    watch: count,
    sessionId: optional(text),
    types: listOf(text),
    since: optional(text),
    again: optional(flag),
  },
  unwatch: { watch: count },
  notice: { watch: count, sessionId: optional(text) },
  unnotice: { watch: count },
  hook: { hook },
  unhook: { id: text, point, stage },
  switchHooks: {
    which: shape({
      id: optional(text),
      point: optional(point),
      stage: optional(stage),
      home: optional(oneOf('page', 'worker')),
    }),
    enabled: flag,
  },
  steps: { steps: listOf(shape({ step: text, purity })) },
  answer: { ask: count, outcome },
  openDocument: { document: count, sessionId: text, name: anything, clientId: count },
  documentFrame: { document: count, frame: bytes },
  closeDocument: { document: count },
  flush: { unsafe: optional(flag) },
  life: { life: oneOf('shown', 'hidden', 'frozen') },
  ping: { ping: count },
} satisfies Record<PageMessage['type'], Readonly<Record<string, Check>>> satisfies FieldsByType
