import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { App, Schemas, StateInputs, StateOutputs } from '../core/app/app.ts'
import { createError, type HoldfastError } from '../core/errors.ts'
import { sessionNotFound } from '../core/session/head.ts'
import { assertPermitted } from '../core/session/status.ts'
import { admitKey, admitState } from '../core/state/admit.ts'
import { type AsideClass, asideOf, type StateClass } from '../core/state/aside.ts'
import { freezeValue } from '../core/state/freeze.ts'
import type { ChangeSource } from '../core/state/mirror-change.ts'
import { checkSchema } from '../core/state/schema.ts'
import { entryKeyOf, type SessionScope, scopeText } from '../core/state/scope.ts'
import type { Caller } from './caller.ts'
import type { CallOptions, Frame, WriteOptions } from './request.ts'
import type { Stream } from './shared-stream.ts'
import { createStateView, hydrate } from './state-view.ts'

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
    /** Set where the value stands aside: `value` is then undefined until it was read. */
    readonly class?: AsideClass
  }
}[keyof Values]

type KeyOf<Values> = keyof Values & string

export interface StateWriteOptions extends WriteOptions {
  /**
   * How the value is kept: `ephemeral` in this tab's memory, `sensitive` in one place that events, hooks and other tabs'
   * mirrors never have, `archive` packed and read on demand.
   * @defaultValue what the app declares of the key; `sensitive` while the key holds such a value; else `standard`
   */
  readonly class?: StateClass | undefined
}

/**
 * Keys and values. Reads are synchronous, from the page's mirror, and never throw. A write is seen here at once and
 * reverts when it is refused, but for keys that a before-hook covers: those show when they are stored.
 */
export interface State<A extends App = App> {
  /** Resolves when the mirror holds what is stored. Rejects when it cannot be loaded. */
  readonly ready: Promise<void>
  /** undefined also for what stands aside: a sensitive value, and an archived one before it was read. */
  get<Key extends KeyOf<StateOutputs<A>>>(key: Key): StateOutputs<A>[Key] | undefined
  /**
   * The value, also where it stands aside; an archived one is then seen by `get` until it changes.
   * @throws CONTENT_DAMAGED when its bytes are not what was stored
   */
  read<Key extends KeyOf<StateOutputs<A>>>(
    key: Key,
    options?: CallOptions,
  ): Promise<StateOutputs<A>[Key] | undefined>
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
    options?: StateWriteOptions,
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
  readonly caller: Caller
  /** The app's, which says what its keys hold and how they are kept. */
  readonly app?: Pick<App, 'state' | 'stateClasses'> | undefined
  /** The scope inside a session, as `agent:planner`. */
  readonly scope?: string
}

export function createState<A extends App>(stream: Stream, options: StateOptions): State<A> {
  const { frame, ready, app, scope, caller } = options
  const { mirror, ephemeral, write } = stream
  // Whoever does not ask whether it is ready must not meet an unhandled rejection.
  ready.catch(() => {})
  const within = scope === undefined ? {} : { scope }
  const entryKey = (key: string) => entryKeyOf({ ...within, key })
  const { subscribe, ...reads } = createStateView(mirror, ephemeral.mirror, scope)

  /** Undefined where nobody says: the worker then looks what the key holds. */
  const classOf = (key: string, asked: StateClass | undefined): StateClass | undefined => {
    const declared = ownOf(app?.stateClasses, key)
    if (declared !== undefined && asked !== undefined && asked !== declared) throw otherClass(key, declared)
    // Only who says so makes open what was sensitive.
    const kept = asideOf(mirror.get(entryKey(key)))?.class === 'sensitive' ? 'sensitive' : undefined
    return declared ?? asked ?? kept
  }

  const state: State = {
    ready,
    ...reads,
    subscribe,
    read: async (key, options) => {
      await ready
      const own = entryKey(admitKey(key))
      if (ephemeral.mirror.has(own)) return ephemeral.mirror.get(own)
      const present = mirror.get(own)
      const aside = asideOf(present)
      if (present === undefined || aside === undefined) return present
      const { value } = await caller.call('state.read', { target: stream.target, ...within, key }, options)
      if (value !== undefined && aside.class === 'archive') hydrate(present, freezeValue(value))
      return value
    },
    set: async (key, value, { class: asked, ...options } = {}) => {
      const schema = ownOf(app?.state, admitKey(key))
      const checked = schema === undefined ? value : checkSchema(schema, value, `state "${key}"`)
      const admitted = admitState(checked, key)
      const kept = classOf(key, asked)
      if (kept === 'ephemeral') {
        assertTakesWrites(stream)
        ephemeral.set(entryKey(key), admitted)
        return
      }
      const aside = kept === undefined ? {} : { class: kept }
      const storing = write({ ...within, key, value: admitted, ...aside }, options, frame)
      return orElse(storing, ephemeral.set(entryKey(key)))
    },
    delete: async (key, options = {}) => {
      const own = entryKey(admitKey(key))
      const isStored = mirror.has(own) || !ephemeral.mirror.has(own)
      const bringBack = ephemeral.set(own)
      if (isStored) await orElse(write({ ...within, key }, options, frame), bringBack)
    },
  }
  // What is stored was checked as it was written; the schemas' types stand on that.
  return state as State<A>
}

export function createSessionState<A extends App>(stream: Stream, options: StateOptions): SessionState<A> {
  const { app: _, ...others } = options
  return {
    ...createState<A>(stream, options),
    scope: (scope) => createState(stream, { ...others, scope: scopeText(scope) }),
  }
}

/** As the worker does for what it stores. */
function assertTakesWrites({ target, record, isGone }: Stream): void {
  if (isGone && 'session' in target) throw sessionNotFound(target.session)
  if (record !== undefined) assertPermitted(record, 'state.write')
}

/** What a write covered is there again where it is refused. */
async function orElse(storing: Promise<void>, bringBack: () => void): Promise<void> {
  try {
    await storing
  } catch (error) {
    bringBack()
    throw error
  }
}

function ownOf<Value>(record: Readonly<Record<string, Value>> | undefined, key: string): Value | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined
}

function otherClass(key: string, declared: StateClass): HoldfastError {
  return createError(
    'INVALID_ARGUMENT',
    `The app declares state "${key}" as ${declared}, so it cannot be kept otherwise; leave the class out.`,
    { key, declared },
  )
}

export function schemaOf(schemas: Schemas | undefined, name: string): StandardSchemaV1 | undefined {
  return schemas !== undefined && Object.hasOwn(schemas, name) ? schemas[name] : undefined
}
