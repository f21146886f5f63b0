import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EventId } from '../../../src/core/ids.ts'
import type { Entry } from '../../../src/core/state/delta.ts'
import { EntryMap } from '../../../src/core/state/fold.ts'
import { Mirror } from '../../../src/core/state/mirror.ts'
import type { StateValue } from '../../../src/core/state/value.ts'

const KEYS = ['a', 'b', 'c']
const key = fc.constantFrom(...KEYS)
const value = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined })

const step = fc.oneof(
  fc.record({
    do: fc.constant('write' as const),
    changes: fc.uniqueArray(fc.record({ key, value }), { selector: (change) => change.key, minLength: 1 }),
  }),
  fc.record({ do: fc.constantFrom('settle' as const, 'reject' as const, 'patch' as const), pick: fc.nat() }),
  fc.record({ do: fc.constant('foreign' as const), key, value, tick: fc.nat(99) }),
)

const at = (tick: number, writer: string) => `${String(tick).padStart(4, '0')}-${writer}` as EventId

/** What a mirror must show, said the slow way: the last pending write of a key, else its greatest stored entry. */
class Model {
  readonly stored = new EntryMap()
  readonly pending: { readonly id: number; readonly changes: readonly Change[] }[] = []

  value(key: string): StateValue | undefined {
    const own = this.pending.flatMap(({ changes }) => changes).filter((change) => change.key === key)
    const last = own.at(-1)
    return last === undefined ? this.stored.get(key)?.value : last.value
  }
}

interface Change {
  readonly key: string
  readonly value: number | undefined
}

const changeOf = ({ key, value }: Change) => (value === undefined ? { key } : { key, value })
const entryOf = (change: Change, stamp: EventId): Entry => ({ ...changeOf(change), at: stamp })

test('MI1, MI2, MI3, MI5, MI6, MI7 in whatever order writes end, a mirror shows the last pending write, else what is stored', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const model = new Model()
      const mirror = new Mirror()
      const heard = new Map<string, StateValue | undefined>()
      mirror.subscribe((change) => {
        expect(change.previous).toEqual(heard.get(change.key))
        expect(change.value).not.toEqual(change.previous)
        heard.set(change.key, change.value)
      })
      for (const [tick, one] of steps.entries()) {
        if (one.do === 'write') {
          model.pending.push({ id: tick, changes: one.changes })
          mirror.write(tick, one.changes.map(changeOf))
        } else if (one.do === 'foreign') {
          const entry = entryOf(one, at(one.tick, 'foreign'))
          model.stored.put(entry)
          mirror.apply([entry], 'tab')
        } else {
          const [write] = model.pending.splice(one.pick % Math.max(1, model.pending.length), 1)
          if (write === undefined) continue
          const stamp = at(tick, 'own')
          const entries = write.changes.map((change) => entryOf(change, stamp))
          if (one.do !== 'reject') for (const entry of entries) model.stored.put(entry)
          if (one.do === 'settle')
            mirror.settle(write.id, { at: stamp, changes: write.changes.map(changeOf) })
          if (one.do === 'patch') mirror.apply(entries, 'local', [write.id])
          if (one.do === 'reject') mirror.reject(write.id)
        }
        for (const name of KEYS) {
          expect(mirror.get(name)).toEqual(model.value(name))
          expect(heard.get(name)).toEqual(model.value(name))
        }
        expect(mirror.keys()).toEqual(KEYS.filter((name) => model.value(name) !== undefined))
        expect(mirror.hasPending).toBe(model.pending.length > 0)
      }
    }),
    { numRuns: 500 },
  )
}, 30_000)
