/** Holdfast, as a page uses it. */
export type { Adopted, AdoptOptions } from './client/adopt.ts'
export type { Artifact, ReadOptions } from './client/artifact.ts'
export type { ArtifactList, ArtifactName, Artifacts, ArtifactWriteOptions } from './client/artifacts.ts'
export type { CurrentSession } from './client/current-session.ts'
export { defineStep } from './client/define-step.ts'
export type { ChannelListener, ChannelState, DocumentChannel } from './client/document-channel.ts'
export type { Documents } from './client/documents.ts'
export type { Holdfast } from './client/holdfast.ts'
export type { HookOptions, HookPlace, Hooks, PageHookBody, PageHookContext } from './client/hooks.ts'
export type { Moment } from './client/moment.ts'
export { type OpenOptions, openHoldfast } from './client/open-holdfast.ts'
export type { Replay, ReplayOptions, ReplayState, ReplayStop } from './client/replay-handle.ts'
export type { CallOptions, ChangeOptions, EmitOptions, WriteOptions } from './client/request.ts'
export type { FreeAnswer, Runs } from './client/runs.ts'
export type { BackPressure } from './client/send-window.ts'
export type {
  PageStepDefinition,
  Past,
  Run,
  RunBody,
  RunOptions,
  RunStep,
  Session,
  StepBody,
  StepContext,
  StepOptions,
} from './client/session-handle.ts'
export type { ImportSettings, ImportSource, Sessions } from './client/sessions.ts'
export type { WorkerOptions } from './client/spawn.ts'
export type { Change, SessionState, State, StateWriteOptions } from './client/state.ts'
export type { StoreInfo, StoreState } from './client/store-info.ts'
export type { Timeline } from './client/timeline.ts'
export type { Watch, WatchOptions } from './client/watch.ts'
export type { ListWatch, ListWatchOptions } from './client/watch-list.ts'
export type { Overflow, WatchedEvent } from './client/watch-queue.ts'
export type { WriteState, Writes } from './client/writes.ts'
export type { MetricsQuery, SessionMetrics, StepFigures } from './core/analytics/metrics.ts'
export { type App, defineApp, type Schemas, type Template } from './core/app/app.ts'
export type { ModelPrice, ModelUsage, Prices } from './core/app/prices.ts'
export type { ArtifactChanges, ArtifactContent } from './core/artifact/input.ts'
export type { ArtifactQuery } from './core/artifact/query.ts'
export type { ArtifactKind, ArtifactRecord } from './core/artifact/record.ts'
export type { Durability } from './core/commit.ts'
export type { Damage } from './core/damage/damage.ts'
export {
  type ErrorCode,
  HoldfastError,
  InputError,
  OutcomeError,
  RefusedError,
  RunError,
  StateError,
  StorageError,
} from './core/errors.ts'
export type { BreakerOptions } from './core/hook/breaker.ts'
export type { HooksAnswer } from './core/hook/call-hooks.ts'
export type { Collected, HookContext, HookOutcome, HookWhen, PayloadByPoint } from './core/hook/definition.ts'
export type { BreakerInfo, HookInfo } from './core/hook/hook-list.ts'
export type { MetricsSnapshot, PointMetrics, StepMetrics } from './core/hook/metrics.ts'
export type { CustomPoint, HookStage, PointName, PointPattern } from './core/hook/points.ts'
export type { BreakerState, HookHome, HookStats } from './core/hook/stats.ts'
export type { HookSelection } from './core/hook/switch-hooks.ts'
export type {
  ArtifactId,
  CheckpointId,
  ContentId,
  CorrelationId,
  EventId,
  RequestId,
  RunId,
  SessionId,
} from './core/ids.ts'
export type { Room } from './core/ports.ts'
export type { Breakpoint } from './core/replay/breakpoints.ts'
export type { CompareOptions } from './core/replay/compare-rules.ts'
export type { SessionDiff, StateDifference } from './core/replay/diff.ts'
export type { ErrorAnalysis } from './core/replay/error-analysis.ts'
export type { Modification } from './core/replay/modifications.ts'
export type { ReplayFrame } from './core/replay/player.ts'
export type { RecordingRedaction } from './core/replay/recording.ts'
export type { Divergence, ReplayMode, ReplayReport } from './core/replay/report.ts'
export type { Severity } from './core/replay/severity.ts'
export type { StepCodec } from './core/run/codec.ts'
export type { RunExplanation } from './core/run/explain.ts'
export type { Purity, RunRow } from './core/run/record.ts'
export type { ChildPolicy, CreateSession, EditSession } from './core/session/input.ts'
export type { SessionPage, SessionQuery } from './core/session/query.ts'
export type {
  Actor,
  Checkpoint,
  Retention,
  SessionLimits,
  SessionRecord,
  Usage,
} from './core/session/record.ts'
export { type Action, allowedVerbs, isPermitted, type Status, type Verb } from './core/session/status.ts'
export type { StateClass } from './core/state/aside.ts'
export type { ChangeSource } from './core/state/mirror-change.ts'
export type { SessionScope } from './core/state/scope.ts'
export type { StateValue } from './core/state/value.ts'
export type { EventDataByType, EventType } from './core/timeline/catalog.ts'
export type { EventSource, TimelineEvent } from './core/timeline/event.ts'
export type { EventDetails, EventLinks, LinkKind } from './core/timeline/event-details.ts'
export type { TimelineFilter, TimelinePage, TimelineQuery } from './core/timeline/query.ts'
export type { TimelineChain, TimelineStatistics } from './core/timeline/statistics.ts'
export type { TimelineNode } from './core/timeline/tree.ts'
export type { Cause, ImportReport } from './protocol/worker-api.ts'
