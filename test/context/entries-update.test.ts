import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { entriesUpdate, updateOf } from '../../src/context/entries-update.ts'
import { LwwMap } from '../../src/context/lww-map.ts'
import { ManagedDocument } from '../../src/context/managed-document.ts'
import type { Delta } from '../../src/core/state/delta.ts'
import type { StateValue } from '../../src/core/state/value.ts'
import { RowLog } from './rows.ts'
import { delta } from './stamps.ts'

/** What one write of several keys gives, by the transaction that Yjs makes of it. */
function yjsUpdates(client: number, writes: readonly (readonly Delta[])[]): readonly Uint8Array[] {
  const doc = new Y.Doc()
  doc.clientID = client
  const map = new LwwMap(doc, 'holdfast:state')
  return writes.map((deltas) => {
    const updates: Uint8Array[] = []
    const listen = (update: Uint8Array) => updates.push(update)
    doc.on('update', listen)
    map.put(deltas)
    doc.off('update', listen)
    const [update] = updates
    if (update === undefined || updates.length > 1) throw new Error('not one update')
    return update
  })
}

const value = fc.oneof(
  fc.jsonValue() as fc.Arbitrary<StateValue>,
  fc.constant(undefined),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
)
const writes = fc.array(
  fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 6 }), value), {
    minLength: 1,
    maxLength: 5,
    selector: ([key]) => key,
  }),
  { minLength: 1, maxLength: 40 },
)

test('CX36 the bytes that follow from a row are those that Yjs makes of the same write', () => {
  fc.assert(
    fc.property(writes, (steps) => {
      const written = steps.map((entries, tick) => entries.map(([key, each]) => delta(`k${key}`, each, tick)))
      const document = new ManagedDocument(77, { tail: [] })
      const log = new RowLog()
      const rows = written.map((deltas) => log.add(1, deltas, document.apply(deltas)))
      expect(rows.every(({ placed }) => placed !== undefined)).toBe(true)
      expect(rows.map(updateOf)).toEqual(yjsUpdates(77, written))
    }),
    { numRuns: 200 },
  )
})

test('CX36 what was written ahead of the document is in it whenever it is asked', () => {
  const document = new ManagedDocument(77, { tail: [] })
  const log = new RowLog()
  for (let tick = 0; tick < 100; tick++) {
    const own = [delta(`k${tick % 7}`, tick, tick)]
    log.add(1, own, document.apply(own))
    if (tick % 10 === 3) document.receive([log.add(2, [delta('other', tick, tick, 2)])])
    if (tick % 25 === 9) document.catchUp()
  }
  expect(document.behind).toBeGreaterThan(0)
  const copy = new ManagedDocument(78, { snapshot: document.snapshot(), tail: [] })
  expect(document.behind).toBe(0)
  expect([...copy.entries('state')].toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual(
    [...document.entries('state')].toSorted((a, b) => (a.key < b.key ? -1 : 1)),
  )
  // Its own client wrote all of it: none was drawn anew while it caught up.
  const doc = new Y.Doc()
  Y.applyUpdateV2(doc, document.snapshot())
  expect([...doc.store.clients.keys()].sort()).toEqual([1, 77])
})

test('CX36 where a delta was beaten already, or deltas are of several maps, the bytes are stored', () => {
  const document = new ManagedDocument(77, { tail: [] })
  expect(document.apply([delta('a', 1, 5), delta('b', 1, 5)])).not.toBeInstanceOf(Uint8Array)
  expect(document.apply([delta('a', 0, 1), delta('b', 2, 6)])).toBeInstanceOf(Uint8Array)
  expect(document.apply([delta('a', 2, 7), { ...delta('n', 'x', 7), map: 'meta' }])).toBeInstanceOf(
    Uint8Array,
  )
  expect(document.apply([delta('a', 1, 8), delta('a', 2, 9)])).toBeInstanceOf(Uint8Array)
})

test('CX36 the first element of a map names its array', () => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, entriesUpdate('artifacts', [delta('a', 1, 1)], { at: [9, 0] }))
  expect(doc.getArray('holdfast:artifacts').toArray()).toEqual([
    { key: 'a', value: 1, at: delta('a', 1, 1).at },
  ])
})
