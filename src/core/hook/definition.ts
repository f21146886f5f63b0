import type { ArtifactRecord } from '../artifact/record.ts'
import type { CorrelationId, EventId, SessionId } from '../ids.ts'
import type { Purity } from '../run/record.ts'
import type { Actor, SessionRecord } from '../session/record.ts'
import type { StateValue } from '../state/value.ts'
import type { HookStage, PointName } from './points.ts'

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
  readonly input: StateValue
  /** Encoded result; undefined unless completed. */
  readonly result?: StateValue
  readonly error?: { readonly name: string; readonly message: string; readonly stack?: string }
}

/** What an event's hooks get; `record` hooks may change the data. */
export interface EventDraft {
  readonly type: string
  readonly data: StateValue
}

/** What a lifecycle hook gets. `input` is the verb's own argument; a before-hook may modify it. */
export interface LifecyclePayload {
  /** The session as it is; undefined while it is being created. */
  readonly session?: SessionRecord
  readonly input: Readonly<Record<string, StateValue>>
}

/** What the hooks of each point get: the same shape at every stage, but for `step:run` and `event:emit` at `record`. */
export type PayloadByPoint = {
  readonly [Point in PointName]: Point extends `session:${string}`
    ? LifecyclePayload
    : Point extends 'artifact:store'
      ? { readonly draft: ArtifactDraft; readonly sizeBytes?: number; readonly artifact?: ArtifactRecord }
      : Point extends 'artifact:delete' | 'artifact:read'
        ? { readonly artifact: ArtifactRecord }
        : Point extends 'state:write'
          ? { readonly key: string; readonly value?: StateValue }
          : Point extends 'step:run'
            ? StepDraft & { readonly purity: Purity }
            : EventDraft
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
  /** Aborted when the hook's time is up. */
  readonly signal: AbortSignal
  /** Milliseconds since 1970; the recorded time in a replay. */
  now(): number
}

/** Where a hook applies, as data: tested before the hook is called, so that a page hook costs no hop elsewhere. All given parts must hold. */
export interface HookWhen {
  readonly sessionId?: SessionId
  /** One of these tags is on the session. */
  readonly tags?: readonly string[]
  /** Kind of the artifact. */
  readonly kinds?: readonly string[]
  /** Patterns of the event's type, the step's `name@version`, or the state key. */
  readonly names?: readonly string[]
}

/** What a hook answers. Nothing at all is `continue`. */
export type HookOutcome<Payload = unknown> =
  | { readonly kind: 'continue'; readonly note?: StateValue }
  | { readonly kind: 'modify'; readonly change: Partial<Payload>; readonly note?: StateValue }
  | { readonly kind: 'cancel'; readonly reason: string }
  | { readonly kind: 'replace'; readonly result: StateValue }
  | { readonly kind: 'collect'; readonly artifacts: readonly Collected[]; readonly note?: StateValue }

/** A hook as it is registered. */
export interface HookDefinition<Point extends PointName = PointName> {
  /** Unique per point and stage. */
  readonly id: string
  /** Raised whenever its behaviour changes: replay looks hooks up by `id@version`. */
  readonly version: number
  readonly point: Point
  readonly stage: HookStage
  /** Lower runs earlier; equal ones in order of registration. @defaultValue 0 */
  readonly priority?: number
  /** Milliseconds. @defaultValue 1,000 in the worker, 5,000 on a page */
  readonly timeoutMs?: number
  /** What a throw or a time-out does. @defaultValue 'refuse' for before and record, 'ignore' for after */
  readonly onError?: 'refuse' | 'ignore'
  readonly when?: HookWhen
  /** Pure in its payload, so that exact replay may run it again. @defaultValue true */
  readonly replayable?: boolean
  run(payload: PayloadByPoint[Point], context: HookContext): HookOutcome<PayloadByPoint[Point]> | undefined | Promise<HookOutcome<PayloadByPoint[Point]> | undefined>
}
