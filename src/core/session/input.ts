/** What the use cases of sessions take, and what they answer beside the record. */
import type { ArtifactRecord } from '../artifact/record.ts'
import type { Durability } from '../commit.ts'
import type { CheckpointId, EventId, SessionId } from '../ids.ts'
import type { Entry } from '../state/delta.ts'
import type { ReadEntries } from '../state/packed-entries.ts'
import type { StateValue } from '../state/value.ts'
import type { WriteChange } from '../state/write-change.ts'
import type { Retention, SessionLimits, SessionRecord } from './record.ts'
import type { Verb } from './status.ts'

export interface CreateSession {
  /** A chosen id: 1 to 128 letters, digits, `.`, `_`, `:`, `-`, beginning with a letter or digit. */
  readonly id?: string
  /** @defaultValue '' */
  readonly name?: string
  /** @defaultValue '' */
  readonly description?: string
  readonly tags?: readonly string[]
  readonly metadata?: Readonly<Record<string, StateValue>>
  /** Name of one of the app's templates; its fields are copied, and those given here win. */
  readonly template?: string
  /** The session this one is a child of; it must be active. */
  readonly parentId?: SessionId
  readonly limits?: SessionLimits
  readonly retention?: Retention
  /** The first values of its state. */
  readonly state?: Readonly<Record<string, StateValue>>
}

/** What `sessions.edit` changes; what is absent stays. */
export interface EditSession {
  readonly name?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly metadata?: Readonly<Record<string, StateValue>>
  readonly limits?: SessionLimits
  /** null removes it. */
  readonly retention?: Retention | null
}

export interface TransitionSession {
  readonly id: SessionId
  readonly verb: Verb
  /** For `fail` and `reopen`. */
  readonly reason?: string
}

export interface SaveSession {
  readonly id: SessionId
  readonly label?: string
}

export interface RestoreSession {
  readonly id: SessionId
  readonly checkpoint?: CheckpointId
  /** In the place of a checkpoint: the state as it was right after this event. */
  readonly event?: EventId
}

/** What becomes of the children of a deleted session. */
export const CHILD_POLICIES = ['refuse', 'orphan', 'cascade'] as const
export type ChildPolicy = (typeof CHILD_POLICIES)[number]

export interface DeleteSession {
  readonly id: SessionId
  /** @defaultValue 'refuse' */
  readonly children?: ChildPolicy
}

export interface ForkSession {
  readonly id: SessionId
  /** The last event that the fork takes over. @defaultValue the session as it is now */
  readonly at?: EventId
  /** @defaultValue the name of the session it leaves */
  readonly name?: string
}

/** A session with what its page needs first. */
export interface SessionStart {
  readonly record: SessionRecord
  readonly entries: readonly Entry[]
}

/** The same, as it is handed to a page. */
export interface PackedStart extends ReadEntries {
  readonly record: SessionRecord
}

/** A session as it was right after one of its events. */
export interface SessionPast {
  readonly record: SessionRecord
  readonly state: Readonly<Record<string, StateValue>>
  /** In the order of their ids. */
  readonly artifacts: readonly ArtifactRecord[]
  readonly eventId: EventId
}

/** Where state lives: a session, or a scope outside sessions. */
export type StateTarget = { readonly session: SessionId } | { readonly scope: string }

export interface WriteState {
  readonly target: StateTarget
  readonly changes: readonly WriteChange[]
  /** @defaultValue 'relaxed' */
  readonly durability?: Durability
}
