import type { PayloadByPoint } from '../hook/definition.ts'
import type { StateValue } from '../state/value.ts'
import type { Ended } from './ended.ts'
import type { StepFrame } from './step-frames.ts'

/** What record-hooks of a step are given. */
export type Draft = PayloadByPoint['step:run']

/** What was written down when the step started. */
export function startDraftOf({ start }: StepFrame, input: StateValue): Draft {
  const { step, key, tool, purity } = start.data
  return { phase: 'started', step, key, ...(tool === undefined ? {} : { tool }), input, purity }
}

/** What is written down when it ended like this. */
export function draftOf(
  { start }: StepFrame,
  input: StateValue,
  ended: Ended,
  source: StateValue | undefined,
): Draft {
  const { step, key, tool, purity } = start.data
  return {
    phase: ended.ok ? 'completed' : 'failed',
    step,
    key,
    ...(tool === undefined ? {} : { tool }),
    startedAt: start.time,
    input,
    ...(ended.ok ? { result: ended.value } : { error: ended.error }),
    ...(source === undefined ? {} : { source }),
    purity,
  }
}
