import type { StateValue } from '../core/state/value.ts'
import type { WorkerApi } from './worker-api.ts'

/** What crosses whole, by structured clone or by transfer. State values nest in themselves and are known to be plain. */
type Leaf = StateValue | bigint | undefined | ArrayBuffer | Blob | ReadableStream<Uint8Array>

declare const refused: unique symbol

/** Stands where a value cannot cross; nothing is assignable to it. */
interface CannotCross<Why extends string> {
  readonly [refused]: Why
}

type Crossing<Value> = Value extends Leaf
  ? Value
  : Value extends symbol
    ? CannotCross<'a symbol'>
    : Value extends (...args: never) => unknown
      ? CannotCross<'a function'>
      : Value extends abstract new (
            ...args: never
          ) => unknown
        ? CannotCross<'a class'>
        : Value extends object
          ? { [Key in keyof Value]: Crossing<Value[Key]> }
          : Value

/**
 * Whether a value is the same on the other side. Mapping drops private members, so the way back fails for an instance
 * of a class that has some; methods of the others are functions.
 */
type Crosses<Value> = [Value] extends [Crossing<Value>]
  ? [Crossing<Value>] extends [Value]
    ? true
    : false
  : false

/** The same table of methods, where a method whose argument or answer cannot cross is replaced by a refusal. */
export type WireSafe<Api> = {
  readonly [Method in keyof Api]: Api[Method] extends (input: infer Input) => infer Answer
    ? [Crosses<Input>, Crosses<Answer>] extends [true, true]
      ? Api[Method]
      : CannotCross<'an argument or answer'>
    : CannotCross<'not a method'>
}

/** Compiles only for a table whose every method can cross. */
export type Checked<Api extends WireSafe<Api>> = Api

/** What the page calls. A method added to WorkerApi that cannot cross is a compile error here. */
export type WireApi = Checked<WorkerApi>
