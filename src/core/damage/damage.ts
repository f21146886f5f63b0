import type { SessionId, StreamId, WriterId } from '../ids.ts'

/** Something stored that is not as it was written, or is gone. */
export interface Damage {
  /** Names it: the same damage is recorded once. */
  readonly id: string
  /**
   * `row` and `gap`: rows of the log that cannot be believed, or are missing. The others are made of the log and
   * are read from it instead, a session's index row among them; a checkpoint's state is what `at` its event gives.
   */
  readonly what: 'row' | 'gap' | 'snapshot' | 'view' | 'checkpoint' | 'session'
  readonly stream: StreamId
  /** Absent for the store itself and for state outside sessions. */
  readonly session?: SessionId
  /** A sentence for people. */
  readonly reason: string
  /** Of a gap: whose rows are missing, and the first and last of their numbers. */
  readonly writer?: WriterId
  readonly from?: number
  readonly to?: number
  /** Wall clock, milliseconds since 1970. */
  readonly foundAt: number
}

/** A damage as it is recorded, and the row itself once it was set aside. */
export interface DamageRow {
  readonly damage: Damage
  /** Where the row stood; absent for a gap. */
  readonly place?: { readonly table: string; readonly key: string | number | readonly (string | number)[] }
  /** The row as it was found. */
  readonly row?: unknown
}

/** What a reader found. */
export type FoundDamage = Omit<Damage, 'session' | 'foundAt'> & Pick<DamageRow, 'place'>
