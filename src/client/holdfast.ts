import type { App } from '../core/app/app.ts'
import { assertPrices } from '../core/app/prices.ts'
import { asyncDispose } from '../core/async-dispose.ts'
import { createError } from '../core/errors.ts'
import type { SessionId } from '../core/ids.ts'
import type { SessionStart } from '../core/session/input.ts'
import type { Actor } from '../core/session/record.ts'
import { type Adopt, createAdopt } from './adopt.ts'
import { answerAsks } from './asks.ts'
import { createCaller } from './caller.ts'
import type { Connection } from './connection.ts'
import { createCurrentSession, type KeptCurrent } from './current-session.ts'
import { createHooks } from './hook-registry.ts'
import type { Hooks } from './hooks.ts'
import type { House } from './house.ts'
import { watchPageLife } from './page-life.ts'
import type { Frame } from './request.ts'
import type { BackPressure } from './send-window.ts'
import { createSession } from './session.ts'
import type { Session } from './session-handle.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { createState, type State } from './state.ts'
import { createStepAnswers } from './step-answers.ts'
import { createStoreInfo, type StoreInfo } from './store-info.ts'
import { createStreams, type Streams } from './streams.ts'
import { createTimeline, type Timeline } from './timeline.ts'
import { createWatches } from './watch.ts'
import { createListWatches } from './watch-list.ts'
import { createStoreWrites, type Writes } from './writes.ts'

/** Loaded together with the handles. */
export { connect } from './connect.ts'
export { assertDiskHasRoom } from './disk-room.ts'

/** The store of one name, as a page holds it. */
export interface Holdfast<A extends App = App> extends AsyncDisposable {
  readonly sessions: Sessions<A>
  readonly hooks: Hooks<Session<A>>
  readonly storage: StoreInfo
  /** How all that this page wrote stands, and how much more it may call for. */
  readonly writes: Writes & BackPressure
  readonly adopt: Adopt
  /** Events of all sessions, and of the store itself. */
  readonly timeline: Timeline
  /**
   * State outside sessions: `global`, `user` (the actor's own, where one was given), or a name of the app's choice. Usable
   * at once; `ready` says when what is stored is there.
   */
  state(where: { readonly scope: string }): State
  /** Resolves when everything stored so far survives a power cut. */
  flush(): Promise<void>
  /** Makes a new database where the one under this page was lost. Sessions that were open are gone. */
  reopen(): Promise<void>
  /** Stores what is under way, and ends the worker. Handles reject from then on. */
  close(): Promise<void>
}

/** Of what `openHoldfast` was given, what the handles need. */
interface Opening<A extends App> {
  readonly name: string
  readonly app?: A | undefined
  readonly actor?: Actor | undefined
}

/** Makes the handles over a connection that is open. */
export async function createHoldfast<A extends App>(
  connection: Connection,
  { name, app, actor }: Opening<A>,
): Promise<Holdfast<A>> {
  const onError = (error: unknown) => reportError(error)
  const hooks = createHooks<Session<A>>(connection, ({ context }, frame) =>
    openSession(context.sessionId, frame),
  )
  const streams = createStreams(connection, hooks.isGated, onError)
  const caller = createCaller(connection, {})
  const startWatch = createWatches(connection)
  const startListWatch = createListWatches(connection)
  assertPrices(app?.prices)
  const house: House<A> = { connection, app, startWatch, startListWatch, adopt: handleOf }
  const storage = createStoreInfo(connection)
  const current = createCurrentSession(name)
  const steps = createStepAnswers(app?.steps ?? [], (id, frame) => openSession(id, frame))
  const stopPageLife = watchPageLife((life) => {
    if (life !== 'shown') connection.post({ type: 'flush' })
    connection.post({ type: 'life', life })
    streams.listenToTabs(life !== 'frozen')
  })

  answerAsks(connection, { hook: hooks.answer, step: steps.answer, close: streams.close })
  connection.stand(() => (steps.known.length > 0 ? [{ type: 'steps', steps: steps.known }] : []))
  await followCurrent(current, streams)

  function handleOf(start: SessionStart): Session<A> {
    return createSession(house, streams.adopt(start), start.record)
  }

  async function openSession(id: SessionId | undefined, frame?: Frame): Promise<Session<A>> {
    if (id === undefined) throw createError('SESSION_NOT_FOUND', 'This operation is in no session.')
    const stream = await streams.open({ session: id }, frame !== undefined)
    if (stream.record === undefined)
      throw createError('SESSION_NOT_FOUND', `Session ${id} was deleted.`, { id })
    return createSession(house, stream, stream.record, frame)
  }

  const holdfast: Holdfast<A> = {
    sessions: createSessions(caller, current, startListWatch, { open: openSession, adopt: handleOf }, app),
    hooks: hooks.api,
    storage,
    writes: createStoreWrites(connection),
    adopt: createAdopt(caller),
    timeline: createTimeline(caller, startWatch),
    state: (where) => {
      const { stream, loaded } = streams.attach(scopeOf(where, actor))
      return createState(stream, { frame: {}, ready: loaded, caller })
    },
    flush: async () => {
      await caller.call('flush', {})
    },
    reopen: connection.reopen,
    close: async () => {
      stopPageLife()
      streams.listenToTabs(false)
      await connection.close()
    },
    [asyncDispose]: () => holdfast.close(),
  }
  return holdfast
}

/** Whoever shares the store as another actor has another `user`. */
function scopeOf(
  { scope }: { readonly scope: string },
  actor: Actor | undefined,
): { readonly scope: string } {
  return { scope: scope === 'user' && actor !== undefined ? `user:${actor.id}` : scope }
}

/** Resolves when it is known whether a choice from before a reload is still there. */
async function followCurrent(current: KeptCurrent, streams: Streams): Promise<void> {
  let stop = () => {}
  const follow = async (id: SessionId | null) => {
    stop()
    stop = () => {}
    if (id === null) return
    const { stream, loaded } = streams.attach({ session: id })
    const unsubscribe = stream.subscribe((record) => {
      if (record === undefined) current.gone(id)
    })
    stop = () => {
      unsubscribe()
      stream.release()
    }
    // That it is not there, the stream has told by then.
    await loaded.catch(() => {})
  }
  current.subscribe(follow)
  await follow(current.get())
}
