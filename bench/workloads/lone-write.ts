import { interleave } from '../measure.ts'
import { OTHERS } from '../peers/all.ts'
import { holdfastStore } from '../peers/holdfast.ts'
import { rawStore } from '../peers/raw.ts'
import { type Result, ratiosTo } from '../result.ts'
import { stateValue } from '../values.ts'

const KEYS = 100

/** A 200 B value written alone: the next one starts when it is stored. */
export async function loneWrite(scale: { blocks: number; operations: number }): Promise<readonly Result[]> {
  const relaxed = [...OTHERS.map((make) => make()), holdfastStore('relaxed')]
  const strict = [rawStore('strict'), holdfastStore('strict')]
  const stores = [...relaxed, ...strict]
  for (const store of stores) await store.open(`bench-lone-${store.name}`)
  let turn = 0
  const samples = await interleave(
    stores.map((store) => ({
      name: store.name,
      run: () => {
        turn += 1
        return store.put(`key-${turn % KEYS}`, stateValue(turn))
      },
    })),
    { ...scale, warmUp: 20 },
  )
  for (const store of stores) await store.close()
  return [
    ratiosTo(
      'lone durable state write, relaxed',
      rawStore('relaxed').name,
      samples.slice(0, relaxed.length),
      { musts: [{ row: holdfastStore('relaxed').name, atMost: 2.5 }] },
    ),
    ratiosTo('lone durable state write, strict', rawStore('strict').name, samples.slice(relaxed.length), {
      musts: [{ row: holdfastStore('strict').name, atMost: 2.2 }],
    }),
  ]
}
