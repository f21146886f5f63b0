import type { CommitRow } from '../core/commit.ts'
import type { Compression } from '../core/ports.ts'
import { toCommitRow } from './commit-rows.ts'
import type { DamageNotes } from './damage-notes.ts'
import { type Found, type Reading, rowsFound } from './segment-reads.ts'

/** A reading that can open squeezed segments. */
export interface LogReading extends Reading {
  readonly compression: Pick<Compression, 'inflate'>
  readonly notes: Pick<DamageNotes, 'note' | 'count'>
}

/** The rows that were found, as readers get them. Nothing can be asked for in the same transaction after it. */
export async function rowsIn(
  reading: LogReading,
  found: Found,
  fits?: (row: CommitRow) => boolean,
): Promise<CommitRow[]> {
  const rows = (await rowsFound(reading, found)).map((row) => toCommitRow(row))
  return fits === undefined ? rows : rows.filter(fits)
}
