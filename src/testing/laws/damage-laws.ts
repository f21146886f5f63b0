import { isSound } from '../../storage/checksum.ts'
import { isSoundSegment, soundCommit } from '../../storage/sound-rows.ts'
import type { DatabaseContent } from '../database-content.ts'
import type { Violation } from '../law.ts'

/** What is not as it was stored stands in no table that is read: it was set aside. */
export function* damageLaws(content: DatabaseContent): Iterable<Violation> {
  const damaged = (what: string): Violation => ({ law: 'LA30', message: `${what} is not what was stored.` })

  for (const row of content.unpacked)
    if (soundCommit(row) === undefined) yield damaged(`Row ${row.seq} of the log`)
  for (const row of content.segments) if (!isSoundSegment(row)) yield damaged(`A segment of ${row.streamId}`)
  for (const row of content.snapshots) if (!isSound(row)) yield damaged(`A snapshot of ${row.streamId}`)
  for (const row of content.views) if (!isSound(row)) yield damaged(`The view of ${row.streamId}`)
  for (const row of content.sessions) if (!isSound(row)) yield damaged(`The index row of session ${row.id}`)
  for (const row of content.checkpoints) if (!isSound(row)) yield damaged(`Checkpoint ${row.id}`)
}
