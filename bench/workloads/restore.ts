import { IndexeddbPersistence } from 'y-indexeddb'
import * as Y from 'yjs'
import { openHoldfast } from '../../src/index.ts'
import { interleave } from '../measure.ts'
import { answer, openRaw } from '../peers/raw.ts'
import { yIndexedDbStore } from '../peers/y-indexeddb.ts'
import { type Result, ratiosTo } from '../result.ts'
import { stateValue } from '../values.ts'

const KEYS = 100
const LIMIT = 'one raw get of the state'

/** A session of this many edits made readable again: the worker runs, the session is not open. */
export async function restore(scale: { edits: number; blocks: number }): Promise<readonly Result[]> {
  const { edits } = scale
  const database = `bench-restore-${edits}`
  const holdfast = await openHoldfast({ name: database })
  const written = await holdfast.sessions.create({ name: 'bench' })
  const peer = yIndexedDbStore()
  await peer.open(`${database}-y`)
  const entries = Array.from({ length: edits }, (_, i) => [`key-${i % KEYS}`, stateValue(i)] as const)
  for (let start = 0; start < edits; start += 1000) {
    const part = entries.slice(start, start + 1000)
    await Promise.all(part.map(([key, value]) => written.state.set(key, value)))
    await peer.pipeline(part)
  }
  await holdfast.flush()
  const state = Object.fromEntries(written.state.entries())
  await written.close()
  await peer.close()

  const raw = await openRaw(`${database}-raw`)
  raw.transaction('values', 'readwrite').objectStore('values').put(state, 'state')

  const samples = await interleave(
    [
      {
        name: LIMIT,
        run: async () => {
          await answer(raw.transaction('values').objectStore('values').get('state'))
        },
      },
      {
        name: 'Holdfast, warm: open the session, read its state',
        run: async () => {
          const session = await holdfast.sessions.open(written.id)
          if (session.state.get('key-1') === undefined) throw new Error('the state is not there')
          await session.close()
        },
      },
      {
        name: 'y-indexeddb: new document until synced',
        run: async () => {
          const doc = new Y.Doc()
          const persistence = new IndexeddbPersistence(`${database}-y`, doc)
          await persistence.whenSynced
          if (doc.getMap('values').get('key-1') === undefined) throw new Error('the state is not there')
          await persistence.destroy()
        },
      },
    ],
    { blocks: scale.blocks, operations: 5, warmUp: 2 },
  )
  raw.close()
  await holdfast.close()
  return [ratiosTo(`restore to readable, ${edits} edits`, LIMIT, samples)]
}
