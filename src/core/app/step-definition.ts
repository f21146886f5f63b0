import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { StepCodec } from '../run/codec.ts'
import type { Purity } from '../run/record.ts'
import type { SeededStreams } from '../run/seeded.ts'
import type { ModelUsage } from './prices.ts'

/**
 * What every step's body is given. Clock, randomness and ids are recorded by their seed, so that a replay meets the
 * same ones.
 */
export interface StepContext extends SeededStreams {
  /** Aborted when the caller gives up, the session is suspended or ended or its time is over, or Holdfast is closed. */
  readonly signal: AbortSignal
  /** Names this step in its session, the same at every attempt: pass it on as an idempotency key. */
  readonly key: string
  /** From 1; greater when an attempt was cut off. */
  readonly attempt: number
  /** Tells the caller how far the step is. */
  progress(loaded: number, total?: number): void
  /**
   * Adds to what the step used; recorded when it ends, also when it fails, and summed into the session's counters. Where
   * it names a model that the app has a price of, its cost is added.
   */
  usage(used: ModelUsage): void
}

/**
 * A step: work whose input and result are recorded, so that it answers from the recording after a reload and can be
 * run again by a replay.
 */
export interface StepDefinition<
  Input = unknown,
  Parsed = Input,
  Output = unknown,
  Context extends StepContext = StepContext,
> {
  /** Such as `tool:sql`: 1 to 128 characters, without `@`. */
  readonly id: string
  /** A whole number. Raised whenever the step would answer differently. */
  readonly version: number
  /** `pure` and `idempotent` steps may be run again, an `effect` never without being asked. */
  readonly purity: Purity
  /** Checked in the page before the step starts; its output is recorded and given to `run`. */
  readonly input?: StandardSchemaV1<Input, Parsed>
  /** Makes the result recordable where it is of the app's own kind. */
  readonly codec?: StepCodec<Output>
  run(input: Parsed, context: Context): Output | Promise<Output>
}

/** A step whose types do not matter, as lists of steps hold it. */
export type AnyStep = StepDefinition<unknown, unknown, unknown>

/** `id@version`, as recordings name a step. */
export function stepName({ id, version }: { readonly id: string; readonly version: number }): string {
  return `${id}@${version}`
}
