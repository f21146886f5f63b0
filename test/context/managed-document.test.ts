import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { ManagedDocument } from '../../src/context/managed-document.ts'
import type { CommitRow, Placement } from '../../src/core/commit.ts'
import type { Delta } from '../../src/core/state/delta.ts'
import { valuesOf } from '../../src/core/state/fold.ts'
import { bytesOnly, eventsOf, RowLog } from './rows.ts'
import { delta, stamp } from './stamps.ts'
import { updateBytes } from './update-bytes.ts'

const empty = { tail: [] }
const valuesIn = (document: ManagedDocument) => valuesOf(document.entries('state'))

/** A writer that stores each change as a row. */
function writer(number: number, log: RowLog, tail: readonly CommitRow[] = log.rows) {
  const document = new ManagedDocument(number * 10, { tail })
  return { document, write: (...deltas: Delta[]) => log.add(number, deltas, document.apply(deltas)) }
}

describe('what a document is', () => {
  test('CX7 the snapshot, the updates after it, and the deltas of rows without update', () => {
    const log = new RowLog()
    const { document, write } = writer(1, log)
    write(delta('a', 1, 1, 1))
    const snapshot = document.snapshot()
    const after = [write(delta('b', 2, 2, 1)), log.add(2, [delta('c', 3, 3, 2), delta('a', undefined, 4, 2)])]
    const loaded = new ManagedDocument(20, { snapshot, tail: after })
    expect(valuesIn(loaded)).toEqual({ b: 2, c: 3 })
  })

  test('CX7 each map has its own entries', () => {
    const document = new ManagedDocument(10, empty)
    document.apply([
      delta('k', 1, 1),
      { ...delta('k', 2, 1), map: 'meta' },
      { ...delta('k', 3, 1), map: 'artifacts' },
    ])
    const maps = ['state', 'meta', 'artifacts'] as const
    expect(maps.map((map) => valuesOf(document.entries(map)))).toEqual([{ k: 1 }, { k: 2 }, { k: 3 }])
    const doc = new Y.Doc()
    Y.applyUpdateV2(doc, document.snapshot())
    expect(maps.map((map) => doc.getArray(`holdfast:${map}`).length)).toEqual([1, 1, 1])
  })

  test('CX10 a snapshot that cannot be applied is told as such', () => {
    const cut = new ManagedDocument(10, empty).snapshot().slice(0, 9)
    expect(() => new ManagedDocument(10, { snapshot: cut, tail: [] })).toThrow(
      expect.objectContaining({ code: 'CONTENT_DAMAGED' }),
    )
  })
})

describe('what apply gives', () => {
  test('CX11 one update for all its deltas, none when all were beaten', () => {
    const document = new ManagedDocument(10, empty)
    const update = document.apply([delta('a', 1, 2), { ...delta('n', 'x', 2), map: 'meta' }])
    expect(document.apply([delta('a', 0, 1), delta('a', 1, 2)])).toBeUndefined()
    const other = new ManagedDocument(20, { tail: [new RowLog().add(1, [], update)] })
    expect([valuesIn(other), valuesOf(other.entries('meta'))]).toEqual([{ a: 1 }, { n: 'x' }])
  })

  test('CX11 the update is of its own changes alone', () => {
    const document = new ManagedDocument(10, empty)
    document.apply([delta('a', 'x'.repeat(10_000), 1)])
    const own = [delta('b', 1, 2)]
    const row = new RowLog().add(1, own, document.apply(own))
    expect(bytesOnly(row).update?.length).toBeLessThan(200)
  })

  test('CX9 what came by deltas alone is part of the next update, and of that alone', () => {
    const log = new RowLog()
    log.add(2, [delta('foreign', 1, 1, 2)])
    const { write } = writer(1, log)
    const first = write(delta('own', 2, 2, 1))
    const second = write(delta('own', 3, 3, 1))
    const other = new ManagedDocument(30, { tail: [bytesOnly(first)] })
    expect(valuesIn(other)).toEqual({ foreign: 1, own: 2 })
    other.receive([bytesOnly(second)])
    expect(valuesIn(other)).toEqual({ foreign: 1, own: 3 })
    expect(bytesOnly(second).update?.length).toBeLessThan(first.update?.length ?? 0)
  })

  test('CX9 deltas that were there already are owed to nobody', () => {
    const log = new RowLog()
    const { document, write } = writer(1, log)
    write(delta('a', 'x'.repeat(5_000), 1, 1))
    document.receive([log.add(2, [delta('a', 'x'.repeat(5_000), 1, 1)])])
    expect(bytesOnly(write(delta('b', 1, 2, 1))).update?.length).toBeLessThan(200)
  })
})

describe('rows that cannot be used', () => {
  const damaged: readonly [string, Uint8Array][] = [
    ['empty', new Uint8Array()],
    ['no update', new Uint8Array([255])],
    ['cut', new Uint8Array([1, 2, 200])],
  ]
  test.each(damaged)('CX8 an update that is %s counts by its deltas, loaded or received', (_name, bytes) => {
    const log = new RowLog()
    const { document, write } = writer(1, log)
    write(delta('a', 1, 1, 1))
    const bad = log.add(2, [delta('b', 2, 2, 2)], bytes)
    document.receive([bad])
    write(delta('c', 3, 3, 1))
    expect(valuesIn(document)).toEqual({ a: 1, b: 2, c: 3 })
    expect(valuesIn(new ManagedDocument(30, { tail: log.rows }))).toEqual({ a: 1, b: 2, c: 3 })
    expect(document.suspect).toBe(false)
  })

  test.each([
    ['no id', {}],
    ['an id of another form', { at: 5 }],
    ['no list of what was beaten', { at: [20, 0], removed: null }],
  ])(
    'CX8 a row that says where its deltas stand with %s counts by them, loaded or received',
    (_name, placed) => {
      const row = { ...new RowLog().add(2, [delta('b', 2, 2, 2)]), placed: placed as unknown as Placement }
      const document = new ManagedDocument(10, empty)
      document.receive([row])
      expect([valuesIn(document), document.suspect]).toEqual([{ b: 2 }, false])
      expect(valuesIn(new ManagedDocument(30, { tail: [row] }))).toEqual({ b: 2 })
    },
  )

  test('CX8 a row that says one place for deltas of several maps counts by them', () => {
    const [event] = eventsOf([delta('a', 1, 2, 2)])
    if (event === undefined) throw new Error('no event')
    const named = { ...event, id: stamp(1, 2), type: 'session.edited', data: { name: 'n' } }
    const row: CommitRow = {
      ...new RowLog().add(2, [delta('a', 1, 2, 2)]),
      events: [named, event],
      placed: { at: [20, 0] },
    }
    const loaded = new ManagedDocument(30, { tail: [row] })
    expect([valuesIn(loaded), valuesOf(loaded.entries('meta'))]).toEqual([{ a: 1 }, { name: 'n' }])
  })

  test('CX8 an update that fails halfway counts by its deltas; received, it makes the document suspect', () => {
    const halfway = updateBytes({
      client: 20,
      structs: [
        { array: 'holdfast:meta', any: 1 },
        { after: [20, 9], any: 1 },
      ],
    })
    expect(() => Y.applyUpdate(new Y.Doc(), halfway)).toThrow()
    const log = new RowLog()
    const { document, write } = writer(1, log)
    write(delta('a', 1, 1, 1))
    document.receive([log.add(2, [delta('b', 2, 2, 2)], halfway)])
    expect([valuesIn(document), document.suspect]).toEqual([{ a: 1, b: 2 }, true])
    const loaded = new ManagedDocument(30, { tail: log.rows })
    expect([valuesIn(loaded), loaded.suspect]).toEqual([{ a: 1, b: 2 }, false])
  })

  test('CX8 updates that build on a missing row count by their deltas; the row is welcome when it comes', () => {
    const log = new RowLog()
    const { write } = writer(1, log)
    const [first, second, third] = [
      write(delta('a', 1, 1, 1)),
      write(delta('b', 2, 2, 1)),
      write(delta('a', 3, 3, 1)),
    ]
    const loaded = new ManagedDocument(20, { tail: [first, third] })
    expect(valuesIn(loaded)).toEqual({ a: 3 })
    const receiver = new ManagedDocument(30, { tail: [first] })
    receiver.receive([third])
    expect(valuesIn(receiver)).toEqual({ a: 3 })
    for (const document of [loaded, receiver]) {
      document.receive([second])
      expect(valuesIn(document)).toEqual({ a: 3, b: 2 })
    }
  })

  test('CX8 what was replaced by deltas reaches a third replica', () => {
    const log = new RowLog()
    const { write } = writer(1, log)
    const [, second] = [write(delta('lost', 1, 1, 1)), write(delta('kept', 2, 2, 1))]
    const healed = new ManagedDocument(20, { tail: [second] })
    const own = [delta('own', 3, 3, 2)]
    const update = healed.apply(own)
    const third = new ManagedDocument(30, { tail: [bytesOnly(new RowLog().add(2, own, update))] })
    expect(valuesIn(third)).toEqual({ kept: 2, own: 3 })
  })
})

test('CX13 the estimate grows with what is stored, and shrinks with a snapshot', () => {
  const document = new ManagedDocument(10, empty)
  for (let tick = 0; tick < 20; tick++) document.apply([delta('a', 'x'.repeat(1_000), tick)])
  const grown = document.sizeBytes
  expect(grown).toBeGreaterThan(20_000)
  document.snapshot()
  expect(document.sizeBytes).toBeLessThan(grown / 4)
  expect(document.sizeBytes).toBeGreaterThan(1_000)
})
