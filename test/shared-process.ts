/**
 * Runs around each test file that shares its process with others: the databases of one are gone when the next begins,
 * and what it changed in the host it has to put back.
 */
import 'fake-indexeddb/auto'
import { afterAll, expect } from 'vitest'

/** What packages note for themselves when they are loaded: Vitest, Yjs, Zod. */
const NOTES = /^__/

// Node makes some of its own only when they are asked for.
for (const name of Object.getOwnPropertyNames(globalThis))
  if (!name.endsWith('Storage')) Reflect.get(globalThis, name)
const before = hostAsItIs()

const removeDatabases = () => Reflect.get(indexedDB, '_databases').clear()

// Also those that were still being opened when the file before ended.
removeDatabases()

afterAll(() => {
  removeDatabases()
  const after = hostAsItIs()
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => !Object.is(before.get(name), after.get(name)),
  )
  expect(changed, 'what the file left changed in the process that it shares with others').toEqual([])
})

/** Every global, and everything of the database, by its name. */
function hostAsItIs(): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>()
  const databases = Object.getOwnPropertyNames(globalThis).filter((name) => name.startsWith('IDB'))
  const places: readonly (readonly [string, object])[] = [
    ['', globalThis],
    ['process.env.', process.env],
    ['indexedDB.', indexedDB],
    ...databases.map((name) => [`${name}.`, Reflect.get(globalThis, name).prototype] as const),
  ]
  for (const [place, object] of places) {
    for (const [name, { value, get }] of Object.entries(Object.getOwnPropertyDescriptors(object))) {
      if (!NOTES.test(name)) found.set(place + name, get ?? value)
    }
  }
  return found
}
