/**
 * Removing contents that nobody names, and chunks that no content names any more.
 */

import type { ChunkRef, IntakeRow } from '../core/artifact/record.ts'
import { INTAKE_PIN_MS } from '../core/artifact/record.ts'
import type { ContentId } from '../core/ids.ts'
import type { StoredContent } from './artifact-rows.ts'
import { resultOf } from './result-of.ts'

export interface ContentKey {
  readonly domain: string
  readonly hash: string
}

/**
 * Removes those of the contents that nobody names, intakes that were given up or forgotten, and of all of these the
 * chunks that no other content names and no intake holds.
 *
 * @returns how many chunks went
 */
export async function sweepContents(
  transaction: IDBTransaction,
  contents: readonly ContentKey[],
  now: number,
  givenUp: readonly IntakeRow[] = [],
): Promise<number> {
  const intakes = await readIntakes(transaction, now, givenUp)
  const rows = await Promise.all(contents.map((key) => readContent(transaction, key)))
  const unnamed = rows.filter((row) => row?.references === 0)
  const freed = [
    ...unnamed.flatMap((row) => (row === undefined ? [] : removeContent(transaction, row))),
    ...intakes.given.flatMap((intake) => removeIntake(transaction, intake)),
  ]
  return removeChunks(transaction, freed, intakes.held)
}

/** Takes names away from contents, removing those that have none left with the chunks that go with them. */
export async function releaseContents(
  transaction: IDBTransaction,
  domain: string,
  names: ReadonlyMap<ContentId, number>,
  now: number,
): Promise<void> {
  const intakes = await readIntakes(transaction, now)
  const counted = [...names]
  const rows = await Promise.all(counted.map(([hash]) => readContent(transaction, { domain, hash })))
  const freed = counted.flatMap(([, count], at) => {
    const row = rows[at]
    if (row === undefined) return []
    const references = Math.max(0, row.references - count)
    if (references === 0) return removeContent(transaction, row)
    transaction.objectStore('contents').put({ ...row, references } satisfies StoredContent)
    return []
  })
  await removeChunks(transaction, freed, intakes.held)
}

function readContent(
  transaction: IDBTransaction,
  { domain, hash }: ContentKey,
): Promise<StoredContent | undefined> {
  const request: IDBRequest<StoredContent | undefined> = transaction
    .objectStore('contents')
    .get([domain, hash])
  return resultOf(request)
}

interface Intakes {
  /** Given up, or their worker died: they hold nothing any more. */
  readonly given: readonly IntakeRow[]
  /** Chunks of those that go on. */
  readonly held: ReadonlySet<string>
}

async function readIntakes(
  transaction: IDBTransaction,
  now: number,
  givenUp: readonly IntakeRow[] = [],
): Promise<Intakes> {
  const gone = new Set(givenUp.map(({ key }) => JSON.stringify(key)))
  const range = IDBKeyRange.bound(['intake'], ['intake', []])
  const request: IDBRequest<IntakeRow[]> = transaction.objectStore('meta').getAll(range)
  const rows = await resultOf(request)
  const isHeld = ({ key, at }: IntakeRow) => at > now - INTAKE_PIN_MS && !gone.has(JSON.stringify(key))
  const held = rows
    .filter(isHeld)
    .flatMap(({ domain, chunks }) => chunks.map((hash) => textOf({ domain, hash })))
  return { given: rows.filter((row) => !isHeld(row)), held: new Set(held) }
}

function removeContent(
  transaction: IDBTransaction,
  { domain, hash, chunks }: StoredContent,
): readonly ContentKey[] {
  transaction.objectStore('contents').delete([domain, hash])
  return chunks.map((chunk: ChunkRef) => ({ domain, hash: chunk.hash }))
}

function removeIntake(
  transaction: IDBTransaction,
  { key, domain, chunks }: IntakeRow,
): readonly ContentKey[] {
  transaction.objectStore('meta').delete([...key])
  return chunks.map((hash) => ({ domain, hash }))
}

async function removeChunks(
  transaction: IDBTransaction,
  freed: readonly ContentKey[],
  held: ReadonlySet<string>,
): Promise<number> {
  const candidates = [...new Map(freed.map((key) => [textOf(key), key])).values()].filter(
    (key) => !held.has(textOf(key)),
  )
  const chunks = transaction.objectStore('chunks')
  const names = transaction.objectStore('contents').index('chunkKeys')
  const found = await Promise.all(
    candidates.map(async ({ domain, hash }) => {
      const key = [domain, hash]
      const [stored, named] = await Promise.all([resultOf(chunks.getKey(key)), resultOf(names.count(key))])
      return stored !== undefined && named === 0
    }),
  )
  const unnamed = candidates.filter((_, at) => found[at])
  for (const { domain, hash } of unnamed) chunks.delete([domain, hash])
  return unnamed.length
}

function textOf({ domain, hash }: ContentKey): string {
  return JSON.stringify([domain, hash])
}
