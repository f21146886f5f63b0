/**
 * Sets a damaged row aside: out of its table, where readers and packers would meet it, into the record of its damage,
 * where it is kept for whoever can read more of it.
 */
import type { RowKey } from '../core/commit.ts'
import { isSound, type Summed } from './checksum.ts'
import { isReadFailure, survivable } from './read-failure.ts'
import { validKey } from './reads.ts'
import { resultOf } from './result-of.ts'
import type { StoredDamage, StoredSegment, WrittenCommit } from './schema.ts'
import { isSoundSegment, soundCommit } from './sound-rows.ts'

/** Tables whose rows carry a checksum. */
export const DAMAGEABLE = ['commits', 'segments', 'snapshots', 'views', 'checkpoints'] as const

export async function setAside(transaction: IDBTransaction, damage: string): Promise<void> {
  const quarantine = transaction.objectStore('quarantine')
  const recordRequest: IDBRequest<StoredDamage | undefined> = quarantine.get(damage)
  const stored = await resultOf(recordRequest)
  const place = stored?.record.place
  if (stored === undefined || place === undefined) return
  const table = transaction.objectStore(place.table)
  const row = await readDamaged(table, place.key)
  if (row === undefined) return
  quarantine.put({ ...stored, record: { ...stored.record, row } } satisfies StoredDamage)
  table.delete(validKey(place.key))
}

/** Undefined for a row that is not there any more, or is sound: another one was written in its place. */
async function readDamaged(table: IDBObjectStore, key: RowKey): Promise<object | undefined> {
  const request: IDBRequest<object | undefined> = table.get(validKey(key))
  const row = await survivable(request).catch((failure: unknown) => {
    // What the browser fails to read stays where it is: it may be read another time.
    if (isReadFailure(failure)) return undefined
    throw failure
  })
  return row === undefined || isAsStored(row) || isSoundIn(table.name, row) ? undefined : row
}

/** What cannot be read in it was stored so, by a newer build: whoever has that one will read it. */
function isAsStored(row: Summed): boolean {
  return row.sum !== undefined && isSound(row)
}

function isSoundIn(table: string, row: object): boolean {
  switch (table) {
    case 'commits':
      return soundCommit(row as WrittenCommit) !== undefined
    case 'segments':
      return isSoundSegment(row as StoredSegment)
    default:
      return isSound(row)
  }
}
