import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { App, Schemas, StateInputs, StateOutputs } from '../core/app/app.ts'
import { admitKey, admitState } from '../core/state/admit.ts'
import type { ChangeSource } from '../core/state/mirror-change.ts'
import { checkSchema } from '../core/state/schema.ts'
import type { Frame, WriteOptions } from './request.ts'
import type { Stream } from './streams.ts'

/** One change of what is shown under a key. */
export type Change<Values> = {
  [Key in keyof Values]: {
    readonly key: Key
    /** undefined where the key is gone. */
    readonly value: Values[Key] | undefined
    readonly previous: Values[Key] | undefined
    /** This page, another tab, another device, or a replay. */
    readonly source: ChangeSource
    /** False while the value is this page's own and not stored yet. */
    readonly settled: boolean
  }
}[keyof Values]

type KeyOf<Values> = keyof Values & string

/**
 * Keys and values. Reads are synchronous, from the page's mirror, and never throw. A write is seen here at once and
 * reverts when it is refused, but for keys that a before-hook covers: those show when they are stored.
 */
export interface State<A extends App = App> {
  /** Resolves when the mirror holds what is stored. Rejects when it cannot be loaded. */
  readonly ready: Promise<void>
  get<Key extends KeyOf<StateOutputs<A>>>(key: Key): StateOutputs<A>[Key] | undefined
  has(key: KeyOf<StateOutputs<A>>): boolean
  /** Sorted, so that every tab lists them alike. */
  keys(): readonly KeyOf<StateOutputs<A>>[]
  entries(): IterableIterator<readonly [KeyOf<StateOutputs<A>>, StateOutputs<A>[KeyOf<StateOutputs<A>>]]>
  /**
   * Writes a value. Resolves when it is stored.
   * @throws INVALID_NAME, INVALID_VALUE, VALUE_TOO_LARGE, SCHEMA_INVALID, SCHEMA_ASYNC before anything is shown
   * @throws SESSION_NOT_ACTIVE, HOOK_CANCELLED and the like when it is refused; the value shown reverts
   */
  set<Key extends KeyOf<StateInputs<A>>>(
    key: Key,
    value: StateInputs<A>[Key],
    options?: WriteOptions,
  ): Promise<void>
  /** Removes a key. Resolves when that is stored. */
  delete(key: KeyOf<StateInputs<A>>, options?: WriteOptions): Promise<void>
  /** Calls back at each change, or at those of one key. The function returned ends it. */
  subscribe(listener: (change: Change<StateOutputs<A>>) => void, key?: KeyOf<StateOutputs<A>>): () => void
}

export function createState<A extends App>(
  { mirror, write }: Stream,
  frame: Frame,
  ready: Promise<void>,
  schemas: Schemas | undefined,
): State<A> {
  // Whoever does not ask whether it is ready must not meet an unhandled rejection.
  ready.catch(() => {})
  const state: State = {
    ready,
    get: (key) => mirror.get(key),
    has: (key) => mirror.has(key),
    keys: () => mirror.keys(),
    entries: () => mirror.entries(),
    set: async (key, value, options = {}) => {
      const schema = schemaOf(schemas, admitKey(key))
      const checked = schema === undefined ? value : checkSchema(schema, value, `state "${key}"`)
      return write({ key, value: admitState(checked, key) }, options, frame)
    },
    delete: async (key, options = {}) => write({ key: admitKey(key) }, options, frame),
    subscribe: (listener, key) => mirror.subscribe(listener, key),
  }
  // What is stored was checked as it was written; the schemas' types stand on that.
  return state as State<A>
}

export function schemaOf(schemas: Schemas | undefined, name: string): StandardSchemaV1 | undefined {
  return schemas !== undefined && Object.hasOwn(schemas, name) ? schemas[name] : undefined
}
