import { openHoldfast } from '../../src/index.ts'
import { interleave } from '../measure.ts'
import { OTHERS } from '../peers/all.ts'
import { answer, openRaw } from '../peers/raw.ts'
import type { Store } from '../peers/store.ts'
import { type Result, ratiosTo } from '../result.ts'
import { stateValue } from '../values.ts'

const KEYS = 100
const AT_ONCE = 1_000
const LIMIT = 'one raw get of the state'
const OURS = 'Holdfast, warm: open the session, read its state'

/** A session of this many edits made readable again: the worker runs, the session is not open. */
export async function restore(scale: {
  edits: number
  blocks: number
  /** Those that take minutes to write as many edits are left out. */
  peers: readonly string[]
}): Promise<readonly Result[]> {
  const { edits } = scale
  const database = `bench-restore-${edits}`
  const holdfast = await openHoldfast({ name: database })
  const written = await holdfast.sessions.create({ name: 'bench' })
  const entries = Array.from({ length: edits }, (_, i) => [`key-${i % KEYS}`, stateValue(i)] as const)
  for (let start = 0; start < edits; start += AT_ONCE) {
    const part = entries.slice(start, start + AT_ONCE)
    await Promise.all(part.map(([key, value]) => written.state.set(key, value)))
  }
  await holdfast.flush()
  const state = Object.fromEntries(written.state.entries())
  written.close()

  const peers: { readonly store: Store; readonly make: () => Store }[] = []
  for (const make of OTHERS) {
    const store = make()
    if (!scale.peers.includes(store.name)) continue
    await store.open(`${database}-${store.name}`)
    for (let start = 0; start < edits; start += AT_ONCE)
      await store.pipeline(entries.slice(start, start + AT_ONCE))
    if (store.reopen === undefined) await store.close()
    peers.push({ store, make })
  }

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
        name: OURS,
        run: async () => {
          const session = await holdfast.sessions.open(written.id)
          if (session.state.get('key-1') === undefined) throw new Error('the state is not there')
          session.close()
        },
      },
      ...peers.map(({ store, make }) => ({
        name: `${store.name}: open, read a value`,
        run: async () => {
          if ((await reopened(store, make, `${database}-${store.name}`)) === undefined)
            throw new Error(`${store.name} lost its values`)
        },
      })),
    ],
    { blocks: scale.blocks, operations: 5, warmUp: 2 },
  )
  raw.close()
  await holdfast.close()
  return [
    ratiosTo(`restore to readable, ${edits} edits`, LIMIT, samples, { musts: [{ row: OURS, atMost: 3 }] }),
  ]
}

async function reopened(store: Store, make: () => Store, database: string): Promise<unknown> {
  if (store.reopen !== undefined) return store.reopen(database, 'key-1')
  const fresh = make()
  await fresh.open(database)
  const value = await fresh.get('key-1')
  await fresh.close()
  return value
}
