/**
 * Checks that a database keeps its laws: what the log, the contents and the indexes say of each other agrees.
 */
import { type DatabaseContent, readDatabase } from './database-content.ts'
import type { CheckOptions, LawOptions, Violation } from './law.ts'
import { contentLaws } from './laws/content-laws.ts'
import { damageLaws } from './laws/damage-laws.ts'
import { erasureLaws } from './laws/erasure-laws.ts'
import { headLaws } from './laws/head-laws.ts'
import { indexLaws } from './laws/index-laws.ts'
import { logLaws } from './laws/log-laws.ts'
import { markLaws } from './laws/mark-laws.ts'
import { ownershipLaws } from './laws/ownership-laws.ts'
import { segmentLaws } from './laws/segment-laws.ts'
import { snapshotLaws } from './laws/snapshot-laws.ts'
import { turnLaws } from './laws/turn-laws.ts'

// Not in law.ts: what an app sees of this file must not lead to the packages that hold the rows' types.
type Law = (content: DatabaseContent, options: LawOptions) => Iterable<Violation>

const LAWS: readonly Law[] = [
  logLaws,
  turnLaws,
  segmentLaws,
  contentLaws,
  damageLaws,
  ownershipLaws,
  indexLaws,
  headLaws,
  snapshotLaws,
  markLaws,
  erasureLaws,
]

/**
 * Reads a whole database and gives every violation of its laws; none for a sound one. Index rows may lag behind the log,
 * as they do until the next barrier; what they say up to their own last row must be right.
 *
 * @param database An open connection, or the name of a database.
 * @throws when there is no database of that name.
 */
export async function checkLaws(
  database: IDBDatabase | string,
  options: CheckOptions = {},
): Promise<readonly Violation[]> {
  const content = await readDatabase(database)
  // Loaded when it is needed: Yjs looks for browser globals as soon as it is imported.
  const { isSnapshotOf = (await import('../context/is-snapshot-of.ts')).isSnapshotOf } = options
  return LAWS.flatMap((law) => [...law(content, { isSnapshotOf })])
}
