/**
 * Runs around each test file that shares its process with others: the databases of one are gone when the next begins,
 * and what it changed in the host it has to put back, what it began to end.
 */
import 'fake-indexeddb/auto'
import { afterAll, expect, vi } from 'vitest'

/** What packages note for themselves when they are loaded: Vitest, Yjs, Zod. */
const NOTES = /^__/

// Node makes some of its own only when they are asked for.
for (const name of Object.getOwnPropertyNames(globalThis))
  if (!name.endsWith('Storage')) Reflect.get(globalThis, name)
const before = hostAsItIs()

/** Of Vitest itself: one of the hook at the end, two of waiting in it. */
const OWN_TIMERS = 3
const timersBefore = countTimers()

const removeDatabases = () => Reflect.get(indexedDB, '_databases').clear()

// Also those that were still being opened when the file before ended.
removeDatabases()

afterAll(async () => {
  removeDatabases()
  const after = hostAsItIs()
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => !Object.is(before.get(name), after.get(name)),
  )
  expect(changed, 'what the file left changed in the process that it shares with others').toEqual([])
  // An engine that nobody closed writes on while the next file looks what is written.
  const timersLeft = 'what still waits in the process that the file shares with others'
  await vi.waitFor(
    () => expect(countTimers(), timersLeft).toBeLessThanOrEqual(timersBefore + OWN_TIMERS),
    TIMERS,
  )
})

/** What is about to end by itself may. */
const TIMERS = { timeout: 5_000 }

function countTimers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
}

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
