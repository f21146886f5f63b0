import type { Attributes, OtelMeter } from './api.ts'
import type { Duration, Named } from './names.ts'

export interface Instruments {
  duration(named: Named, seconds: number, errorType: string | undefined): void
  /** @param usage attributes as spans have them */
  tokens(usage: Attributes, of: Attributes): void
}

const DURATIONS: Readonly<Record<Duration, string>> = {
  'gen_ai.execute_tool.duration': 'How long the execution of a tool took.',
  'gen_ai.invoke_agent.duration': 'How long the invocation of an agent took.',
  'gen_ai.workflow.duration': 'How long a workflow took.',
}

/** Attributes of few values; the others would make a series of each call. */
const TOLD = [
  'gen_ai.operation.name',
  'gen_ai.provider.name',
  'gen_ai.request.model',
  'gen_ai.response.model',
  'gen_ai.tool.name',
  'gen_ai.agent.name',
  'gen_ai.workflow.name',
]

/** Without a meter nothing is measured. */
export function createInstruments(meter: OtelMeter | undefined): Instruments {
  if (meter === undefined) return { duration: () => {}, tokens: () => {} }
  const durations = new Map(
    Object.entries(DURATIONS).map(([name, description]) => [
      name,
      meter.createHistogram(name, { unit: 's', description }),
    ]),
  )
  const tokens = meter.createHistogram('gen_ai.client.token.usage', {
    unit: '{token}',
    description: 'Number of input and output tokens used.',
  })
  return {
    duration: ({ duration, attributes }, seconds, errorType) => {
      if (duration === undefined) return
      const error = errorType === undefined ? {} : { 'error.type': errorType }
      durations.get(duration)?.record(seconds, { ...told(attributes), ...error })
    },
    tokens: (usage, of) => {
      for (const type of ['input', 'output']) {
        const count = usage[`gen_ai.usage.${type}_tokens`]
        if (typeof count === 'number') tokens.record(count, { ...told(of), 'gen_ai.token.type': type })
      }
    },
  }
}

function told(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => TOLD.includes(name)))
}
