import { nextTurn } from '../core/next-turn.ts'

/** Reads what is asked for again in the same turn once: many parts of a page may show one session. */
export function oncePerTurn<Key, Value>(read: (key: Key) => Promise<Value>): (key: Key) => Promise<Value> {
  const readings = new Map<Key, Promise<Value>>()
  return (key) => {
    const known = readings.get(key)
    if (known !== undefined) return known
    if (readings.size === 0) nextTurn(() => readings.clear())
    const reading = read(key)
    readings.set(key, reading)
    return reading
  }
}
