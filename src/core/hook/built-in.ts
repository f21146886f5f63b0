import type { RateRule } from '../policy/rates.ts'
import type { CollectorOptions } from './collectors.ts'
import type { HookDefinition } from './definition.ts'
import type { HookIncident } from './executor.ts'
import type { LoggingOptions } from './logging.ts'
import type { Metrics, MetricsOptions } from './metrics.ts'
import type { RedactionOptions, Redactor } from './redactor.ts'
import type { TraceOptions } from './trace.ts'

/** Each part: its options, or false to leave it out. */
export interface DefaultHookOptions {
  /** @defaultValue on */
  readonly redaction?: RedactionOptions | false
  /** @defaultValue on */
  readonly metrics?: MetricsOptions | false
  /** @defaultValue on */
  readonly toolResults?: Omit<CollectorOptions, 'redactor'> | false
  /** @defaultValue on */
  readonly agentOutputs?: Omit<CollectorOptions, 'redactor'> | false
  /** @defaultValue off: it needs a sink */
  readonly logging?: Omit<LoggingOptions, 'redactor'>
  /** @defaultValue off: it needs a sink */
  readonly trace?: Omit<TraceOptions, 'redactor'>
  /** What all sessions together, or each by itself, may do in a time. @defaultValue none */
  readonly rates?: readonly RateRule[]
}

export interface DefaultHooks {
  /** To be registered. */
  readonly hooks: readonly HookDefinition[]
  /** Absent when they were left out. */
  readonly metrics?: Metrics
  /** For the executor's notes; absent when redaction was left out. */
  readonly redactor?: Redactor
  /** For the executor. */
  onIncident(incident: HookIncident): void
}

/** Makes built-in hooks that are not needed at a worker's start, or not by the packaged worker. */
export type MakeMore = (
  options: DefaultHookOptions,
  shared: { readonly redactor?: Redactor },
) => readonly Pick<DefaultHooks, 'hooks' | 'onIncident'>[]
