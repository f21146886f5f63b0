import type { Intake } from '../artifact/intake.ts'
import type { OperationHooks } from '../hook/operation-hooks.ts'
import type { Digest, Journal, Locks, Log, Tables } from '../ports.ts'
import type { StateValue } from '../state/value.ts'
import type { HybridClock } from '../timeline/hybrid-clock.ts'
import type { Recorded } from './recorded.ts'

/** What the use cases of steps need from the world. */
export interface StepDeps {
  readonly journal: Journal
  readonly log: Log
  readonly tables: Tables
  readonly clock: HybridClock
  readonly digest: Digest
  readonly hooks: OperationHooks
  /** Takes in what collectors ask for, and values too large for their event. */
  readonly intake: Intake
  /** Reads a recorded value, inline or not. */
  readonly readValue: (recorded: Recorded) => StateValue | Promise<StateValue>
}

/** What the use cases of runs need beside. */
export interface RunDeps extends StepDeps {
  readonly locks: Locks
}
