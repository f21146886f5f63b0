import { openHoldfast } from '../../src/index.ts'
import { interleave } from '../measure.ts'
import { done, openRaw } from '../peers/raw.ts'
import { type Result, ratiosTo } from '../result.ts'

const LIMIT = 'raw: one message, gets in one transaction, one answer'
const ONE = 'Holdfast: sessions.get, of one session'
const EACH = 'Holdfast: sessions.get, each of another'

/** What was stored is looked after by then. */
const REST_MS = 3_000

/** Many calls of one moment: they cross to the worker together, and their answers come back together. */
export async function calls(scale: { count: number; blocks: number }): Promise<readonly Result[]> {
  const holdfast = await openHoldfast({ name: 'bench-calls' })
  const sessions = await Promise.all(
    Array.from({ length: scale.count }, () => holdfast.sessions.create({ name: 'bench' })),
  )
  const raw = await openRaw('bench-calls-raw')
  const transaction = raw.transaction('values', 'readwrite')
  for (const session of sessions) transaction.objectStore('values').put(session.info, session.id)
  await done(transaction)
  const worker = new Worker(new URL('../worker/raw.worker.ts', import.meta.url), { type: 'module' })
  const ids = sessions.map(({ id }) => id)
  const [first] = ids
  if (first === undefined) throw new Error('no calls')
  const get = async (asked: typeof ids) => {
    await Promise.all(asked.map((id) => holdfast.sessions.get(id)))
  }
  await new Promise((resolve) => setTimeout(resolve, REST_MS))

  const samples = await interleave(
    [
      {
        name: LIMIT,
        run: () =>
          new Promise<void>((resolve) => {
            worker.onmessage = () => resolve()
            worker.postMessage({ database: 'bench-calls-raw', keys: ids })
          }),
      },
      { name: ONE, run: () => get(ids.map(() => first)) },
      { name: EACH, run: () => get(ids) },
    ],
    { blocks: scale.blocks, operations: 2, warmUp: 2 },
  )
  worker.terminate()
  raw.close()
  await holdfast.close()
  return [
    ratiosTo(`${scale.count} calls at once`, LIMIT, samples, {
      musts: [
        { row: ONE, atMost: 3 },
        { row: EACH, atMost: 3 },
      ],
    }),
  ]
}
