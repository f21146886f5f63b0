import type { Soon } from '../hook/in-turn.ts'
import type { HookStage } from '../hook/points.ts'
import type { RerunnableHook, RerunOptions } from '../hook/rerun.ts'
import type { EventId } from '../ids.ts'
import type { Purity } from '../run/record.ts'
import type { Recorded } from '../run/recorded.ts'
import type { StateValue } from '../state/value.ts'
import type { TimelineEvent } from '../timeline/event.ts'

/** A definition that replay found; its body may live on the page or in the worker. Values are encoded. */
export interface ReplayStep {
  readonly purity: Purity
  /** Runs the body on a recorded input, with the recorded key and clock. Rejects with what the body throws. */
  run(
    input: StateValue,
    again: { readonly key: string; readonly startedAt: number; readonly signal?: AbortSignal },
  ): Promise<StateValue>
}

/** What a replay runs again with. */
export interface RerunDeps {
  readonly readValue: (recorded: Recorded) => StateValue | Promise<StateValue>
  /** By `name@version`. */
  readonly findStep: (step: string) => ReplayStep | undefined | Promise<ReplayStep | undefined>
  /** A hook of `step:run` by `id@version`, at the stage where it ran. */
  readonly findHook: (hook: string, stage: 'before' | 'record') => RerunnableHook<'step:run'> | undefined
  /** Whether a hook of any point is registered, by `id@version`. */
  readonly knowsHook: (hook: string, point: string, stage: HookStage) => boolean
  readonly rerun: RerunOptions
  /** Starts of steps that a recording's redaction took something out of. */
  readonly withheld?: ReadonlySet<EventId>
  /** As what is recorded was redacted when it was saved: what comes out is redacted alike before it is compared. */
  readonly redact?: (value: StateValue) => Soon<StateValue>
}

/** What a replay reads and runs again. */
export interface PlayerDeps extends RerunDeps {
  /** The recorded events in recorded order, in batches, up to and including `to`. */
  readonly events: (to?: EventId) => AsyncIterable<readonly TimelineEvent[]>
}
