import type { Durability } from '../core/commit.ts'
import { createError, type HoldfastError } from '../core/errors.ts'
import type { RequestId } from '../core/ids.ts'
import type { EventDetails, LinkKind } from '../core/timeline/event-details.ts'
import type { Cause } from '../protocol/worker-api.ts'
import type { Moment } from './moment.ts'

/** What every call takes. */
export interface CallOptions {
  /** Aborts the call, unless it has been stored by then. */
  readonly signal?: AbortSignal | undefined
  /** Until the worker aborts it, in milliseconds. @defaultValue that of openHoldfast */
  readonly deadlineMs?: number | undefined
}

/** What every call takes that changes something. */
export interface ChangeOptions extends CallOptions {
  /**
   * Names the call: the same name sent again within 24 hours answers with what the first one did.
   * `OUTCOME_UNKNOWN` carries it in `details.requestId`. @defaultValue a fresh one
   */
  readonly requestId?: string | undefined
}

/** What state takes. */
export interface WriteOptions extends ChangeOptions {
  /** `strict` survives a power cut once it resolved, `relaxed` at most 250 ms later. @defaultValue that of openHoldfast */
  readonly durability?: Durability | undefined
}

/** What `emit` takes. */
export interface EmitOptions extends WriteOptions, Omit<EventDetails, 'links'> {
  /** Events that this one has to do with, of any session: themselves, or their ids. */
  readonly links?: Readonly<Partial<Record<LinkKind, Moment | readonly Moment[]>>>
}

/** On whose behalf a call is made: carried by a bound handle to everything it does. */
export interface Frame {
  readonly cause?: Cause
  /** Hooks that the call is nested in. */
  readonly hookPath?: readonly string[]
  /** Set inside a step that is being replayed: what it would write is refused. */
  readonly replayOf?: string
}

/** A fresh id, or the caller's own, which may have been sent before. */
export function requestIdOf({ requestId }: ChangeOptions): {
  readonly requestId: RequestId
  readonly mayRepeat: boolean
} {
  return { requestId: (requestId ?? crypto.randomUUID()) as RequestId, mayRepeat: requestId !== undefined }
}

export function abortedBySignal(what: string, signal: AbortSignal | undefined): HoldfastError {
  return createError('ABORTED', `${what} was aborted by its signal; nothing was stored.`, {}, signal?.reason)
}
