import { defineApp, defineStep, openHoldfast } from '../../src/index.ts'
import { interleave } from '../measure.ts'
import { answer, openRaw } from '../peers/raw.ts'
import { type Result, ratiosTo } from '../result.ts'
import { stateValue } from '../values.ts'

const AT_ONCE = 100
const LIMIT = 'one raw getAll of the events'
const SIMULATED = 'Holdfast: simulated, every event read'
const EXACT = 'Holdfast: exact, steps and hooks run again'

/** A session of so many events, a good half of them of steps, replayed as a whole: the worker runs. */
export async function replay(scale: {
  events: number
  steps: number
  blocks: number
}): Promise<readonly Result[]> {
  const echo = defineStep({ id: 'tool:echo', version: 1, purity: 'pure', run: (input: unknown) => input })
  const database = `bench-replay-${scale.events}`
  const holdfast = await openHoldfast({ name: database, app: defineApp({ steps: [echo] }) })
  const session = await holdfast.sessions.create({ name: 'bench' })
  for (let start = 0; start < scale.steps; start += AT_ONCE) {
    const part = Array.from({ length: AT_ONCE }, (_, i) => start + i)
    await Promise.all(part.map((i) => session.step(echo, stateValue(i))))
  }
  const rest = scale.events - session.info.counters.events
  for (let start = 0; start < rest; start += AT_ONCE) {
    const part = Array.from({ length: Math.min(AT_ONCE, rest - start) }, (_, i) => start + i)
    await Promise.all(part.map((i) => session.emit('bench.event', stateValue(i))))
  }
  await holdfast.flush()
  const { items } = await session.timeline.query({ limit: 10_000 })

  const raw = await openRaw(`${database}-raw`)
  const store = raw.transaction('values', 'readwrite').objectStore('values')
  for (const event of items) store.put(event, event.id)
  await answer(store.count())
  const samples = await interleave(
    [
      {
        name: LIMIT,
        run: async () => {
          const all = await answer(raw.transaction('values').objectStore('values').getAll())
          if (all.length !== items.length) throw new Error('the events are not there')
        },
      },
      {
        name: SIMULATED,
        run: async () => {
          const { events } = await session.replay({ mode: 'simulate' }).report
          if (events < items.length) throw new Error(`only ${events} events were replayed`)
        },
      },
      {
        name: EXACT,
        run: async () => {
          const { steps, verdict } = await session.replay().report
          if (steps.rerun !== scale.steps || verdict !== 'same') throw new Error(`the replay ${verdict}`)
        },
      },
    ],
    { blocks: scale.blocks, operations: 1, warmUp: 1 },
  )
  raw.close()
  await holdfast.close()
  const what = `replay of ${items.length} events with ${scale.steps} steps`
  return [
    ratiosTo(what, LIMIT, samples, {
      musts: [
        { row: SIMULATED, atMost: 1.5 },
        { row: EXACT, atMost: 3 },
      ],
    }),
  ]
}
