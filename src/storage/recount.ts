/** Counts of names put right: who names a content is told by the log and by the rows of artifacts. */
import { type NameCounts, nameOfContent } from '../core/damage/count-names.ts'
import { sweepContents } from './contents.ts'
import { losesRows } from './losses.ts'
import { resultOf } from './result-of.ts'
import type { StoredArtifact, StoredContent, StoredDamage, StoreName } from './schema.ts'
import { lastArrival } from './segment-reads.ts'

export const RECOUNT_STORES = [
  'commits',
  'segments',
  'quarantine',
  'artifacts',
  'contents',
  'chunks',
  'meta',
] as const satisfies StoreName[]

/**
 * @param counts of the log up to `last`, as it was read before the transaction
 * @returns how many counts were put right; undefined where something was stored since the log was read
 */
export async function recountContents(
  transaction: IDBTransaction,
  counts: NameCounts,
  last: number,
  now: number,
): Promise<number | undefined> {
  if ((await lastArrival(transaction)) !== last) return undefined
  const artifactsRequest: IDBRequest<StoredArtifact[]> = transaction.objectStore('artifacts').getAll()
  const contentsRequest: IDBRequest<StoredContent[]> = transaction.objectStore('contents').getAll()
  const damageRequest: IDBRequest<StoredDamage[]> = transaction.objectStore('quarantine').getAll()
  const [artifacts, contents, damage] = await Promise.all([
    resultOf(artifactsRequest),
    resultOf(contentsRequest),
    resultOf(damageRequest),
  ])
  const named = new Map(counts)
  for (const { domain, record } of artifacts) {
    const name = nameOfContent({ domain, hash: record.contentId })
    named.set(name, (named.get(name) ?? 0) + 1)
  }
  // Rows that are lost may have named what seems to have no name: only their session's end takes it back.
  const isLossy = damage.some(losesRows)
  const wrong = contents.flatMap((row) => {
    const references = named.get(nameOfContent(row)) ?? 0
    const isRight = isLossy ? row.references >= references : row.references === references
    return isRight ? [] : [{ ...row, references }]
  })
  for (const row of wrong) transaction.objectStore('contents').put(row)
  const unnamed = wrong.filter(({ references }) => references === 0)
  if (unnamed.length > 0) await sweepContents(transaction, unnamed, now)
  return wrong.length
}
