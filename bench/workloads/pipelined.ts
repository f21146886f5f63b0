import type { Samples } from '../measure.ts'
import { dexieStore } from '../peers/dexie.ts'
import { holdfastStore } from '../peers/holdfast.ts'
import { idbStore } from '../peers/idb.ts'
import { rawStore } from '../peers/raw.ts'
import { yIndexedDbStore } from '../peers/y-indexeddb.ts'
import { type Result, ratiosTo } from '../result.ts'
import { stateValue } from '../values.ts'

/** Many writes at once, until all are stored. Holdfast is the limit here: the peers say how many times slower they are. */
export async function pipelined(scale: { count: number; rounds: number }): Promise<readonly Result[]> {
  const makers = [
    () => holdfastStore('relaxed'),
    () => rawStore('relaxed'),
    idbStore,
    dexieStore,
    yIndexedDbStore,
  ]
  const samples = makers.map((make): Samples => ({ name: make().name, ms: [] }))
  for (let round = 0; round < scale.rounds; round += 1) {
    for (let turn = 0; turn < makers.length; turn += 1) {
      const index = (turn + round) % makers.length
      const store = makers[index]?.()
      if (store === undefined) continue
      await store.open(`bench-pipelined-${store.name}-${round}`)
      const entries = Array.from(
        { length: scale.count },
        (_, i) => [`key-${i % 100}`, stateValue(i)] as const,
      )
      const start = performance.now()
      await store.pipeline(entries)
      samples[index]?.ms.push(performance.now() - start)
      await store.close()
    }
  }
  return [
    ratiosTo(`${scale.count} pipelined state writes, all stored`, holdfastStore('relaxed').name, samples),
  ]
}
