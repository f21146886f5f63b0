import type { RateRule } from '../policy/rates.ts'
import { agentOutputCollector, type CollectorOptions, toolResultCollector } from './collectors.ts'
import type { HookDefinition } from './definition.ts'
import type { HookIncident } from './executor.ts'
import type { LoggingOptions } from './logging.ts'
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

/** What only workers of an app's own can turn on: the packaged worker is smaller without it. */
export type MakeMore = (
  options: DefaultHookOptions,
  shared: { readonly redactor?: Redactor },
) => readonly Pick<DefaultHooks, 'hooks' | 'onIncident'>[]

/** The hooks that every engine starts with. They share the redactor, so that no secret goes round it. */
export function defaultHooks(options: DefaultHookOptions = {}, makeMore: MakeMore = () => []): DefaultHooks {
  const redactor = options.redaction === false ? undefined : createRedactor(options.redaction)
  const shared = redactor === undefined ? {} : { redactor }
  const metrics = options.metrics === false ? undefined : createMetrics(options.metrics)
  const more = makeMore(options, shared)
  return {
    hooks: [
      ...(redactor === undefined ? [] : redactionHooks(redactor)),
      ...(metrics?.hooks ?? []),
      ...(options.toolResults === false ? [] : [toolResultCollector({ ...options.toolResults, ...shared })]),
      ...(options.agentOutputs === false
        ? []
        : [agentOutputCollector({ ...options.agentOutputs, ...shared })]),
      ...more.flatMap(({ hooks }) => hooks),
    ],
    ...(metrics === undefined ? {} : { metrics }),
    ...shared,
    onIncident(incident) {
      metrics?.onIncident(incident)
      for (const { onIncident } of more) onIncident(incident)
    },
  }
}
