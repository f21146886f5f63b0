import type { ArtifactRecord } from '../artifact/record.ts'
import type { CorrelationId, EventId, SessionId } from '../ids.ts'
import type { Purity } from '../run/record.ts'
import type { Actor, SessionRecord } from '../session/record.ts'
import type { AsideClass } from '../state/aside.ts'
import type { StateValue } from '../state/value.ts'
import type { EventDetails } from '../timeline/event-details.ts'
import type { BreakerOptions } from './breaker.ts'
import type { HookNotes } from './notes.ts'
import type { AllowedOutcome, ChangeableField, HookStage, PayloadName, PointName } from './points.ts'

/** An artifact as a hook may change it before it is stored, or as a collector asks for it. */
export interface ArtifactDraft {
  readonly name: string
  readonly kind: string
  readonly mime: string
  readonly description: string
  readonly tags: readonly string[]
  readonly metadata: Readonly<Record<string, StateValue>>
}

/** What a collector wants stored, in the step's own commit. */
export interface Collected extends ArtifactDraft {
  readonly content: string | Uint8Array
}

/** What a step is about to write down, at its start and at its end; `record` hooks shape it. */
export interface StepDraft {
  readonly phase: 'started' | 'completed' | 'failed'
  /** `name@version`. */
  readonly step: string
  readonly key: string
  /** The tool's name, where the step is a tool's call by another name than `tool:<name>`: a call of an imported transcript. */
  readonly tool?: string
  /** When the step started, in milliseconds since 1970; known once it has ended. */
  readonly startedAt?: number
  readonly input: StateValue
  /** Encoded result; undefined unless completed. */
  readonly result?: StateValue
  readonly error?: { readonly name: string; readonly message: string; readonly stack?: string }
}

/** What an event's hooks get; they may change the data alone. */
export interface EventDraft extends EventDetails {
  readonly type: string
  readonly data: StateValue
}

/** What a lifecycle hook gets. `input` is the verb's own argument; a before-hook may modify it. */
export interface LifecyclePayload {
  /** The session as it is; undefined while it is being created. */
  readonly session?: SessionRecord
  readonly input: Readonly<Record<string, StateValue>>
}

/** What the hooks of `artifact:store` get. Before it is stored there is no artifact yet. */
interface StorePayload {
  readonly draft: ArtifactDraft
  readonly sizeBytes?: number
  readonly artifact?: ArtifactRecord
}

interface ArtifactPayload {
  readonly artifact: ArtifactRecord
}

interface StatePayload {
  readonly key: string
  readonly scope?: string
  /** `sensitive` values are not shown to hooks. */
  readonly class?: AsideClass | 'standard'
  readonly value?: StateValue
}

/** At `record` the step as it is about to be written down. */
type StepPayload = StepDraft & { readonly purity: Purity }

/** What the hooks of an app's own point get. */
export interface CustomPayload {
  /** The point without `custom:`. */
  readonly name: string
  readonly data: StateValue
}

/** By the name that the table of points gives. */
interface PayloadTypes {
  readonly LifecyclePayload: LifecyclePayload
  readonly StorePayload: StorePayload
  readonly ArtifactPayload: ArtifactPayload
  readonly StatePayload: StatePayload
  readonly StepPayload: StepPayload
  readonly EventDraft: EventDraft
  readonly CustomPayload: CustomPayload
}

/** What the hooks of each point get, the same shape at every stage. */
export type PayloadByPoint = {
  readonly [Point in PointName]: PayloadTypes[PayloadName<Point>]
}

/** What every hook gets beside the payload. */
export interface HookContext {
  readonly point: PointName
  readonly stage: HookStage
  readonly session?: SessionRecord
  readonly sessionId?: SessionId
  readonly correlationId?: CorrelationId
  readonly causeId?: EventId
  readonly actor?: Actor
  /** Nesting: 0 for a call that no hook made. */
  readonly depth: number
  /** What calls made by this hook carry, so that a circle of hooks is found (see HOOK_REENTRANT). */
  readonly hookPath: readonly string[]
  /** What the hooks asked before this one noted on this operation at this stage, by their ids. */
  readonly notes: HookNotes
  /** When the call reached the worker, in milliseconds since 1970. */
  readonly startedAt?: number
  /** Set when exact replay runs the hook again: what it counts or writes elsewhere was done the first time. */
  readonly replay?: true
  /** Aborted when the hook's time is up, or when nobody waits for the operation any more. */
  readonly signal: AbortSignal
  /** Milliseconds since 1970; the recorded time in a replay. */
  now(): number
}

/** Where a hook applies, as data: tested before the hook is called, so that a page hook costs no hop elsewhere. All given parts must hold. */
export interface HookWhen {
  readonly sessionId?: SessionId
  /** One of these tags is on the session. */
  readonly tags?: readonly string[]
  /** Kind of the artifact. Only at `artifact:*`. */
  readonly kinds?: readonly string[]
  /** Patterns of the event's type, the step's `name@version`, the state key, the artifact's name or that of an app's own point. Not at `session:*`. */
  readonly names?: readonly string[]
}

/** What `modify` may change at a stage of a point; each field given replaces the payload's whole. */
export type HookChange<Point extends PointName, Stage extends HookStage> = {
  readonly [Field in ChangeableField<Point, Stage> &
    keyof PayloadByPoint[Point]]?: PayloadByPoint[Point][Field]
}

interface OutcomeByKind<Change> {
  readonly continue: { readonly kind: 'continue'; readonly note?: StateValue }
  readonly modify: { readonly kind: 'modify'; readonly change: Change; readonly note?: StateValue }
  readonly cancel: { readonly kind: 'cancel'; readonly reason: string }
  readonly replace: { readonly kind: 'replace'; readonly result: StateValue }
  readonly collect: {
    readonly kind: 'collect'
    readonly artifacts: readonly Collected[]
    readonly note?: StateValue
  }
}

/** What a hook answers at a stage of a point: the table of points says which answers have a consumer. Nothing at all is `continue`. */
export type HookOutcome<
  Point extends PointName = PointName,
  Stage extends HookStage = HookStage,
> = Point extends PointName
  ? Stage extends HookStage
    ? OutcomeByKind<HookChange<Point, Stage>>[AllowedOutcome<Point, Stage>]
    : never
  : never

/** A hook as it is registered. */
export interface HookDefinition<Point extends PointName = PointName, Stage extends HookStage = HookStage> {
  /** Unique per point and stage. */
  readonly id: string
  /** Raised whenever its behaviour changes: replay looks hooks up by `id@version`. */
  readonly version: number
  readonly point: Point
  readonly stage: Stage
  /** Lower runs earlier; equal ones in order of registration. @defaultValue 0 */
  readonly priority?: number
  /** Milliseconds until an asynchronous answer is too late; nothing can cut off a synchronous hook. @defaultValue 1,000 in the worker, 5,000 on a page */
  readonly timeoutMs?: number
  /** What a throw or a time-out does; an after-hook can only ignore. @defaultValue 'refuse' for before and record, 'ignore' for after */
  readonly onError?: 'refuse' | 'ignore'
  readonly when?: HookWhen
  /** Pure in its payload, so that exact replay may run it again. @defaultValue true */
  readonly replayable?: boolean
  /**
   * When it is left out after failures or slow answers. false: never, for a hook whose work must not be missed, such as
   * redaction; such a hook of the worker's cannot be disabled either. @defaultValue true
   */
  readonly breaker?: boolean | BreakerOptions
  /** false: registered, and asked once it is enabled. @defaultValue true */
  readonly enabled?: boolean
  /** A before-hook may be asked twice about one operation: again when its input was changed by a hook. */
  run(
    payload: PayloadByPoint[Point],
    context: HookContext,
  ): HookOutcome<Point, Stage> | undefined | Promise<HookOutcome<Point, Stage> | undefined>
}
