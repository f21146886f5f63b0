import type { CommitRow } from '../../core/commit.ts'
import type { DatabaseContent } from '../database-content.ts'
import type { LawOptions, Violation } from '../law.ts'
import { sameValue } from '../same-value.ts'

/** A snapshot covers exactly the rows up to its own, and is the document that they make. */
export function* snapshotLaws(
  { snapshots, rowsByStream, lossy }: DatabaseContent,
  { isSnapshotOf }: LawOptions,
): Iterable<Violation> {
  for (const { streamId, seq, covers, bytes, generation = 0 } of snapshots) {
    if (lossy.has(streamId)) continue
    const rows = (rowsByStream.get(streamId) ?? []).filter((row) => row.seq <= seq)
    const covered: Record<string, number> = {}
    for (const { writer, n } of rows) covered[writer] = Math.max(covered[writer] ?? 0, n)
    if (!sameValue(covers, covered)) {
      yield { law: 'LA11', message: `The snapshot of ${streamId} at ${seq} covers other rows than it says.` }
    }
    if (
      !isSound(() =>
        isSnapshotOf(
          bytes,
          rows.map((row) => ofGeneration(row, generation)),
          streamId,
          generation,
        ),
      )
    ) {
      yield { law: 'LA11', message: `The snapshot of ${streamId} at ${seq} is not the document of its rows.` }
    }
  }
}

function isSound(check: () => boolean): boolean {
  try {
    return check()
  } catch {
    return false
  }
}

/** Updates of another generation are no part of a document: their rows count by their deltas. */
function ofGeneration(row: CommitRow, generation: number): CommitRow {
  if ((row.generation ?? 0) === generation) return row
  const { update: _, placed: __, ...rest } = row
  return rest
}
