import type { Samples } from '../measure.ts'
import { OTHERS } from '../peers/all.ts'
import { holdfastStore } from '../peers/holdfast.ts'
import { type Result, ratiosTo } from '../result.ts'
import { stateValue } from '../values.ts'

/** Many writes at once, until all are stored. Holdfast is the limit here: the peers say how many times slower they are. */
export async function pipelined(scale: { count: number; rounds: number }): Promise<readonly Result[]> {
  const makers = [() => holdfastStore('relaxed'), ...OTHERS]
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
  const workload = `${scale.count} pipelined state writes, all stored`
  return [
    ratiosTo(workload, holdfastStore('relaxed').name, samples, {
      musts: [
        { row: 'RxDB', atLeast: 8 },
        { row: 'Dexie', atLeast: 40 },
        { row: 'y-indexeddb', atLeast: 40 },
      ],
    }),
  ]
}
