/**
 * What a page holds of a session, and what bodies that run in it are given: interfaces that name each other, since
 * whatever runs inside something gets a handle bound to it.
 */
import type { App, EventInputs, StateOutputs } from '../core/app/app.ts'
import type { StepContext as CoreContext, StepDefinition } from '../core/app/step-definition.ts'
import type { HooksAnswer } from '../core/hook/call-hooks.ts'
import type { CustomPoint } from '../core/hook/points.ts'
import type { EventId, RunId, SessionId } from '../core/ids.ts'
import type { SessionDiff } from '../core/replay/diff.ts'
import type { RecordingRedaction } from '../core/replay/recording.ts'
import type { ChildPolicy, EditSession } from '../core/session/input.ts'
import type { Checkpoint, SessionRecord } from '../core/session/record.ts'
import type { SessionScope } from '../core/state/scope.ts'
import type { StateValue } from '../core/state/value.ts'
import type { TimelineEvent } from '../core/timeline/event.ts'
import type { Cause } from '../protocol/worker-api.ts'
import type { Artifact } from './artifact.ts'
import type { Artifacts } from './artifacts.ts'
import type { Documents } from './documents.ts'
import type { Moment } from './moment.ts'
import type { Replay, ReplayOptions } from './replay-handle.ts'
import type { CallOptions, ChangeOptions, EmitOptions, WriteOptions } from './request.ts'
import type { Runs } from './runs.ts'
import type { SessionState } from './state.ts'
import type { Timeline } from './timeline.ts'
import type { Writes } from './writes.ts'

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
  /** How what this page wrote to the session stands: for a sign that says whether it is kept. */
  readonly writes: Writes
  readonly state: SessionState<A>
  readonly artifacts: Artifacts
  readonly timeline: Timeline
  readonly documents: Documents
  readonly checkpoints: { list(options?: CallOptions): Promise<readonly Checkpoint[]> }

  /** Records an event of the app's own. @throws SCHEMA_INVALID, INVALID_VALUE, SESSION_NOT_ACTIVE */
  emit<Type extends keyof EventInputs<A> & string>(
    type: Type,
    data: EventInputs<A>[Type],
    options?: EmitOptions,
  ): Promise<TimelineEvent>
  /**
   * Asks the hooks of a point of the app's own, and records that they were asked. Resolves to the data as they left it,
   * and to the `result` of one that answered in the app's stead.
   * @throws HOOK_CANCELLED where one refuses; INVALID_ARGUMENT, VALUE_TOO_LARGE, SESSION_NOT_ACTIVE
   * @example
   * const { data } = await session.callHooks('custom:publish', { url })
   */
  callHooks(point: CustomPoint, data: StateValue, options?: WriteOptions): Promise<HooksAnswer>
  readonly step: RunStep
  /**
   * Runs a body whose steps are recorded, with one owner over all tabs. After a reload, the same call goes on where it
   * stood: finished steps answer from the recording.
   * @throws RUN_BLOCKED, RUN_DIVERGED, or what the body threw
   */
  run<Input, Output>(name: string, options: RunOptions<Input>, body: RunBody<Input, Output>): Promise<Output>
  run<Output>(name: string, body: RunBody<undefined, Output>): Promise<Output>
  readonly runs: Runs

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
  /** How the session right after one event differs from the session right after another. */
  diff(from: Moment, to: Moment, options?: CallOptions): Promise<SessionDiff>
  /** Replays what is recorded. Stores nothing. */
  replay(options?: ReplayOptions): Replay
  /**
   * What a replay of the session needs, as the text of a file for `checkRecordings`: its steps, their hooks and its life,
   * without state, artifacts and who acted. Secrets are redacted, those that `redact` names among them.
   */
  saveRecording(options?: CallOptions & { readonly redact?: RecordingRedaction }): Promise<string>

  /**
   * The same session, where everything done is caused by an event and shares its correlation; without one, where everything
   * done shares a correlation of its own. Handles nest: what is bound again keeps what it is not told otherwise.
   */
  correlate(by?: { readonly cause: Moment | TimelineEvent } | Cause): Session<A>
  /** This page stops listening to the session. What is stored stays. */
  close(): void
}

/** A session as it was right after one of its events. */
export interface Past<A extends App = App> {
  readonly eventId: EventId
  readonly info: SessionRecord
  /** Without values that stood aside: `read` has them. */
  readonly state: Readonly<Partial<StateOutputs<A>>>
  /** What an agent, a tool or a workflow kept in the session then. @throws INVALID_ARGUMENT, INVALID_NAME */
  scope(scope: SessionScope): Readonly<Record<string, StateValue>>
  /** A value as it was then, also where it stood aside. @throws CONTENT_DAMAGED */
  read(
    key: string,
    options?: CallOptions & { readonly scope?: SessionScope },
  ): Promise<StateValue | undefined>
  readonly artifacts: readonly Artifact[]
  /** Takes the state of the session back to what it was then, forward in the timeline. @throws SESSION_NOT_ACTIVE */
  restore(options?: ChangeOptions): Promise<void>
  /** A new session that begins as this one was then. */
  fork(what?: { readonly name?: string }, options?: ChangeOptions): Promise<Session<A>>
}

/** What a step's body is given on a page. */
export interface StepContext extends CoreContext {
  /** The session of the step; what it does through this handle is caused by the step. */
  readonly session: Session
}

/** A step whose body runs on a page. */
export type PageStepDefinition<Input, Parsed, Output> = StepDefinition<Input, Parsed, Output, StepContext>

/** A step whose types do not matter. */
export type AnyPageStep = StepDefinition<unknown, unknown, unknown, StepContext>

export interface StepOptions extends CallOptions {
  /**
   * Names this call, and is given to the body. In a run, a finished call of the same key answers from the recording.
   * @defaultValue a fresh one; in a run, the count of calls of that name
   */
  readonly key?: string
  /** Called by the body's `progress`. */
  readonly onProgress?: (loaded: number, total: number | null) => void
}

/** The body of a step that is written where it is called. It counts as an effect. */
export type StepBody<Input, Output> = (input: Input, context: StepContext) => Output | Promise<Output>

/** Runs a step and records it, or answers from the recording. */
export interface RunStep {
  /**
   * @throws STEP_FAILED with the body's error as its cause, also when it is answered from the recording
   * @throws SCHEMA_INVALID, INVALID_VALUE before anything is recorded
   */
  <Input, Parsed, Output>(
    step: PageStepDefinition<Input, Parsed, Output>,
    input: Input,
    options?: StepOptions,
  ): Promise<Output>
  /** A step written where it is called, recorded as `name@0`. No replay can run it again. */
  <Input, Output>(
    name: string,
    input: Input,
    body: StepBody<Input, Output>,
    options?: StepOptions,
  ): Promise<Output>
}

export interface RunOptions<Input = unknown> extends ChangeOptions {
  /** An unfinished run of this name and key goes on; a finished one answers. @defaultValue a new run */
  readonly key?: string
  /** Recorded with the run, and given to the body as `run.input`. */
  readonly input?: Input
}

/** What a run's body is given. Between its steps a body must do the same each time: it is run again after a reload. */
export interface Run<Input = unknown> {
  readonly id: RunId
  readonly input: Input
  /** Aborted when the session is suspended or ended, or Holdfast is closed. */
  readonly signal: AbortSignal
  /** The session; what it does through this handle is caused by the run. */
  readonly session: Session
  /** A finished step answers from the recording. Its key is the count of its name's calls, or its own. */
  readonly step: RunStep
}

export type RunBody<Input, Output> = (run: Run<Input>) => Output | Promise<Output>
