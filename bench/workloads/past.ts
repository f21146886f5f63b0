import { openHoldfast } from '../../src/index.ts'
import { interleave } from '../measure.ts'
import { answer, openRaw } from '../peers/raw.ts'
import { type Result, ratiosTo } from '../result.ts'
import { stateValue } from '../values.ts'

const KEYS = 100
const LIMIT = 'one raw get of the state'

/** A past moment of a session of this many edits, anywhere in its history: the worker runs. */
export async function past(scale: { edits: number; blocks: number }): Promise<readonly Result[]> {
  const { edits } = scale
  const database = `bench-past-${edits}`
  const holdfast = await openHoldfast({ name: database })
  const session = await holdfast.sessions.create({ name: 'bench' })
  for (let start = 0; start < edits; start += 1_000) {
    const part = Array.from({ length: Math.min(1_000, edits - start) }, (_, i) => start + i)
    await Promise.all(part.map((i) => session.state.set(`key-${i % KEYS}`, stateValue(i))))
    // Marks are made when nothing is stored for a while, and before a pause.
    await session.suspend()
    await session.resume()
  }
  await holdfast.flush()
  const { items } = await session.timeline.query({ types: ['session.suspended'], limit: 1_000 })
  const moments = items.map(({ id }) => id)
  const state = Object.fromEntries(session.state.entries())

  const raw = await openRaw(`${database}-raw`)
  raw.transaction('values', 'readwrite').objectStore('values').put(state, 'state')
  let turn = 0
  const samples = await interleave(
    [
      {
        name: LIMIT,
        run: async () => {
          await answer(raw.transaction('values').objectStore('values').get('state'))
        },
      },
      {
        name: 'Holdfast: the session at an event of long ago',
        run: async () => {
          const moment = moments[turn++ % moments.length]
          if (moment === undefined) throw new Error('there is no moment')
          if ((await session.at(moment)).state['key-1'] === undefined)
            throw new Error('the state is not there')
        },
      },
    ],
    { blocks: scale.blocks, operations: 5, warmUp: 2 },
  )
  raw.close()
  await session.close()
  await holdfast.close()
  return [
    ratiosTo(`a past moment, ${edits} edits`, LIMIT, samples, {
      musts: [{ row: 'Holdfast: the session at an event of long ago', atMost: 3 }],
    }),
  ]
}
