import type { PayloadByPoint } from '../hook/definition.ts'
import type { ThrownError } from '../run/input.ts'
import type { StateValue } from '../state/value.ts'
import { compareValues, type Difference } from './comparator.ts'
import type { CompareRules } from './compare-rules.ts'
import type { RerunDeps } from './definitions.ts'
import type { StepFrame } from './frames.ts'

export type EndedStep = StepFrame & { readonly end: NonNullable<StepFrame['end']> }
export type Draft = PayloadByPoint['step:run']
/** What came of a body that was run again. */
export type Performed = { readonly result: StateValue } | { readonly error: ThrownError }

/** Compares how a step ended when it was recorded with how it ends now, as the record-hooks left that. */
export async function compareEnds(
  { readValue, redact = (value) => value }: Pick<RerunDeps, 'readValue' | 'redact'>,
  end: EndedStep['end'],
  shaped: Draft,
  outcome: Performed,
  rules: CompareRules,
): Promise<readonly Difference[]> {
  const otherEnd = (expected: string, got: string): readonly Difference[] => [
    { path: '', expected, got, severity: rules.severityOf('', 'critical') },
  ]
  if (end.type === 'step.completed') {
    const expected = await readValue(end.data.result)
    if ('error' in outcome) return otherEnd('completed', failed(outcome.error))
    return compareValues(expected, await redact(shaped.result ?? null), rules)
  }
  const { error } = end.data
  if (!('error' in outcome)) return otherEnd(failed(error), 'completed')
  const code = outcome.error.code === undefined ? {} : { code: outcome.error.code }
  // The stack is for people: it says where the code stood, which any build changes.
  const got = toCompare({ ...(shaped.error ?? outcome.error), ...code })
  return compareValues(toCompare(error), await redact(got), rules)
}

function toCompare(error: {
  readonly name?: string
  readonly message: string
  readonly code?: string
}): StateValue {
  const { name = 'HoldfastError', message, code } = error
  return { error: { name, message, ...(code === undefined ? {} : { code }) } }
}

function failed({ message }: { readonly message: string }): string {
  return `failed: ${message}`
}
