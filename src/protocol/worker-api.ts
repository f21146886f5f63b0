/**
 * What the page can ask of the worker: one table from method name to argument and answer. Every value in it is plain
 * data (see WireSafe); handles, callbacks and classes exist on the page's side only.
 */

import type { MetricsQuery, SessionMetrics } from '../core/analytics/metrics.ts'
import type {
  ArtifactRef,
  DeleteArtifact,
  EditArtifact,
  ReadArtifact,
  StoreArtifact,
} from '../core/artifact/input.ts'
import type { ArtifactPage, ArtifactQuery } from '../core/artifact/query.ts'
import type { ArtifactRecord } from '../core/artifact/record.ts'
import type { Damage } from '../core/damage/damage.ts'
import type { Repaired } from '../core/damage/repair.ts'
import type { WireError } from '../core/errors.ts'
import type { CorrelationId, EventId, RunId, SessionId } from '../core/ids.ts'
import type { Room } from '../core/ports.ts'
import type { SessionDiff } from '../core/replay/diff.ts'
import type { AdvancedReplay, AdvanceReplay } from '../core/replay/open-replays.ts'
import type { RecordingRedaction } from '../core/replay/recording.ts'
import type { RunExplanation } from '../core/run/explain.ts'
import type {
  ExpireStep,
  FinishRun,
  FinishStep,
  FreeRun,
  OpenedRun,
  OpenRun,
  StartStep,
  StepTicket,
} from '../core/run/input.ts'
import type { RunRow } from '../core/run/record.ts'
import type {
  CreateSession,
  DeleteSession,
  EditSession,
  ForkSession,
  PackedStart,
  RestoreSession,
  SaveSession,
  SessionStart,
  StateTarget,
  TransitionSession,
  WriteState,
} from '../core/session/input.ts'
import type { KeptRecord, PackedPage } from '../core/session/kept-record.ts'
import type { PackedPast } from '../core/session/packed-past.ts'
import type { SessionQuery } from '../core/session/query.ts'
import type { ReadState } from '../core/session/read-state.ts'
import type { Checkpoint, SessionRecord } from '../core/session/record.ts'
import type { ReadEntries } from '../core/state/packed-entries.ts'
import type { ScopedKey } from '../core/state/scope.ts'
import type { StateValue } from '../core/state/value.ts'
import type { Recorded, StateChange } from '../core/timeline/catalog.ts'
import type { EmitEvent, EmitEvents } from '../core/timeline/emit.ts'
import type { TimelineEvent } from '../core/timeline/event.ts'
import type { EventDetails } from '../core/timeline/event-details.ts'
import type { TimelineFilter, TimelinePage, TimelineQuery } from '../core/timeline/query.ts'
import type { TimelineStatistics } from '../core/timeline/statistics.ts'
import type { ImportReport } from '../core/transcript/import.ts'
import type { ImportInput } from '../core/transcript/input.ts'

export type { ArtifactRef, StoreArtifact } from '../core/artifact/input.ts'
export type { FinishStep, StartStep, StepTicket } from '../core/run/input.ts'
export type {
  CreateSession,
  EditSession,
  SessionStart,
  StateTarget,
} from '../core/session/input.ts'
export type { ImportReport } from '../core/transcript/import.ts'

/** Whatever runs inside something names its cause; the correlation is inherited from it. */
export interface Cause {
  readonly correlationId?: CorrelationId
  readonly causeId?: EventId
}

/** A transcript; its source is transferred, or read in the worker piece by piece. */
export interface ImportOptions extends Omit<ImportInput, 'source'> {
  readonly source: Blob | string | ReadableStream<Uint8Array>
}

export interface ReplayOptions {
  readonly sessionId: SessionId
  /** @defaultValue 'exact' */
  readonly mode: 'state' | 'exact'
  /** Up to and including this event. */
  readonly to?: EventId
}

export interface AppendEvents extends EmitEvents {
  /** They were emitted in one turn with those that the page appended to the session last, and are stored after them. */
  readonly follows?: true
}

/** What became of events that were appended together, in their order and without what the page knows: it has their types and data. */
export interface AppendedEvents {
  /** What the recorded ones have in common; absent where none was. */
  readonly common?: Omit<TimelineEvent, 'id' | 'type' | 'data' | 'time' | keyof EventDetails>
  readonly events: readonly /** Several, one after the other, whose data is what was sent. */
  (
    | { readonly ids: readonly EventId[] }
    /** One whose data is not. */
    | { readonly id: EventId; readonly data: StateValue }
    /** Where more was said of it than type and data. */
    | { readonly event: TimelineEvent }
    | { readonly error: WireError }
  )[]
}

/** Method name to what it takes and what it answers. */
export interface WorkerApi {
  'sessions.create': (input: CreateSession) => SessionStart
  'sessions.open': (input: { id: SessionId }) => PackedStart
  'sessions.get': (input: { id: SessionId }) => KeptRecord | null
  'sessions.list': (input: SessionQuery) => PackedPage
  'sessions.edit': (input: { id: SessionId; changes: EditSession }) => SessionRecord
  'sessions.transition': (input: TransitionSession) => SessionRecord
  'sessions.save': (input: SaveSession) => Checkpoint
  'sessions.restore': (input: RestoreSession) => SessionStart
  'sessions.checkpoints': (input: { id: SessionId }) => readonly Checkpoint[]
  'sessions.delete': (input: DeleteSession) => null
  'sessions.fork': (input: ForkSession) => SessionStart
  'sessions.at': (input: { id: SessionId; event: EventId }) => PackedPast
  'sessions.import': (input: ImportOptions) => ImportReport
  'state.open': (input: StateTarget) => ReadEntries
  /** Absent where there is no value. */
  'state.read': (input: ReadState) => { readonly value?: StateValue }
  'state.write': (input: WriteState) => {
    readonly at: EventId
    readonly changes: readonly StateChange[]
    /** Changes that a hook refused, each for itself; the others are stored. */
    readonly refused?: readonly (ScopedKey & { readonly error: WireError })[]
  }
  'timeline.emit': (input: EmitEvent) => TimelineEvent
  /** Several events of one moment, each recorded or refused for itself, in their order. */
  'timeline.append': (input: AppendEvents) => AppendedEvents
  'timeline.query': (input: TimelineQuery) => TimelinePage
  'timeline.metrics': (input: MetricsQuery) => SessionMetrics
  'timeline.statistics': (input: TimelineFilter) => TimelineStatistics
  'timeline.tree': (input: { correlationId: CorrelationId }) => readonly TimelineEvent[]
  'artifacts.store': (input: StoreArtifact) => ArtifactRecord
  'artifacts.get': (input: ArtifactRef) => ArtifactRecord | null
  'artifacts.versions': (input: { sessionId: SessionId; name: string }) => readonly ArtifactRecord[]
  'artifacts.list': (input: ArtifactQuery) => ArtifactPage
  /** Half-open range; at most 8 MiB an answer: the page asks again for the rest. */
  'artifacts.read': (input: ReadArtifact) => Uint8Array
  'artifacts.edit': (input: EditArtifact) => ArtifactRecord
  'artifacts.delete': (input: DeleteArtifact) => null
  'steps.start': (input: StartStep) => StepTicket
  'steps.finish': (input: FinishStep) => { readonly result: StateValue | null }
  'steps.expire': (input: ExpireStep) => { readonly leftMs: number | null }
  'runs.open': (input: OpenRun) => OpenedRun
  'runs.finish': (input: FinishRun) => RunRow
  'runs.cancel': (input: { runId: RunId; reason: string }) => RunRow
  'runs.free': (input: FreeRun) => RunRow
  /** Gives up a run whose body was cut off, so that it can be opened again, here or in another tab. */
  'runs.leave': (input: { runId: RunId }) => null
  'runs.explain': (input: { runId: RunId }) => RunExplanation
  'runs.list': (input: { sessionId: SessionId; name?: string }) => readonly RunRow[]
  'replay.run': (input: ReplayOptions) => import('../core/replay/report.ts').ReplayReport
  /** Goes on with a replay, as far as it is asked for. */
  'replay.advance': (input: AdvanceReplay) => AdvancedReplay
  /** Lets go a replay that will not go on. */
  'replay.end': (input: { replay: string }) => null
  'replay.diff': (input: { sessionId: SessionId; from: EventId; to: EventId }) => SessionDiff
  /** What a session's replay needs, without secrets, as the text of a file. */
  'recordings.save': (input: { sessionId: SessionId; redaction: RecordingRedaction }) => string
  'recordings.value': (input: { recorded: Recorded }) => StateValue
  'documents.list': (input: { sessionId: SessionId }) => readonly string[]
  'documents.export': (input: { sessionId: SessionId; name: string }) => Uint8Array
  'adopt.yIndexedDB': (input: {
    name: string
    sessionId: SessionId
    document?: string
    remove?: boolean
  }) => { readonly document: string; readonly sizeBytes: number; readonly removed: boolean }
  'storage.info': (input: Record<string, never>) => {
    readonly persisted: boolean
    readonly usageBytes: number | null
    readonly quotaBytes: number | null
    /** `low` from 80 % of the quota on, `critical` from 95 %. Absent from workers of protocol 1. */
    readonly room?: Room
  }
  /** Of one session, or of the whole database; oldest first. */
  'storage.damage': (input: { readonly sessionId?: SessionId }) => readonly Damage[]
  /** Makes index rows that differ from the log anew; answers how many did, and whether all of them were looked at. */
  'storage.repair': (input: Record<string, never>) => Repaired
  flush: (input: Record<string, never>) => null
  'hooks.stats': (input: Record<string, never>) => readonly import('../core/hook/stats.ts').HookStats[]
  'hooks.call': (
    input: import('../core/hook/call-hooks.ts').CallHooks,
  ) => import('../core/hook/call-hooks.ts').HooksAnswer
  'hooks.list': (input: Record<string, never>) => readonly import('../core/hook/hook-list.ts').HookInfo[]
  /** Answers how many hooks it changed. */
  'hooks.switch': (
    input: import('../core/hook/switch-hooks.ts').HookSelection & { readonly enabled: boolean },
  ) => number
  'hooks.breakers': (
    input: Record<string, never>,
  ) => readonly import('../core/hook/hook-list.ts').BreakerInfo[]
  /** Answers how many there were. */
  'hooks.resetBreakers': (input: import('../core/hook/switch-hooks.ts').HookSelection) => number
  /** null where the worker leaves metrics out. */
  'hooks.metrics': (input: Record<string, never>) => import('../core/hook/metrics.ts').MetricsSnapshot | null
}

export type MethodName = keyof WorkerApi
export type Input<Method extends MethodName> = Parameters<WorkerApi[Method]>[0]
export type Answer<Method extends MethodName> = ReturnType<WorkerApi[Method]>
