import type { DefaultHookOptions, DefaultHooks } from './built-in.ts'
import { lateCollectors } from './late-collectors.ts'
import { createMetrics } from './metrics.ts'
import { redactionHooks } from './redaction.ts'
import { createRedactor } from './redactor.ts'

/** The hooks that every engine starts with. They share the redactor, so that no secret goes round it. */
export function defaultHooks(options: DefaultHookOptions = {}, makeMore = lateCollectors): DefaultHooks {
  const redactor = options.redaction === false ? undefined : createRedactor(options.redaction)
  const shared = redactor === undefined ? {} : { redactor }
  const metrics = options.metrics === false ? undefined : createMetrics(options.metrics)
  const more = makeMore(options, shared)
  return {
    hooks: [
      ...(redactor === undefined ? [] : redactionHooks(redactor)),
      ...(metrics?.hooks ?? []),
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
