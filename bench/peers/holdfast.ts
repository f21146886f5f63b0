import { type Holdfast, openHoldfast, type Session } from '../../src/index.ts'
import type { Store } from './store.ts'

/** A session's state in Holdfast, through its public API. */
export function holdfastStore(durability: 'relaxed' | 'strict'): Store & { readonly session: () => Session } {
  let holdfast: Holdfast | undefined
  let opened: Session | undefined
  const session = () => {
    if (opened === undefined) throw new Error('not open')
    return opened
  }
  return {
    name: `Holdfast, ${durability}`,
    session,
    async open(database) {
      holdfast = await openHoldfast({ name: database })
      opened = await holdfast.sessions.create({ name: 'bench' })
    },
    async put(key, value) {
      await session().state.set(key, value, { durability })
    },
    async pipeline(entries) {
      const state = session().state
      await Promise.all(entries.map(([key, value]) => state.set(key, value)))
    },
    get: (key) => session().state.get(key),
    async close() {
      await holdfast?.close()
    },
  }
}
