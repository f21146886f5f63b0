import type { App } from '../src/core/app/app.ts'
import { holdEvents } from '../src/core/app/held-event.ts'
import type { DefaultHookOptions } from '../src/core/hook/built-in.ts'
import type { HookDefinition } from '../src/core/hook/definition.ts'
import { moreHooks } from '../src/core/hook/more-hooks.ts'
import { createAudit } from '../src/engine/audit.ts'
import type { AuditOptions } from '../src/engine/audit-options.ts'
import { createPackagedHost } from '../src/engine/packaged-host.ts'
import { openGate } from './gate.ts'

export interface ServeOptions {
  /** Steps and templates that live in this worker. What hooks make of an event that it declares is held to its schema. */
  readonly app?: App
  /** Hooks that gate every page of this build. */
  readonly hooks?: readonly HookDefinition[]
  /** The built-in hooks, each with its options, or false to leave it out; a sink turns logging on. @defaultValue all but logging */
  readonly builtIn?: DefaultHookOptions
  /** Records refused calls, and allowed ones where asked for, in the timeline of their session. @defaultValue none */
  readonly audit?: AuditOptions
}

/**
 * Serves the page that spawned this worker. Call it once, at the top of a worker of the app's own.
 *
 * @example
 * import { serveHoldfast } from 'holdfast/worker'
 * serveHoldfast({ app, hooks: [sizeLimit] })
 */
export function serveHoldfast(options: ServeOptions = {}): void {
  const { audit } = options
  const makeAudit = audit && ((shared: Parameters<typeof createAudit>[1]) => createAudit(audit, shared))
  openGate(
    createPackagedHost({
      ...options,
      holdEvent: holdEvents(options.app?.events),
      more: moreHooks,
      ...(makeAudit && { makeAudit }),
    }),
  )
}

export type { DefaultHookOptions } from '../src/core/hook/built-in.ts'
export type { CollectorOptions } from '../src/core/hook/collectors.ts'
export { defineHook, defineHooks, type HookAtPattern } from '../src/core/hook/define-hook.ts'
export type { HookDefinition } from '../src/core/hook/definition.ts'
export type { LogEntry, LoggingOptions, LogLevel } from '../src/core/hook/logging.ts'
export type { MetricsOptions } from '../src/core/hook/metrics.ts'
export type { RedactionOptions } from '../src/core/hook/redactor.ts'
export type { TraceEntry, TraceOptions } from '../src/core/hook/trace.ts'
export type { RateRule } from '../src/core/policy/rates.ts'
export type { AuditOptions } from '../src/engine/audit-options.ts'
