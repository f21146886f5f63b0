/**
 * What crosses the wire beside the calls' own arguments: the envelope of a call and its settled answer, and the messages
 * of the data port (one raw MessagePort per page, two ways).
 */

import type { Durability } from '../core/commit.ts'
import type { WireError } from '../core/errors.ts'
import type { HookNotes } from '../core/hook/notes.ts'
import type { HookStage, PointName } from '../core/hook/points.ts'
import type { HookSelection } from '../core/hook/switch-hooks.ts'
import type { EventId, RequestId, SessionId, StreamId } from '../core/ids.ts'
import type { Room } from '../core/ports.ts'
import type { Actor, SessionRecord } from '../core/session/record.ts'
import type { Entry } from '../core/state/delta.ts'
import type { StateValue } from '../core/state/value.ts'
import type { WriteChange } from '../core/state/write-change.ts'
import type { StateChange } from '../core/timeline/catalog.ts'
import type { TimelineEvent } from '../core/timeline/event.ts'
import type { PageHook, PageStep } from './page-definitions.ts'
import type { Cause, MethodName, StateTarget } from './worker-api.ts'

export interface Call {
  readonly id: number
  readonly method: MethodName
  readonly input: unknown
  readonly requestId?: RequestId
  readonly mayRepeat?: boolean
  readonly deadlineMs: number
  readonly cause?: Cause
  /** Hooks this call is nested in. */
  readonly hookPath?: readonly string[]
}

export type Settled =
  | {
      readonly id: number
      readonly ok: true
      readonly value: unknown
      /** The barrier after which what was stored until now survives a power cut; absent where it does already. */
      readonly barrier?: number
    }
  | { readonly id: number; readonly ok: false; readonly error: WireError }

/** A batch's answer: what settled while the batch waited; the rest comes by the data port. */
export interface BatchAnswer {
  readonly settled: readonly Settled[]
}

/** A page that is hidden or frozen may end, or come back as it was. One that was left counts as frozen. */
export type PageLife = 'shown' | 'hidden' | 'frozen'

export type PageMessage =
  | {
      readonly type: 'write'
      readonly id: number
      readonly target: StateTarget
      readonly changes: readonly WriteChange[]
      readonly requestId: RequestId
      readonly mayRepeat: boolean
      readonly durability?: Durability
      /** The page told those of other tabs by itself. */
      readonly told?: true
      readonly cause?: Cause
      readonly deadlineMs: number
      readonly hookPath?: readonly string[]
    }
  | { readonly type: 'abort'; readonly id: number }
  | { readonly type: 'attach'; readonly stream: StreamId }
  | { readonly type: 'detach'; readonly stream: StreamId }
  | {
      readonly type: 'watch'
      readonly watch: number
      readonly sessionId?: SessionId
      readonly types: readonly string[]
      readonly since?: EventId
      /** The watch goes on: what arrived out of order shortly before `since` is sent as well. */
      readonly again?: true
    }
  | { readonly type: 'unwatch'; readonly watch: number }
  /** Say so when the list of sessions, or that of a session's artifacts, may be another one. */
  | { readonly type: 'notice'; readonly watch: number; readonly sessionId?: SessionId }
  | { readonly type: 'unnotice'; readonly watch: number }
  | { readonly type: 'hook'; readonly hook: PageHook }
  | { readonly type: 'unhook'; readonly id: string; readonly point: PointName; readonly stage: HookStage }
  /** Hooks are asked no more, or again; those of the worker for this tab. An older worker passes it over. */
  | { readonly type: 'switchHooks'; readonly which: HookSelection; readonly enabled: boolean }
  | { readonly type: 'steps'; readonly steps: readonly PageStep[] }
  | {
      readonly type: 'answer'
      readonly ask: number
      readonly outcome:
        | { readonly ok: true; readonly value: unknown }
        | {
            readonly ok: false
            readonly error: {
              readonly name: string
              readonly message: string
              readonly stack?: string
              readonly code?: string
            }
          }
    }
  /** Opens an app document for editing, under a number that its frames carry; also again, with the next worker. */
  | {
      readonly type: 'openDocument'
      readonly document: number
      readonly sessionId: SessionId
      readonly name: string
      /** The Yjs client id that this page writes under. */
      readonly clientId: number
    }
  /** A frame of y-protocols, handed over. Frames that hold edits are counted, see `documentState`. */
  | { readonly type: 'documentFrame'; readonly document: number; readonly frame: Uint8Array }
  | { readonly type: 'closeDocument'; readonly document: number }
  /** `unsafe`: what was stored by a worker that died may not survive a power cut yet. */
  | { readonly type: 'flush'; readonly unsafe?: true }
  /** An older worker passes it over. */
  | { readonly type: 'life'; readonly life: PageLife }
  | { readonly type: 'ping'; readonly ping: number }

export type WorkerMessage =
  | { readonly type: 'settled'; readonly settled: readonly Settled[] }
  | {
      readonly type: 'patch'
      readonly stream: StreamId
      readonly entries: readonly Entry[]
      readonly record?: SessionRecord
      readonly deleted?: true
      readonly source:
        | 'local'
        | 'tab'
        | 'device'
        | 'replay' /** Ids of this page's writes that the patch holds. */
      readonly writes: readonly number[]
      /** Writes of other tabs that were foreseen and that the patch holds. */
      readonly foreseen?: readonly RequestId[]
    }
  /** A watched list may be another one by now. */
  | { readonly type: 'noticed'; readonly watch: number }
  /** What other tabs are about to store, or will not store after all. Only for pages that say they know it. */
  | {
      readonly type: 'foreseen'
      readonly stream: StreamId
      readonly begun: readonly { readonly request: RequestId; readonly entries: readonly StateChange[] }[]
      readonly ended: readonly RequestId[]
    }
  /** The worker of another tab has ended: what its page told and nobody stored will not come. Only for pages that tell. */
  | { readonly type: 'tabEnded'; readonly writer: string }
  /** `begunAt`: the watch sees what is stored after it; said once, where the page did not name an event itself. */
  | {
      readonly type: 'events'
      readonly watch: number
      /** Further watches of the page that get the same. */
      readonly also?: readonly number[]
      readonly events: readonly TimelineEvent[]
      readonly begunAt?: EventId
      /** Read from what is stored, in order of arrival: nothing that arrived before was left out. */
      readonly stored?: true
    }
  | { readonly type: 'ask'; readonly ask: number; readonly what: Question }
  /** Nobody waits for the answer any more: the step's body may stop. */
  | { readonly type: 'unask'; readonly ask: number }
  | { readonly type: 'progress'; readonly id: number; readonly loaded: number; readonly total: number | null }
  /** `closed`: the browser closed the database under the worker; the page says hello again and repeats what was not answered. */
  | {
      readonly type: 'storage'
      readonly state: 'ok' | 'lost' | 'stale' | 'closed'
      readonly message: string
    }
  /**
   * The database cannot be upgraded yet: older tabs hold it open. Sent before the welcome, and again while it lasts.
   * `tabs` is how many there are, as far as the browser says; `leftMs` how long they are waited for.
   */
  | { readonly type: 'blocked'; readonly tabs: number | null; readonly leftMs: number }
  /** The worker's barriers are counted from 1: what was stored before this one survives a power cut. */
  | { readonly type: 'barrier'; readonly passed: number }
  | { readonly type: 'pong'; readonly ping: number }
  /** The room that the browser gives has become little, or is enough again; the message is for people. */
  | { readonly type: 'room'; readonly room: Room; readonly message: string }
  | { readonly type: 'documentFrame'; readonly document: number; readonly frame: Uint8Array }
  | { readonly type: 'documentState'; readonly document: number; readonly state: DocumentState }

/** How an app document stands that a page has open. */
export interface DocumentState {
  /** So many of the frames with edits that came in since it was opened are stored. */
  readonly stored: number
  /** The session takes no writes at present: edits wait. */
  readonly readOnly: boolean
  /** Why edits cannot be stored. */
  readonly error?: WireError
  /** Nothing that this page sends for the document will be stored any more, for that error. */
  readonly isOver?: true
}

/** What a worker asks its page. */
export type Question = HookAsk | StepAsk | CloseAsk

/** Run this page's hook. */
export interface HookAsk {
  readonly kind: 'hook'
  readonly id: string
  readonly point: PointName
  /** Where the hook stands, where it stands at several. */
  readonly standsAt?: PointName
  readonly stage: HookStage
  readonly payload: unknown
  readonly context: {
    readonly session?: SessionRecord
    readonly sessionId?: SessionId
    readonly actor?: Actor
    readonly cause: Cause
    readonly hookPath: readonly string[]
    /** Absent where there are none. */
    readonly notes?: HookNotes
    readonly now: number
    readonly startedAt?: number
    /** An exact replay runs the hook again. */
    readonly replay?: true
  }
}

/** Run this page's step body again, for a replay. */
export interface StepAsk {
  readonly kind: 'step'
  readonly sessionId: SessionId
  /** `name@version`. */
  readonly step: string
  readonly input: StateValue
  readonly key: string
  readonly startedAt: number
}

/** Tell other pages nothing any more of what is written under these entries' keys: they are about to hold sensitive values. */
export interface CloseAsk {
  readonly kind: 'close'
  readonly stream: StreamId
  readonly keys: readonly string[]
}
