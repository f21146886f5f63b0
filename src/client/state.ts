import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { App, Schemas, StateInputs, StateOutputs } from '../core/app/app.ts'
import { admitKey, admitState } from '../core/state/admit.ts'
import type { Mirror } from '../core/state/mirror.ts'
import type { ChangeSource } from '../core/state/mirror-change.ts'
import { checkSchema } from '../core/state/schema.ts'
import { entryKeyOf, type SessionScope, scopeText, splitEntryKey } from '../core/state/scope.ts'
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
    /** False while the value, of this page or of another tab, is not stored yet. */
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

/** The state of a session: its own keys, and what agents, tools and workflows keep in it for themselves. */
export interface SessionState<A extends App = App> extends State<A> {
  /**
   * What an agent, a tool or a workflow keeps in this session: keys of its own, which no other scope sees. It is part of
   * the session: saved, restored, forked and deleted with it. No schema of the app applies.
   * @throws INVALID_ARGUMENT, INVALID_NAME
   */
  scope(scope: SessionScope): State
}

interface StateOptions {
  readonly frame: Frame
  readonly ready: Promise<void>
  readonly schemas?: Schemas | undefined
  /** The scope inside a session, as `agent:planner`. */
  readonly scope?: string
}

export function createState<A extends App>(stream: Stream, options: StateOptions): State<A> {
  const { frame, ready, schemas, scope } = options
  const { mirror, write } = stream
  // Whoever does not ask whether it is ready must not meet an unhandled rejection.
  ready.catch(() => {})
  const within = scope === undefined ? {} : { scope }
  const entryKey = (key: string) => entryKeyOf({ ...within, key })
  const keys = keysWithin(mirror, scope)
  const state: State = {
    ready,
    get: (key) => mirror.get(entryKey(key)),
    has: (key) => mirror.has(entryKey(key)),
    keys,
    *entries() {
      for (const key of keys()) {
        const value = mirror.get(entryKey(key))
        if (value !== undefined) yield [key, value]
      }
    },
    set: async (key, value, options = {}) => {
      const schema = schemaOf(schemas, admitKey(key))
      const checked = schema === undefined ? value : checkSchema(schema, value, `state "${key}"`)
      return write({ ...within, key, value: admitState(checked, key) }, options, frame)
    },
    delete: async (key, options = {}) => write({ ...within, key: admitKey(key) }, options, frame),
    subscribe: (listener, key) => {
      if (key !== undefined) return mirror.subscribe((change) => listener({ ...change, key }), entryKey(key))
      return mirror.subscribe((change) => {
        const split = splitEntryKey(change.key)
        if (split.scope === scope) listener({ ...change, key: split.key })
      })
    },
  }
  // What is stored was checked as it was written; the schemas' types stand on that.
  return state as State<A>
}

export function createSessionState<A extends App>(stream: Stream, options: StateOptions): SessionState<A> {
  return {
    ...createState<A>(stream, options),
    scope: (scope) =>
      createState(stream, { frame: options.frame, ready: options.ready, scope: scopeText(scope) }),
  }
}

/** The mirror's list is another one whenever a key came or went, and the same one until then. */
function keysWithin(mirror: Mirror, scope: string | undefined): () => readonly string[] {
  let all: readonly string[] | undefined
  let own: readonly string[] = []
  return () => {
    const present = mirror.keys()
    if (present !== all) {
      all = present
      const split = present.map(splitEntryKey)
      own = Object.freeze(split.filter((one) => one.scope === scope).map(({ key }) => key))
    }
    return own
  }
}

export function schemaOf(schemas: Schemas | undefined, name: string): StandardSchemaV1 | undefined {
  return schemas !== undefined && Object.hasOwn(schemas, name) ? schemas[name] : undefined
}
