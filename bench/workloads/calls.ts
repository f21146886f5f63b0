import { openHoldfast } from '../../src/index.ts'
import { interleave } from '../measure.ts'
import { done, openRaw } from '../peers/raw.ts'
import { type Result, ratiosTo } from '../result.ts'

const LIMIT = 'raw: one message, gets in one transaction, one answer'

/** Many calls of one moment: they cross to the worker together, and their answers come back together. */
export async function calls(scale: { count: number; blocks: number }): Promise<readonly Result[]> {
  const holdfast = await openHoldfast({ name: 'bench-calls' })
  const session = await holdfast.sessions.create({ name: 'bench' })
  const raw = await openRaw('bench-calls-raw')
  const transaction = raw.transaction('values', 'readwrite')
  transaction.objectStore('values').put(session.info, session.id)
  await done(transaction)
  const worker = new Worker(new URL('../worker/raw.worker.ts', import.meta.url), { type: 'module' })
  const ids = Array.from({ length: scale.count }, () => session.id)

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
      {
        name: 'Holdfast: sessions.get',
        run: async () => {
          await Promise.all(ids.map((id) => holdfast.sessions.get(id)))
        },
      },
    ],
    { blocks: scale.blocks, operations: 2, warmUp: 2 },
  )
  worker.terminate()
  raw.close()
  await holdfast.close()
  return [
    ratiosTo(`${scale.count} calls at once`, LIMIT, samples, {
      musts: [{ row: 'Holdfast: sessions.get', atMost: 3 }],
    }),
  ]
}
