/** Turns a step's own kind of value into one that can be recorded, and back. Given with the step's definition. */
export interface StepCodec<Value = unknown> {
  /** Gives plain data: what {@link encodeStepValue} takes. */
  encode(value: Value): unknown
  decode(recorded: unknown): Value
}
