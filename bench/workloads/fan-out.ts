import { openHoldfast } from '../../src/index.ts'
import type { Samples } from '../measure.ts'
import { done, openRaw } from '../peers/raw.ts'
import { type Result, ratiosTo } from '../result.ts'
import { eventData } from '../values.ts'

const RAW = 'raw IndexedDB rows, one message, 100 listeners'

const SUBSCRIBERS = 100

/** Events appended, and had by 100 subscribers each: from the first call until the last one has read the last event. */
export async function fanOut(scale: { count: number; rounds: number }): Promise<readonly Result[]> {
  const variants = [
    { name: RAW, run: rawFanOut },
    {
      name: 'Holdfast',
      run: (database: string, count: number) => holdfastFanOut(database, count, SUBSCRIBERS),
    },
    {
      name: 'Holdfast, one subscriber',
      run: (database: string, count: number) => holdfastFanOut(database, count, 1),
    },
    { name: 'Holdfast, none', run: (database: string, count: number) => holdfastFanOut(database, count, 0) },
  ]
  const samples = variants.map(({ name }): Samples => ({ name, ms: [] }))
  for (let round = 0; round < scale.rounds; round += 1) {
    for (let turn = 0; turn < variants.length; turn += 1) {
      const index = (turn + round) % variants.length
      const variant = variants[index]
      if (variant !== undefined)
        samples[index]?.ms.push(await variant.run(`bench-fan-out-${index}-${round}`, scale.count))
    }
  }
  return [
    ratiosTo(`append ${scale.count} events, had by ${SUBSCRIBERS} subscribers each`, RAW, samples, {
      musts: [{ row: 'Holdfast', atMost: 6 }],
    }),
  ]
}

/** The least that can be done: all rows in one transaction, one copy of them to another thread's port, a call each. */
async function rawFanOut(database: string, count: number): Promise<number> {
  const db = await openRaw(database, 'events', { keyPath: 'id' })
  const { port1, port2 } = new MessageChannel()
  const got = Array.from({ length: SUBSCRIBERS }, () => 0)
  const all = new Promise<void>((resolve) => {
    port2.onmessage = ({ data }: MessageEvent<readonly unknown[]>) => {
      for (const _ of data) for (let at = 0; at < SUBSCRIBERS; at += 1) got[at] = (got[at] ?? 0) + 1
      if (got.every((one) => one === count)) resolve()
    }
  })
  const start = performance.now()
  const rows = Array.from({ length: count }, (_, i) => ({
    id: i,
    type: 'sample.recorded',
    data: eventData(i),
  }))
  const transaction = db.transaction('events', 'readwrite', { durability: 'relaxed' })
  for (const row of rows) transaction.objectStore('events').add(row)
  await done(transaction)
  port1.postMessage(rows)
  await all
  const ms = performance.now() - start
  port1.close()
  db.close()
  return ms
}

async function holdfastFanOut(database: string, count: number, subscribers: number): Promise<number> {
  const holdfast = await openHoldfast({ name: database })
  const session = await holdfast.sessions.create({ name: 'bench' })
  const types = ['sample.recorded']
  const watches = Array.from({ length: subscribers }, () => session.timeline.watch({ types, buffer: count }))
  const readers = watches.map(async (watch) => {
    for (let read = 0; read < count; read += 1) await watch.next()
  })
  const start = performance.now()
  await Promise.all(Array.from({ length: count }, (_, i) => session.emit('sample.recorded', eventData(i))))
  await Promise.all(readers)
  const ms = performance.now() - start
  await holdfast.close()
  return ms
}
