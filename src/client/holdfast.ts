import type { App } from '../core/app/app.ts'
import type { Durability } from '../core/commit.ts'
import { createError } from '../core/errors.ts'
import type { SessionId } from '../core/ids.ts'
import type { SessionStart } from '../core/session/input.ts'
import type { Actor } from '../core/session/record.ts'
import { type Adopt, createAdopt } from './adopt.ts'
import { answerAsks } from './asks.ts'
import { type Caller, createCaller } from './caller.ts'
import { connect } from './connection.ts'
import { createCurrentSession, type KeptCurrent } from './current-session.ts'
import { createGenerationMarker } from './generation.ts'
import { createHooks, type Hooks } from './hooks.ts'
import type { House } from './house.ts'
import { watchPageLife } from './page-life.ts'
import type { Frame } from './request.ts'
import { createSession, type Session } from './session.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { createSpawner, type WorkerOptions } from './spawn.ts'
import { createState, type State } from './state.ts'
import { createStepAnswers } from './step-answers.ts'
import { createStoreInfo, type StoreInfo } from './store-info.ts'
import { createStreams } from './streams.ts'
import { createTimeline, type Timeline } from './timeline.ts'
import type { Timing } from './timing.ts'
import { createWatches, type StartWatch } from './watch.ts'

export interface OpenOptions<A extends App = App> extends WorkerOptions {
  /** Of the database: one per name and origin. */
  readonly name: string
  /** What the app declares of itself, by `defineApp`. */
  readonly app?: A
  /** Who acts on this page; recorded with everything it does. */
  readonly actor?: Actor
  /** How writes of state and events are stored that do not say it. @defaultValue 'relaxed' */
  readonly durability?: Durability
  /** Until a call is aborted, in milliseconds. @defaultValue 30,000; ten minutes for imports, artifacts and replays */
  readonly deadlineMs?: number
  /** Gives up the opening. */
  readonly signal?: AbortSignal
}

/** The store of one name, as a page holds it. */
export interface Holdfast<A extends App = App> extends AsyncDisposable {
  readonly sessions: Sessions<A>
  readonly hooks: Hooks<Session<A>>
  readonly storage: StoreInfo
  readonly adopt: Adopt
  /** Events of all sessions, and of the store itself. */
  readonly timeline: Timeline
  /** State outside sessions. Usable at once; `ready` says when what is stored is there. */
  state(where: { readonly scope: string }): State
  /** Resolves when everything stored so far survives a power cut. */
  flush(): Promise<void>
  /** Makes a new database where the one under this page was lost. Sessions that were open are gone. */
  reopen(): Promise<void>
  /** Stores what is under way, and ends the worker. Handles reject from then on. */
  close(): Promise<void>
}

/** @throws as openHoldfast does */
export async function createHoldfast<A extends App>(options: OpenOptions<A>, timing: Timing): Promise<Holdfast<A>> {
  const { name, app } = options
  assertName(name)
  const connection = await connect({
    ...options,
    timing: { ...timing, deadlineMs: options.deadlineMs ?? timing.deadlineMs },
    templates: app?.templates,
    spawner: createSpawner(options, name),
    generation: createGenerationMarker(name),
  })
  const onError = (error: unknown) => reportError(error)
  const hooks = createHooks<Session<A>>(connection, ({ context }, frame) => openSession(context.sessionId, frame))
  const streams = createStreams(connection, hooks.isGated, onError)
  const caller = createCaller(connection, {})
  const startWatch = createWatches(connection)
  const house: House<A> = { connection, app, startWatch, adopt: handleOf }
  const storage = createStoreInfo(connection)
  const current = createCurrentSession(name)
  const steps = createStepAnswers(app?.steps ?? [], (id, frame) => openSession(id, frame))
  const stopPageLife = watchPageLife(() => connection.post({ type: 'flush' }))

  answerAsks(connection, { hook: hooks.answer, step: steps.answer })
  connection.stand(() => (steps.known.length > 0 ? [{ type: 'steps', steps: steps.known }] : []))
  void followCurrent(current, startWatch)
  await forgetGone(current, caller)

  /** Of a session that a call has just answered: what was stored since then is read once more, which nobody waits for. */
  function handleOf({ record, entries }: SessionStart): Session<A> {
    const { stream, loaded } = streams.attach({ session: record.id })
    loaded.catch(onError)
    stream.mirror.apply(entries, 'local')
    stream.take(record)
    return createSession(house, stream, record)
  }

  async function openSession(id: SessionId | undefined, frame?: Frame): Promise<Session<A>> {
    if (id === undefined) throw createError('SESSION_NOT_FOUND', 'This operation is in no session.')
    const stream = await streams.open({ session: id })
    if (stream.record === undefined) throw createError('SESSION_NOT_FOUND', `Session ${id} was deleted.`, { id })
    return createSession(house, stream, stream.record, frame)
  }

  const holdfast: Holdfast<A> = {
    sessions: createSessions(caller, current, { open: openSession, adopt: handleOf }),
    hooks: hooks.api,
    storage,
    adopt: createAdopt(caller),
    timeline: createTimeline(caller, startWatch),
    state: (where) => {
      const { stream, loaded } = streams.attach(where)
      return createState(stream, {}, loaded, undefined)
    },
    flush: async () => {
      await caller.call('flush', {})
    },
    reopen: connection.reopen,
    close: async () => {
      stopPageLife()
      await connection.close()
    },
    [Symbol.asyncDispose]: () => holdfast.close(),
  }
  return holdfast
}

function assertName(name: unknown): void {
  if (typeof name === 'string' && name !== '' && name.length <= 255) return
  throw createError('INVALID_NAME', 'openHoldfast needs a name of 1 to 255 characters: it names the database.', { path: 'name' })
}

/** A choice from before a reload may be gone by now. */
async function forgetGone(current: KeptCurrent, caller: Caller): Promise<void> {
  const id = current.get()
  if (id !== null && (await caller.call('sessions.get', { id })) === null) current.gone(id)
}

/** A deletion is an event of the store, whichever tab did it. */
async function followCurrent(current: KeptCurrent, startWatch: StartWatch): Promise<void> {
  for await (const { data } of startWatch(undefined, { types: ['session.deleted'] })) {
    current.gone((data as { readonly id: SessionId }).id)
  }
}
