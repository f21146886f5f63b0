/**
 * The journal's work on what is stored already: the steward's maintenance, and repairs. Each is a transaction of its own.
 */
import type { IntakeRow } from './artifact/record.ts'
import type { NameCounts } from './damage/count-names.ts'
import type { Mending } from './damage/mending.ts'
import type { StreamId, WriterId } from './ids.ts'

/** What the steward does. A `fence` is its epoch: nothing is written where another one is the steward by now. */
export interface Maintenance {
  /**
   * Removes those contents that have no references, intakes that were given up, and chunks that nothing names any more;
   * by deletions alone, which have room also where the quota is used up. Answers how many chunks went.
   * @param fence as a steward's chore
   */
  sweep(
    contents: readonly { readonly domain: string; readonly hash: string }[],
    givenUp?: readonly IntakeRow[],
    fence?: number,
  ): Promise<number>
  /** Removes rows that say whose turn it was, where there are many that nobody can go by any more. Answers how many went. */
  sweepTurns(options?: TurnSweep, fence?: number): Promise<number>
  /** Makes this worker the steward of the database: raises the stored epoch and gives it. */
  takeStewardship(): Promise<number>
  /** The stored epoch; 0 where nobody ever was the steward. */
  stewardEpoch(): Promise<number>
  /**
   * Packs the oldest rows of a stream into segments. Answers how many, which may be fewer than there are.
   *
   * `whole` takes every row; else only whole segments are made, of rows whose updates a snapshot holds.
   */
  pack(stream: StreamId, options?: { readonly whole?: boolean; readonly fence?: number }): Promise<number>
  /**
   * Keeps what all events of a session up to now make of it, for moments that will be past; nothing where there is such a
   * mark already that is near. Answers whether there is a new one.
   *
   * `grownBytes`, at least so many came since the last one, calls for one when it is more than the mark itself.
   */
  mark(
    stream: StreamId,
    options?: { readonly grownBytes?: number; readonly fence?: number },
  ): Promise<boolean>
  /**
   * Begins a managed document anew where it has been written by more clients, or holds more old deletions, than a document
   * should: the same values, of one client, without deletions older than 30 days. Answers whether it did.
   */
  renew(stream: StreamId, fence?: number): Promise<boolean>
  /** Makes a snapshot of a managed document as it is now, however short its tail. */
  snapshot(stream: StreamId, fence?: number): Promise<void>
  /** Compresses the rows of a stream's segments, where the host can; readers inflate them. */
  squeeze(stream: StreamId, fence?: number): Promise<void>
  /** Puts back the rows of segments that were squeezed. Answers whether there were any. */
  unsqueeze(stream: StreamId, fence?: number): Promise<boolean>
  /**
   * Stores a snapshot (v2 bytes) that was made of the one at row `after` and the rows up to `upTo`; nothing where
   * another one came meanwhile. Answers whether it was stored.
   */
  putSnapshot(
    stream: StreamId,
    made: { readonly bytes: Uint8Array; readonly after: number; readonly upTo: number },
    fence?: number,
  ): Promise<boolean>
}

export interface TurnSweep {
  /** Whether a worker has ended; asked where as many rows stay as are swept. Without it none is taken to have. */
  readonly isGone?: ((writer: WriterId) => Promise<boolean>) | undefined
  /** How many more than at the last time stand at least. @defaultValue 64 */
  readonly atLeast?: number
}

export interface MendOptions {
  readonly fence?: number | undefined
  readonly checksEntries?: boolean | undefined
}

/** What puts right what is damaged. */
export interface Repairs {
  /**
   * Puts the index rows of a stream as its log says. Answers how many differed; undefined where rows came since it was read.
   * @param options.checksEntries also those that are right differ where an index has lost an entry of theirs
   */
  mend(stream: StreamId, mending: Mending, options?: MendOptions): Promise<number | undefined>
  /**
   * Puts right how often contents are named, by what the log up to its row `last` names and by the rows of artifacts; what
   * nobody names goes. Answers how many counts differed; undefined where rows came since the log was read.
   */
  recount(counts: NameCounts, last: number, fence?: number): Promise<number | undefined>
  /**
   * Remembers that a repair left the counts `found`, see `Tables.suspicion`; nothing where what is `settled` is another by
   * now. Answers whether it did.
   */
  settleSuspicion(
    suspicion: { readonly found: string; readonly settled: string },
    fence?: number,
  ): Promise<boolean>
  /** Moves the row that a record of damage names out of its table, into that record. */
  setAside(damage: string): Promise<void>
}
