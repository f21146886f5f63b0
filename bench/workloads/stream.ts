import type { Samples } from '../measure.ts'
import { OTHERS } from '../peers/all.ts'
import { holdfastStore } from '../peers/holdfast.ts'
import { rawStore } from '../peers/raw.ts'
import type { Store } from '../peers/store.ts'
import { type Result, ratiosTo } from '../result.ts'
import { stateValue } from '../values.ts'

/** Tokens of a model's answer: this many every few milliseconds, as fast as models of today give them to a page. */
const TOKENS_AT_ONCE = 8
const PAUSE_MS = 8

/** What waits while tokens stream in: a lone write in every store, and `save` of the session in Holdfast. */
export async function stream(scale: { tokens: number; rounds: number }): Promise<readonly Result[]> {
  const holdfast = holdfastStore('strict')
  const cases: readonly Case[] = [
    ...[...OTHERS.map((make) => make()), holdfastStore('relaxed')].map(
      (store): Case => ({
        name: `${store.name}: a lone write`,
        store,
        run: (turn) => store.put(`other-${turn % 10}`, stateValue(turn)),
      }),
    ),
    {
      name: 'raw IndexedDB put, strict: a lone write',
      store: rawStore('strict'),
      run(turn) {
        return this.store.put(`other-${turn % 10}`, stateValue(turn))
      },
    },
    {
      name: 'Holdfast: save the session',
      store: holdfast,
      run: async () => {
        await holdfast.session().save()
      },
    },
  ]
  const samples = new Map<string, Samples>()
  const sampleOf = (name: string) => {
    const sample = samples.get(name) ?? { name, ms: [] }
    samples.set(name, sample)
    return sample.ms
  }
  for (let round = 0; round < scale.rounds; round += 1) {
    for (const one of cases) {
      await one.store.open(`bench-stream-${one.store.name}-${round}`)
      const tokens = Math.round(scale.tokens / scale.rounds)
      await measure(one, sampleOf(`${one.name}, idle`), pauses(tokens))
      await measure(one, sampleOf(`${one.name}, under tokens`), streaming(one.store, tokens))
      await one.store.close()
    }
  }
  const all = [...samples.values()]
  const saves = all.filter(({ name }) => name.startsWith('Holdfast: save'))
  const lone = all.filter(({ name }) => name.includes(': a lone write'))
  const limit = 'raw IndexedDB put, relaxed: a lone write, idle'
  return [
    ratiosTo(`a lone write, idle and under ${scale.tokens} tokens`, limit, lone),
    ratiosTo(`save a session under ${scale.tokens} tokens, p95`, 'Holdfast: save the session, idle', saves, {
      quantile: 0.95,
      musts: [{ row: 'Holdfast: save the session, under tokens', atMost: 5 }],
    }),
  ]
}

interface Case {
  readonly name: string
  readonly store: Store
  run(turn: number): Promise<void>
}

/** Performs the operation again and again until the work beside it is over. */
async function measure(one: Case, ms: number[], beside: Promise<void>): Promise<void> {
  let isOver = false
  const over = beside.finally(() => {
    isOver = true
  })
  for (let turn = 0; !isOver; turn += 1) {
    const start = performance.now()
    await one.run(turn)
    ms.push(performance.now() - start)
    await pause(4)
  }
  await over
}

async function pauses(tokens: number): Promise<void> {
  for (let sent = 0; sent < tokens; sent += TOKENS_AT_ONCE) await pause(PAUSE_MS)
}

/** A write a token, as apps make them. What a store makes of it is its own. */
async function streaming(store: Store, tokens: number): Promise<void> {
  const stored: Promise<void>[] = []
  for (let sent = 0; sent < tokens; sent += TOKENS_AT_ONCE) {
    const some = Array.from({ length: TOKENS_AT_ONCE }, (_, i) => ['answer', stateValue(sent + i)] as const)
    stored.push(store.pipeline(some))
    await pause(PAUSE_MS)
  }
  await Promise.all(stored)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
