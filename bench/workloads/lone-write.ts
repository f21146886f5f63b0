import { interleave } from '../measure.ts'
import { OTHERS } from '../peers/all.ts'
import { holdfastStore } from '../peers/holdfast.ts'
import { rawStore } from '../peers/raw.ts'
import { rawLog } from '../peers/raw-log.ts'
import type { Value } from '../peers/store.ts'
import { type Result, ratiosTo } from '../result.ts'
import { stateValue } from '../values.ts'

const KEYS = 100

interface Scale {
  readonly blocks: number
  readonly operations: number
}

/** A 200 B value written alone: the next one starts when it is stored. */
export async function loneWrite(scale: Scale, hotScale: Scale): Promise<readonly Result[]> {
  const logs = [rawLog('relaxed'), rawLog('strict')] as const
  const relaxed = [...OTHERS.map((make) => make()), holdfastStore('relaxed')]
  const strict = [rawStore('strict'), holdfastStore('strict')]
  const stores = [...relaxed, ...strict]
  for (const store of stores) await store.open(`bench-lone-${store.name}`)
  let turn = 0
  const next = () => {
    turn += 1
    return [`key-${turn % KEYS}`, stateValue(turn)] as const
  }
  const samples = await interleave(
    [
      ...stores.map((store) => ({ name: store.name, run: () => store.put(...next()) })),
      ...logs.map(({ name, write }) => ({ name, run: () => write(next()) })),
    ],
    { ...scale, warmUp: 20 },
  )
  for (const store of stores) await store.close()
  for (const log of logs) log.close()
  const manyInRow = await hot(hotScale, next)
  const of = (names: readonly { readonly name: string }[]) =>
    names.flatMap(({ name }) => samples.filter((one) => one.name === name))
  return [
    ratiosTo('lone durable state write, relaxed', rawStore('relaxed').name, of([...relaxed, logs[0]]), {
      musts: [{ row: holdfastStore('relaxed').name, atMost: 2.5 }],
    }),
    ratiosTo('lone durable state write, strict', rawStore('strict').name, of([...strict, logs[1]]), {
      musts: [{ row: holdfastStore('strict').name, atMost: 2.2 }],
    }),
    ...manyInRow,
  ]
}

/** One worker at it for long, beside the raw put alone, after all peers have ended. */
async function hot(scale: Scale, next: () => readonly [string, Value]): Promise<readonly Result[]> {
  const results: Result[] = []
  for (const [durability, atMost] of MUSTS) {
    const raw = rawStore(durability)
    const holdfast = holdfastStore(durability)
    for (const store of [raw, holdfast]) await store.open(`bench-hot-${store.name}`)
    const samples = await interleave(
      [raw, holdfast].map((store) => ({ name: store.name, run: () => store.put(...next()) })),
      { ...scale, warmUp: scale.operations },
    )
    for (const store of [raw, holdfast]) await store.close()
    results.push(
      ratiosTo(`the same, many in a row beside the raw put alone, ${durability}`, raw.name, samples, {
        musts: [{ row: holdfast.name, atMost }],
      }),
    )
  }
  return results
}

const MUSTS = [
  ['relaxed', 2.5],
  ['strict', 2.2],
] as const
