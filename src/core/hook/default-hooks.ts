import { agentOutputCollector, type CollectorOptions, toolResultCollector } from './collectors.ts'
import type { HookDefinition } from './definition.ts'
import type { HookIncident } from './executor.ts'
import { createLogging, type LoggingOptions } from './logging.ts'
import { createMetrics, type Metrics, type MetricsOptions } from './metrics.ts'
import { redactionHooks } from './redaction.ts'
import { createRedactor, type RedactionOptions, type Redactor } from './redactor.ts'

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

/** The hooks that every engine starts with. Collectors and logging share the redactor, so that no secret goes round it. */
export function defaultHooks(options: DefaultHookOptions = {}): DefaultHooks {
  const redactor = options.redaction === false ? undefined : createRedactor(options.redaction)
  const shared = redactor === undefined ? {} : { redactor }
  const metrics = options.metrics === false ? undefined : createMetrics(options.metrics)
  const logging = options.logging === undefined ? undefined : createLogging({ ...options.logging, ...shared })
  return {
    hooks: [
      ...(redactor === undefined ? [] : redactionHooks(redactor)),
      ...(metrics?.hooks ?? []),
      ...(options.toolResults === false ? [] : [toolResultCollector({ ...options.toolResults, ...shared })]),
      ...(options.agentOutputs === false
        ? []
        : [agentOutputCollector({ ...options.agentOutputs, ...shared })]),
      ...(logging?.hooks ?? []),
    ],
    ...(metrics === undefined ? {} : { metrics }),
    ...shared,
    onIncident(incident) {
      metrics?.onIncident(incident)
      logging?.onIncident(incident)
    },
  }
}
