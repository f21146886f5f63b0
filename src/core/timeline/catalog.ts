/** The events Holdfast itself records, by type, with the shape of their data. Everything in `index` rows can be rebuilt from them. */
import type { ArtifactRecord } from '../artifact/record.ts'
import type { Damage } from '../damage/damage.ts'
import type { WireError } from '../errors.ts'
import type { HookStage } from '../hook/points.ts'
import type { ArtifactId, CheckpointId, EventId, RunId, SessionId } from '../ids.ts'
import type { Purity } from '../run/record.ts'
import type { LargeValue, Recorded } from '../run/recorded.ts'
import type { Actor, Retention, SessionLimits, Usage } from '../session/record.ts'
import type { Status } from '../session/status.ts'
import type { Aside } from '../state/aside.ts'
import type { StateValue } from '../state/value.ts'

export type { Recorded } from '../run/recorded.ts'

/** Values of an event's data that were too large for it, by the name of their field, which then holds null. */
export type LargeFields = Readonly<Record<string, LargeValue>>

/** One change of state; without a value the key was deleted. */
export interface StateChange {
  readonly key: string
  /** The scope inside the session that the key belongs to, as `agent:planner`. */
  readonly scope?: string
  readonly value?: StateValue
  /** Where the value is, when it stands aside: it is then not in `value`. */
  readonly aside?: Aside
}

/** One hook's part in an operation, as recorded for replay. */
export interface HookRunRecord {
  /** `id@version`. */
  readonly hook: string
  readonly outcome: 'continue' | 'modify' | 'cancel' | 'replace' | 'collect' | 'skipped' | 'failed'
  /** SHA-256 over the outcome's canonical form, as hexadecimal digits: what exact replay compares. Absent for `continue`. */
  readonly digest?: string
  /** A before-hook that changed the input: `outcome` is then its answer to the final input, which is what was recorded. */
  readonly changed?: true
  /** What the hook noted (counters, reasons). */
  readonly note?: StateValue
}

export interface EventDataByType {
  'session.created': {
    readonly name: string
    readonly description: string
    readonly tags: readonly string[]
    readonly metadata: Readonly<Record<string, StateValue>>
    readonly template?: string
    readonly parentId?: SessionId
    readonly forkedAt?: EventId
    readonly createdBy?: Actor
    readonly limits: SessionLimits
    readonly retention?: Retention
    /** An import in progress: lists do not show the session until `import.finished`. */
    readonly hidden?: true
  }
  'session.edited': {
    readonly name?: string
    readonly description?: string
    readonly tags?: readonly string[]
    readonly metadata?: Readonly<Record<string, StateValue>>
    readonly limits?: SessionLimits
    /** null removes it. */
    readonly retention?: Retention | null
    /** Its parent was deleted, so it has none any more. */
    readonly orphaned?: true
  }
  'session.suspended': Record<string, never>
  'session.resumed': Record<string, never>
  'session.completed': Record<string, never>
  'session.failed': { readonly reason: string }
  'session.reopened': { readonly reason: string }
  'session.archived': { readonly from: Exclude<Status, 'archived'> }
  'session.unarchived': { readonly to: Exclude<Status, 'archived'> }
  'session.saved': { readonly checkpointId: CheckpointId; readonly label?: string }
  /** A forward commit: the changes take the state back to the checkpoint's, or to what it was right after an event. */
  'session.restored': {
    readonly checkpointId?: CheckpointId
    readonly eventId?: EventId
    readonly changes: readonly StateChange[]
  }
  /** On the store's stream: the one tombstone that a deleted session leaves. */
  'session.deleted': { readonly id: SessionId; readonly at: number; readonly by?: Actor }
  /** Something of the session was found that is not as it was stored, or is gone; it was set aside. */
  'session.damaged': Damage
  /** The same of what belongs to no session, or to one that is lost as well; on the store's stream. */
  'storage.damaged': Damage
  'state.changed': { readonly changes: readonly StateChange[] }
  'artifact.stored': { readonly artifact: ArtifactRecord }
  'artifact.edited': {
    readonly id: ArtifactId
    readonly description?: string
    readonly tags?: readonly string[]
    readonly metadata?: Readonly<Record<string, StateValue>>
  }
  'artifact.deleted': {
    readonly id: ArtifactId
    readonly name: string
    readonly version: number
    readonly sizeBytes: number
  }
  'document.changed': { readonly document: string; readonly sizeBytes: number }
  'step.started': {
    /** `name@version`. */
    readonly step: string
    /** The idempotency key, the same at every attempt. */
    readonly key: string
    readonly purity: Purity
    readonly attempt: number
    readonly input: Recorded
    readonly runId?: RunId
    /** SHA-256 of the input as the run's code gave it, before any hook: what a resumed run must give again. */
    readonly inputHash?: string
    /** The tool's name in an imported transcript, where the step is called otherwise. */
    readonly tool?: string
  }
  'step.completed': {
    readonly step: string
    readonly key: string
    /** The `step.started` this finishes. */
    readonly startedId: EventId
    readonly result: Recorded
    readonly artifactIds: readonly ArtifactId[]
    readonly runId?: RunId
    /** Tokens and cost of this step, summed into the session's counters. */
    readonly usage?: Partial<Usage>
    /** The rest of what an imported transcript says of the result, so that nothing is dropped. */
    readonly source?: Recorded
  }
  'step.failed': {
    readonly step: string
    readonly key: string
    readonly startedId: EventId
    readonly error:
      | WireError
      | { readonly name: string; readonly message: string; readonly stack?: string; readonly code?: string }
    /** The session's limit that stopped it; absent where it failed by itself. */
    readonly limit?: keyof SessionLimits
    readonly artifactIds: readonly ArtifactId[]
    readonly runId?: RunId
    readonly usage?: Partial<Usage>
    readonly source?: Recorded
  }
  'step.interrupted': {
    readonly step: string
    readonly key: string
    readonly startedId: EventId
    readonly runId?: RunId
  }
  'run.started': {
    readonly runId: RunId
    readonly name: string
    readonly key?: string
    readonly input?: Recorded
  }
  'run.resumed': { readonly runId: RunId; readonly epoch: number }
  'run.completed': { readonly runId: RunId; readonly result: Recorded }
  'run.failed': {
    readonly runId: RunId
    readonly error: WireError | { readonly name: string; readonly message: string; readonly code?: string }
  }
  'run.blocked': {
    readonly runId: RunId
    readonly why: string
    readonly step?: string
    readonly message: string
  }
  'run.cancelled': { readonly runId: RunId; readonly reason: string }
  /** The hooks of an app's own point were asked; `value` is what they left of its data, and the answer in its stead. */
  'hook.called': { readonly point: string; readonly value: StateValue }
  'hook.ran': { readonly point: string; readonly stage: HookStage; readonly runs: readonly HookRunRecord[] }
  /** A limit of the session is used up to half, three quarters, nine tenths or wholly, by what was stored with this. */
  'limit.neared': {
    readonly limit: keyof SessionLimits
    readonly share: number
    readonly used: number
    readonly max: number
  }
  /** A call that a hook, a limit, a rate or the session's status refused, where the worker keeps an audit. */
  'audit.refused': {
    readonly call: string
    readonly code: string
    readonly hook?: string
    readonly reason?: string
    readonly limit?: string
    /** The state key, where one change of several was refused. */
    readonly key?: string
    /** How often it was refused in a row. */
    readonly count: number
  }
  'audit.allowed': { readonly call: string }
  'message.added': {
    readonly role: string
    /** The message's content as the source had it, without tool calls that became steps. */
    readonly content: StateValue
    readonly model?: string
    readonly usage?: Partial<Usage>
    /** The rest of the source's message, so that nothing is dropped. */
    readonly source?: StateValue
    readonly large?: LargeFields
  }
  'model.changed': {
    readonly provider?: string
    readonly model: string
    readonly source?: StateValue
    readonly large?: LargeFields
  }
  'import.started': { readonly format: string; readonly header?: StateValue; readonly large?: LargeFields }
  'import.entry': {
    readonly line: number
    readonly type?: string
    readonly data: StateValue
    readonly large?: LargeFields
  }
  'import.finished': {
    readonly entries: number
    /** Numbers of lines, the first 1,000. */
    readonly skipped: readonly number[]
    /** How many more were skipped. */
    readonly moreSkipped?: number
  }
}

export type EventType = keyof EventDataByType

/** Prefixes that only Holdfast records; `session.emit` refuses them. */
export const RESERVED_EVENT_PREFIXES = [
  'session.',
  'state.',
  'artifact.',
  'document.',
  'step.',
  'run.',
  'hook.',
  'import.',
  'limit.',
  'audit.',
] as const
