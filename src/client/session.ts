import type { App, EventInputs } from '../core/app/app.ts'
import { createError } from '../core/errors.ts'
import type { CheckpointId, EventId, SessionId } from '../core/ids.ts'
import type { ChildPolicy, EditSession } from '../core/session/input.ts'
import type { Checkpoint, SessionRecord } from '../core/session/record.ts'
import type { Verb } from '../core/session/status.ts'
import { checkSchema } from '../core/state/schema.ts'
import type { StateValue } from '../core/state/value.ts'
import type { TimelineEvent } from '../core/timeline/event.ts'
import type { Cause } from '../protocol/worker-api.ts'
import { type Artifacts, createArtifacts } from './artifacts.ts'
import { createCaller } from './caller.ts'
import { createDocuments, type Documents } from './documents.ts'
import type { House } from './house.ts'
import { createPast, type Past } from './past.ts'
import { type Replay, type ReplayOptions, startReplay } from './replay.ts'
import type { CallOptions, ChangeOptions, Frame, WriteOptions } from './request.ts'
import { type RunBody, type RunOptions, runBody } from './run.ts'
import { createState, type State, schemaOf } from './state.ts'
import { createRunStep, type RunStep } from './step.ts'
import type { Stream } from './streams.ts'
import { createTimeline, type Timeline } from './timeline.ts'
import { createWorkSignal } from './work-signal.ts'

/** A moment of a session: an event, or its id. */
export type Moment = string | { readonly id: EventId }

/**
 * A session as a page holds it. Every method that changes something resolves when the change is stored, and rejects
 * with a HoldfastError when it is refused.
 */
export interface Session<A extends App = App> extends AsyncDisposable {
  readonly id: SessionId
  /** The session as it is now: immutable, and replaced at each change by this page, another tab or the worker. */
  readonly info: SessionRecord
  /** Calls back when `info` was replaced; with null when the session was deleted. The function returned ends it. */
  subscribe(listener: (info: SessionRecord | null) => void): () => void
  readonly state: State<A>
  readonly artifacts: Artifacts
  readonly timeline: Timeline
  readonly documents: Documents
  readonly checkpoints: { list(options?: CallOptions): Promise<readonly Checkpoint[]> }

  /** Records an event of the app's own. @throws SCHEMA_INVALID, INVALID_VALUE, SESSION_NOT_ACTIVE */
  emit<Type extends keyof EventInputs<A> & string>(type: Type, data: EventInputs<A>[Type], options?: WriteOptions): Promise<TimelineEvent>
  readonly step: RunStep
  /**
   * Runs a body whose steps are recorded, with one owner over all tabs. After a reload, the same call goes on where it
   * stood: finished steps answer from the recording.
   * @throws RUN_BLOCKED, RUN_DIVERGED, or what the body threw
   */
  run<Input, Output>(name: string, options: RunOptions<Input>, body: RunBody<Input, Output>): Promise<Output>
  run<Output>(name: string, body: RunBody<undefined, Output>): Promise<Output>

  /** Makes a checkpoint of state, artifacts and status. */
  save(what?: { readonly label?: string }, options?: ChangeOptions): Promise<Checkpoint>
  /** Takes the state back to a checkpoint, forward in the timeline. */
  restore(checkpoint: string | Checkpoint, options?: ChangeOptions): Promise<void>
  /** @throws INVALID_TRANSITION naming what is allowed */
  suspend(options?: ChangeOptions): Promise<SessionRecord>
  resume(options?: ChangeOptions): Promise<SessionRecord>
  complete(options?: ChangeOptions): Promise<SessionRecord>
  fail(reason: string, options?: ChangeOptions): Promise<SessionRecord>
  reopen(reason: string, options?: ChangeOptions): Promise<SessionRecord>
  archive(options?: ChangeOptions): Promise<SessionRecord>
  unarchive(options?: ChangeOptions): Promise<SessionRecord>
  /** Changes name, description, tags, metadata, limits and retention; what is absent stays. */
  edit(changes: EditSession, options?: ChangeOptions): Promise<SessionRecord>
  /** Removes the session with all it holds; a tombstone stays. @throws SESSION_HAS_CHILDREN unless told what becomes of them */
  delete(how?: { readonly children?: ChildPolicy }, options?: ChangeOptions): Promise<void>

  /** A new session that begins as this one is, or was. */
  fork(what?: { readonly at?: Moment; readonly name?: string }, options?: ChangeOptions): Promise<Session<A>>
  /** The session as it was right after an event. */
  at(moment: Moment, options?: CallOptions): Promise<Past<A>>
  /** Replays what is recorded. Stores nothing. */
  replay(options?: ReplayOptions): Replay

  /** The same session, where everything done is caused by an event. */
  correlate(by: { readonly cause: Moment | TimelineEvent } | Cause): Session<A>
  /** This page stops listening to the session. What is stored stays. */
  close(): void
}

/** @param stream the handle's own: it is released by `close` */
export function createSession<A extends App>(house: House<A>, stream: Stream, record: SessionRecord, frame: Frame = {}): Session<A> {
  const { id } = record
  const work = createWorkSignal(stream)
  let closed = false

  const bind = (bound: Frame): Session<A> => {
    const caller = createCaller(house.connection, bound)
    const place = {
      sessionId: id,
      caller,
      bind,
      get signal() {
        return work.signal
      },
    }
    const transition = async (verb: Verb, options?: ChangeOptions, reason?: string) => {
      const changed = await caller.call('sessions.transition', { id, verb, ...(reason !== undefined && { reason }) }, options)
      stream.take(changed)
      return changed
    }
    const session: Session<A> = {
      id,
      get info() {
        return stream.record ?? record
      },
      subscribe: (listener) => stream.subscribe((info) => listener(info ?? null)),
      state: createState<A>(stream, bound, Promise.resolve(), house.app?.state),
      artifacts: createArtifacts(caller, id),
      timeline: createTimeline(caller, house.startWatch, id),
      documents: createDocuments(caller, id),
      checkpoints: { list: (options) => caller.call('sessions.checkpoints', { id }, options) },

      emit: async (type, data, { durability, ...options } = {}) => {
        const schema = schemaOf(house.app?.events, type)
        const checked = schema === undefined ? data : checkSchema(schema, data, `event "${type}"`)
        return caller.call('timeline.emit', { sessionId: id, type, data: checked as StateValue, ...(durability && { durability }) }, options)
      },
      step: createRunStep(place),
      run: async <Input, Output>(name: string, options: RunOptions<Input> | RunBody<Input, Output>, body?: RunBody<Input, Output>): Promise<Output> => {
        const callerFor = (inner: Frame) => createCaller(house.connection, inner)
        const runPlace = { ...place, resumed: work.resumed, callerFor, onRespawn: house.connection.onRespawn, startWatch: house.startWatch }
        if (typeof options === 'function') return runBody(runPlace, name, {}, options)
        if (body === undefined) throw createError('INVALID_ARGUMENT', `Run ${name} has no body; give a function.`, { path: 'body' })
        return runBody(runPlace, name, options, body)
      },

      save: (what, options) => caller.call('sessions.save', { id, ...what }, options),
      restore: async (checkpoint, options) => {
        const { id: checkpointId } = typeof checkpoint === 'string' ? { id: checkpoint } : checkpoint
        const { record: restored, entries } = await caller.call('sessions.restore', { id, checkpoint: checkpointId as CheckpointId }, options)
        stream.mirror.apply(entries, 'local')
        stream.take(restored)
      },
      suspend: (options) => transition('suspend', options),
      resume: (options) => transition('resume', options),
      complete: (options) => transition('complete', options),
      fail: (reason, options) => transition('fail', options, reason),
      reopen: (reason, options) => transition('reopen', options, reason),
      archive: (options) => transition('archive', options),
      unarchive: (options) => transition('unarchive', options),
      edit: async (changes, options) => {
        const edited = await caller.call('sessions.edit', { id, changes }, options)
        stream.take(edited)
        return edited
      },
      delete: async (how, options) => {
        await caller.call('sessions.delete', { id, ...how }, options)
      },

      fork: async ({ at, ...what } = {}, options) => {
        const start = await caller.call('sessions.fork', { id, ...what, ...(at !== undefined && { at: idOf(at) }) }, options)
        return house.adopt(start)
      },
      at: async (moment, options) => {
        const past = await caller.call('sessions.at', { id, event: idOf(moment) }, options)
        return createPast(past, caller, session)
      },
      replay: (options) => startReplay(caller, id, options),

      correlate: (by) => bind({ ...bound, cause: causeOf(by) }),
      close: () => {
        if (!closed) stream.release()
        closed = true
      },
      [Symbol.asyncDispose]: async () => session.close(),
    }
    return session
  }

  return bind(frame)
}

function idOf(moment: Moment): EventId {
  return typeof moment === 'string' ? (moment as EventId) : moment.id
}

function causeOf(by: { readonly cause: Moment | TimelineEvent } | Cause): Cause {
  if (!('cause' in by)) return by
  const { cause } = by
  const causeId = idOf(cause)
  return typeof cause === 'object' && 'correlationId' in cause ? { causeId, correlationId: cause.correlationId } : { causeId }
}
