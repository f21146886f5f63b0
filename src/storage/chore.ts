/**
 * A chore: work of the journal's own, which shares its transaction with nothing.
 */
import type { Durability } from '../core/commit.ts'
import type { WallClock } from '../core/ports.ts'
import type { HybridClock } from '../core/timeline/hybrid-clock.ts'
import type { Connection } from './connection.ts'
import type { StoreName } from './schema.ts'

export interface Chore {
  /** For errors: `bringing index rows up to date`. */
  readonly doing: string
  readonly stores: readonly StoreName[]
  readonly durability: Durability
  /** Its last request is the only one that puts something. @defaultValue false */
  readonly putsOnce?: boolean
  work(transaction: IDBTransaction): Promise<void> | void
  /** Of one that has to do with heads, once its work is done: whether it changed any. Else it is taken to have. */
  hasChangedHeads?(): boolean
}

export interface QueuedChore extends Chore {
  /** Called when its transaction is over. */
  end(error: unknown): void
}

/** Runs a chore in its turn; a steward's behind the fence of its epoch. */
export type Perform = (chore: Chore, fence?: number) => Promise<void>

/** What the makers of chores share. */
export interface ChoreDeps {
  readonly connection: Connection
  readonly clock: HybridClock
  readonly wall: WallClock
  readonly perform: Perform
  /** @throws why the journal takes nothing more */
  assertOpen(): void
}
