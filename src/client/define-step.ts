import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { PageStepDefinition } from './session-handle.ts'

/** Declares a step. Gives back what it was given, with its types. */
export function defineStep<Schema extends StandardSchemaV1, Output>(
  step: Omit<
    PageStepDefinition<StandardSchemaV1.InferInput<Schema>, StandardSchemaV1.InferOutput<Schema>, Output>,
    'input'
  > & { readonly input: Schema },
): PageStepDefinition<StandardSchemaV1.InferInput<Schema>, StandardSchemaV1.InferOutput<Schema>, Output>
export function defineStep<Input, Output>(
  step: PageStepDefinition<Input, Input, Output>,
): PageStepDefinition<Input, Input, Output>
export function defineStep(step: unknown): unknown {
  return step
}
