import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { CreateSession } from '../session/input.ts'
import type { StateClass } from '../state/aside.ts'
import type { StateValue } from '../state/value.ts'
import type { Prices } from './prices.ts'
import type { AnyStep } from './step-definition.ts'

export type Schemas = Readonly<Record<string, StandardSchemaV1>>

/** What a template sets; a field given at create wins. The template's name is recorded, its fields are copied. */
export type Template = Omit<CreateSession, 'id' | 'name' | 'template' | 'parentId'>

/** What an app declares of itself, once, for every page and worker of it. */
export interface App<
  State extends Schemas = Schemas,
  Events extends Schemas = Schemas,
  Templates extends string = string,
> {
  /** Schema of each state key. Values are checked on the page as they are written; what the schema puts out is stored. */
  readonly state?: State
  /** How the values of session state keys are kept where that is not `standard`. */
  readonly stateClasses?: { readonly [Key in keyof State]?: StateClass }
  /** Schema of the data of each event type of the app's own. */
  readonly events?: Events
  /** Steps that replays may find. */
  readonly steps?: readonly AnyStep[]
  readonly templates?: Readonly<Record<Templates, Template>>
  /** What models cost, by which the page adds the cost to what steps and messages say they used. @defaultValue none */
  readonly prices?: Prices
}

/** Keys and values that the app declared, or any when it declared none. */
type InputsOf<Declared extends Schemas> = string extends keyof Declared
  ? Readonly<Record<string, StateValue>>
  : { readonly [Key in keyof Declared]: StandardSchemaV1.InferInput<Declared[Key]> }

type OutputsOf<Declared extends Schemas> = string extends keyof Declared
  ? Readonly<Record<string, StateValue>>
  : { readonly [Key in keyof Declared]: StandardSchemaV1.InferOutput<Declared[Key]> }

type StateSchemas<A extends App> =
  A extends App<infer State, infer _Events, infer _Templates> ? State : Schemas
type EventSchemas<A extends App> =
  A extends App<infer _State, infer Events, infer _Templates> ? Events : Schemas

/** What may be written under each state key. */
export type StateInputs<A extends App> = InputsOf<StateSchemas<A>>
/** What is read under each state key. */
export type StateOutputs<A extends App> = OutputsOf<StateSchemas<A>>
/** What each event type of the app's own may be emitted with. */
export type EventInputs<A extends App> = InputsOf<EventSchemas<A>>
export type TemplateName<A extends App> =
  A extends App<infer _State, infer _Events, infer Names> ? Names : string

/**
 * Declares an app: schemas of its state and events, its steps and its templates. Gives back what it was given, with
 * the types that the page's handles take from it. Nothing is opened or registered by it.
 */
export function defineApp<
  const State extends Schemas = Schemas,
  const Events extends Schemas = Schemas,
  const Templates extends string = string,
>(app: App<State, Events, Templates>): App<State, Events, Templates> {
  return app
}
