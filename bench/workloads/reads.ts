import { interleave } from '../measure.ts'
import { OTHERS } from '../peers/all.ts'
import { holdfastStore } from '../peers/holdfast.ts'
import { rawStore } from '../peers/raw.ts'
import { type Result, ratiosTo } from '../result.ts'
import { stateValue } from '../values.ts'

const KEYS = 100

/** Reads as an app makes them. Those that need no waiting are too quick for one look at the clock. */
const READS_A_SAMPLE = 1_000

export async function reads(scale: { blocks: number }): Promise<readonly Result[]> {
  const holdfast = holdfastStore('relaxed')
  const stores = [...OTHERS.map((make) => make()), holdfast]
  for (const store of stores) {
    await store.open(`bench-reads-${store.name}`)
    for (let i = 0; i < KEYS; i += 1) await store.put(`key-${i}`, stateValue(i))
  }
  let turn = 0
  const samples = await interleave(
    stores.map((store) => {
      const isAtOnce = !(store.get('key-1') instanceof Promise)
      const count = isAtOnce ? READS_A_SAMPLE : 1
      return {
        name: store.name,
        scale: count,
        run: async () => {
          for (let i = 0; i < count; i += 1) {
            turn += 1
            const value = store.get(`key-${turn % KEYS}`)
            if (!isAtOnce) await value
          }
        },
      }
    }),
    { blocks: scale.blocks, operations: 5, warmUp: 5 },
  )

  const state = holdfast.session().state
  const shown = await interleave(
    [
      {
        name: rawStore('relaxed').name,
        run: () => stores[0]?.put('key-1', stateValue(1)),
      },
      {
        name: 'Holdfast: set until it is seen',
        run: () => {
          turn += 1
          state.set('shown', turn).catch(() => {})
          if (state.get('shown') !== turn) throw new Error('the write is not seen')
        },
      },
    ],
    { blocks: scale.blocks, operations: 10, warmUp: 20 },
  )
  for (const store of stores) await store.close()
  return [
    // Half a microsecond, where a raw get takes 100 to 200; and twenty for a write to be seen, where a put takes 250 and more.
    ratiosTo('state read', rawStore('relaxed').name, samples, {
      musts: [{ row: holdfast.name, atMost: 0.005 }],
    }),
    ratiosTo('state write until it is seen', rawStore('relaxed').name, shown, {
      musts: [{ row: 'Holdfast: set until it is seen', atMost: 0.1 }],
    }),
  ]
}
