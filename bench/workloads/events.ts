import { Dexie } from 'dexie'
import { openHoldfast } from '../../src/index.ts'
import type { Samples } from '../measure.ts'
import { done, openRaw } from '../peers/raw.ts'
import { type Result, ratiosTo } from '../result.ts'
import { eventData } from '../values.ts'

const BULK = 'Dexie bulkAdd'

/** Events appended at once, durable and findable by type, time and correlation. */
export async function events(scale: { count: number; rounds: number }): Promise<readonly Result[]> {
  const variants = [
    { name: BULK, append: dexieBulk },
    { name: 'raw IndexedDB, a row each, one transaction', append: rawRows },
    { name: 'Holdfast', append: holdfastEvents },
  ]
  const samples = variants.map(({ name }): Samples => ({ name, ms: [] }))
  for (let round = 0; round < scale.rounds; round += 1) {
    for (let turn = 0; turn < variants.length; turn += 1) {
      const index = (turn + round) % variants.length
      const variant = variants[index]
      if (variant !== undefined)
        samples[index]?.ms.push(await variant.append(`bench-events-${index}-${round}`, scale.count))
    }
  }
  return [
    ratiosTo(`append ${scale.count} events, durable and findable`, BULK, samples, {
      musts: [{ row: 'Holdfast', atMost: 0.2 }],
    }),
  ]
}

function rows(count: number) {
  return Array.from({ length: count }, (_, i) => ({
    id: `event-${i}`,
    type: 'sample.recorded',
    time: Date.now() + i,
    correlationId: `correlation-${i >> 3}`,
    data: eventData(i),
  }))
}

async function dexieBulk(database: string, count: number): Promise<number> {
  const db = new Dexie(database)
  db.version(1).stores({ events: 'id, type, time, correlationId' })
  await db.open()
  const all = rows(count)
  const start = performance.now()
  await db.table('events').bulkAdd(all)
  const ms = performance.now() - start
  db.close()
  return ms
}

async function rawRows(database: string, count: number): Promise<number> {
  const db = await openRaw(database, 'events', { keyPath: 'id' })
  const all = rows(count)
  const start = performance.now()
  const transaction = db.transaction('events', 'readwrite', { durability: 'relaxed' })
  for (const row of all) transaction.objectStore('events').add(row)
  await done(transaction)
  const ms = performance.now() - start
  db.close()
  return ms
}

async function holdfastEvents(database: string, count: number): Promise<number> {
  const holdfast = await openHoldfast({ name: database })
  const session = await holdfast.sessions.create({ name: 'bench' })
  const start = performance.now()
  await Promise.all(Array.from({ length: count }, (_, i) => session.emit('sample.recorded', eventData(i))))
  const ms = performance.now() - start
  await holdfast.close()
  return ms
}
