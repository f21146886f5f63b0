import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { applyFromOutside, checkUpdate, UPDATE_LIMITS } from '../../src/context/update-gate.ts'
import { type HoldfastError, isHoldfastError } from '../../src/core/errors.ts'
import { type ClientPart, updateBytes, updateOf, varUint } from './update-bytes.ts'

const HUGE = 2 ** 50

function refusalOf(update: Uint8Array, options: Parameters<typeof checkUpdate>[1] = {}): HoldfastError {
  try {
    checkUpdate(update, options)
  } catch (error) {
    if (isHoldfastError(error)) return error
    throw error
  }
  throw new Error('it was let through')
}

function docOf(clientId: number, change: (doc: Y.Doc) => void = () => {}): Y.Doc {
  const doc = new Y.Doc()
  doc.clientID = clientId
  change(doc)
  return doc
}

/** Every kind of content that editors make. */
function busyDoc(): Y.Doc {
  return docOf(5, (doc) => {
    doc.getMap('m').set('a', { deep: [1, new Uint8Array(3)] })
    doc.getArray('x').push(['hello', 2, new Y.Text('inside')])
    doc.getText('t').insert(0, 'hello world', { bold: true })
    doc.getText('t').delete(2, 4)
    doc.getText('t').insertEmbed(1, { image: 'x' })
    const paragraph = new Y.XmlElement('p')
    doc.getXmlFragment('f').insert(0, [paragraph])
    paragraph.insert(0, [new Y.XmlText('text')])
    doc.getMap('m').set('a', 2)
  })
}

describe('what is let through', () => {
  test('CX17 updates of every kind of content, alone and after one another', () => {
    const source = docOf(6)
    const target = docOf(7)
    source.on('update', (update: Uint8Array) => applyFromOutside(target, update))
    Y.applyUpdate(source, Y.encodeStateAsUpdate(busyDoc()))
    source.getText('t').insert(3, 'more')
    source.getArray('x').delete(0, 2)
    expect(Y.encodeStateAsUpdate(target)).toEqual(Y.encodeStateAsUpdate(source))
  })

  test('CX17 the empty update', () => {
    expect(() => checkUpdate(Y.encodeStateAsUpdate(new Y.Doc()))).not.toThrow()
  })

  test('CX19 a type inside others, as deep as the limit, and no deeper', () => {
    expect(() => checkUpdate(nestedTypes(UPDATE_LIMITS.depth))).not.toThrow()
    expect(refusalOf(nestedTypes(UPDATE_LIMITS.depth + 1))).toMatchObject({ code: 'INVALID_VALUE' })
  })
})

describe('what cannot be read', () => {
  const unreadable: readonly [string, Uint8Array][] = [
    ['nothing', new Uint8Array()],
    ['one byte', new Uint8Array([255])],
    ['a truncated update', Y.encodeStateAsUpdate(busyDoc()).slice(0, -7)],
    ['an update with something behind it', Uint8Array.from([...Y.encodeStateAsUpdate(busyDoc()), 0])],
    ['a v2 update', Y.encodeStateAsUpdateV2(busyDoc())],
    ['a v2 update that runs for ever', v2Bomb()],
    ['2^40 clients', Uint8Array.from([...varUint(2 ** 40), 0, 0])],
    ['2^40 structs', updateBytes({ client: 1, structs: [{ gc: 1 }], structCount: 2 ** 40 })],
    ['2^45 deletions', Uint8Array.from([0, 1, 1, ...varUint(2 ** 45), 0, 1])],
    ['a string of 2^30 bytes', withContent(4, varUint(2 ** 30))],
    ['2^30 values', withContent(8, varUint(2 ** 30))],
    ['2^30 JSON values', withContent(2, varUint(2 ** 30))],
    ['2^31 bytes', withContent(3, varUint(2 ** 31))],
    ['a content of no kind', withContent(31, [1])],
    [
      'values nested 20,000 deep',
      withContent(8, [
        1,
        ...Array(40_000)
          .fill(0)
          .map((_, at) => (at % 2 ? 1 : 117)),
      ]),
    ],
  ]
  test.each(unreadable)('CX17 %s is refused, and the document unchanged', (_name, update) => {
    const doc = busyDoc()
    const before = Y.encodeStateAsUpdate(doc)
    expect(() => applyFromOutside(doc, update)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }))
    expect(Y.encodeStateAsUpdate(doc)).toEqual(before)
    expect([doc.store.pendingStructs, doc.store.pendingDs]).toEqual([null, null])
  })
})

describe('limits', () => {
  const long: readonly [string, Uint8Array][] = [
    ['a run of removed structs', updateBytes({ client: 1, structs: [{ gc: HUGE }] })],
    ['a deleted run', updateBytes({ client: 1, structs: [{ deleted: HUGE, array: 'x' }] })],
    ['a gap', updateBytes({ client: 1, structs: [{ skip: HUGE }, { gc: 1 }] })],
    ['a deletion', updateOf([], [{ client: 1, clock: 0, length: HUGE }])],
  ]
  test.each(long)('CX18 %s of 2^50 clocks is refused', (_name, update) => {
    expect(refusalOf(update)).toMatchObject({ code: 'INVALID_VALUE' })
    expect(refusalOf(update).message).toContain('clocks')
  })

  test.each([
    ['a struct', updateBytes({ client: 1, structs: [{ gc: 0 }, { gc: 1 }] })],
    ['a deletion', updateOf([], [{ client: 1, clock: 0, length: 0 }])],
  ])('CX18 %s that covers nothing is refused: a document could not store that it waits', (_name, update) => {
    expect(refusalOf(update).message).toContain('covers 0 clocks')
  })

  test('CX18 the clock of another writer cannot be taken away from it', () => {
    const doc = docOf(5)
    const theft = updateBytes({ client: 9, structs: [{ gc: HUGE }] })
    expect(() => applyFromOutside(doc, theft)).toThrow()
    const other = docOf(9, (own) => own.getArray('x').push(['mine']))
    applyFromOutside(doc, Y.encodeStateAsUpdate(other))
    expect(doc.getArray('x').toArray()).toEqual(['mine'])
  })

  test('CX18 each limit decides by the last one over it', () => {
    const parts: readonly ClientPart[] = [1, 2, 3].map((client) => ({
      client,
      structs: [{ gc: 1 }, { gc: 7 }],
    }))
    const update = updateOf(parts, [
      { client: 1, clock: 0, length: 7 },
      { client: 2, clock: 0, length: 1 },
    ])
    const most = { bytes: update.length, clients: 3, structs: 6, deletions: 2, structLength: 7 }
    expect(() => checkUpdate(update, { limits: most })).not.toThrow()
    for (const name of ['clients', 'structs', 'deletions', 'structLength'] as const) {
      expect(refusalOf(update, { limits: { ...most, [name]: most[name] - 1 } }).code).toBe('INVALID_VALUE')
    }
    expect(refusalOf(update, { limits: { bytes: update.length - 1 } }).code).toBe('VALUE_TOO_LARGE')
  })

  test('CX18 four million structs in 8 MiB are refused before they are all in memory', {
    timeout: 30_000,
  }, () => {
    const bytes = new Uint8Array(UPDATE_LIMITS.bytes)
    bytes.set(updateBytes({ client: 1, structs: [], structCount: 4_000_000 }).slice(0, -1))
    for (let at = 10; at < bytes.length; at += 2) bytes[at + 1] = 1
    expect(refusalOf(bytes).message).toContain('more than 500000 structs')
  })

  test('CX18 100,000 client ids are refused', { timeout: 30_000 }, () => {
    const parts = Array.from({ length: 100_000 }, (_, client) => ({ client, structs: [{ gc: 1 }] }))
    expect(refusalOf(updateOf(parts)).message).toContain('100000 client ids')
  })

  test('CX19 values nested deeper than the limit are refused, in every kind of content', () => {
    const nested = (levels: number) => Array.from({ length: levels }).reduce<unknown>((inner) => [inner], 1)
    const makers: readonly ((value: unknown) => Y.Doc)[] = [
      (value) => docOf(1, (doc) => doc.getArray('x').push([value])),
      (value) => docOf(1, (doc) => doc.getText('t').insertEmbed(0, { value })),
      (value) => docOf(1, (doc) => doc.getText('t').insert(0, 'x', { value })),
    ]
    for (const [index, make] of makers.entries()) {
      const wraps = index === 1 ? 1 : 0
      const fits = Y.encodeStateAsUpdate(make(nested(UPDATE_LIMITS.depth - wraps)))
      const deeper = Y.encodeStateAsUpdate(make(nested(UPDATE_LIMITS.depth - wraps + 1)))
      expect(() => checkUpdate(fits)).not.toThrow()
      expect(refusalOf(deeper).message).toContain('nested deeper than 64 levels')
    }
  })

  test('CX19 what a type stands in counts, in the document and in the update', () => {
    const doc = docOf(5)
    applyFromOutside(doc, nestedTypes(40, 1))
    const inside = (levels: number) =>
      updateBytes({
        client: 2,
        structs: Array.from({ length: levels }, (_, at) => ({
          map: 'inside',
          id: at === 0 ? [1, 39] : [2, at - 1],
        })),
      })
    expect(() => checkUpdate(inside(24), { doc })).not.toThrow()
    expect(refusalOf(inside(25), { doc }).message).toContain('nested')
  })

  test('CX19 100,000 types beside each other are as deep as the first, found without recursion', {
    timeout: 30_000,
  }, () => {
    const structs = [
      { map: 'in root' } as const,
      ...Array.from({ length: 99_999 }, (_, at) => ({ map: 'after', id: [1, at] }) as const),
    ]
    expect(() => checkUpdate(updateBytes({ client: 1, structs }))).not.toThrow()
  })

  test('CX19 types that stand inside each other in a circle are refused', () => {
    const circle = updateOf([
      { client: 2, structs: [{ map: 'inside', id: [1, 0] }] },
      { client: 1, structs: [{ map: 'inside', id: [2, 0] }] },
    ])
    expect(refusalOf(circle).code).toBe('INVALID_VALUE')
  })

  test('CX17 a struct that builds on a later one of its own writer is refused: it would fail halfway', () => {
    const update = updateBytes({
      client: 1,
      structs: [
        { any: 1, array: 'x' },
        { any: 1, after: [1, 5] },
      ],
    })
    expect(refusalOf(update).message).toContain('comes after it')
  })
})

describe('client ids in use', () => {
  test('CX20 nobody adds to the clock of a live writer, or deletes what it has not written yet', () => {
    const doc = docOf(5, (own) => own.getArray('x').push([1, 2]))
    const inUse = new Set([5])
    const added = updateBytes({ client: 5, clock: 2, structs: [{ gc: 1 }] })
    const deleted = updateOf([], [{ client: 5, clock: 0, length: 3 }])
    for (const update of [added, deleted]) {
      expect(refusalOf(update, { doc, inUse }).message).toContain('client 5')
      expect(() => checkUpdate(update, { doc })).not.toThrow()
    }
  })

  test('CX20 what is known of a live writer may come back, and be deleted by others', () => {
    const doc = docOf(5, (own) => own.getArray('x').push([1, 2]))
    const other = docOf(6)
    Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
    other.getArray('x').delete(0)
    applyFromOutside(doc, Y.encodeStateAsUpdate(other), { inUse: new Set([5]) })
    expect(doc.getArray('x').toArray()).toEqual([2])
  })
})

describe('what waits', () => {
  const later = (client: number, bytes: number) =>
    updateBytes({
      client,
      clock: 5,
      structs: [{ any: Array.from({ length: bytes / 2 }, () => 1), array: 'x' }],
    })

  test('CX21 updates that wait are kept up to the limit, and not beyond', () => {
    const doc = docOf(5)
    const limits = { waitingBytes: 1_000 }
    applyFromOutside(doc, later(1, 400), { limits })
    applyFromOutside(doc, later(2, 400), { limits })
    expect(() => applyFromOutside(doc, later(3, 400), { limits })).toThrow(
      expect.objectContaining({ code: 'VALUE_TOO_LARGE' }),
    )
    expect(doc.getArray('x').length).toBe(0)
  })

  const waiting: readonly [string, Uint8Array][] = [
    ['a clock ahead', later(1, 400)],
    ['a gap', updateBytes({ client: 1, structs: [{ skip: 3 }, { gc: 1 }] })],
    ['a neighbour that is not here', updateBytes({ client: 1, structs: [{ any: 1, after: [2, 0] }] })],
    ['a parent that is not here', updateBytes({ client: 1, structs: [{ map: 'inside', id: [2, 0] }] })],
    ['a deletion of what is not here', updateOf([], [{ client: 2, clock: 0, length: 1 }])],
  ]
  test.each(waiting)('CX21 %s waits', (_name, update) => {
    expect(refusalOf(update, { limits: { waitingBytes: 3 } }).code).toBe('VALUE_TOO_LARGE')
    expect(() => checkUpdate(update)).not.toThrow()
  })

  test('CX21 with much waiting, an update that fits on is taken, and frees what waited for it', () => {
    const doc = docOf(5)
    const source = docOf(1)
    const updates: Uint8Array[] = []
    source.on('update', (update: Uint8Array) => updates.push(update))
    for (let n = 0; n < 5; n++) source.getArray('x').push(['x'.repeat(100)])
    const [first, ...rest] = updates
    const limits = { waitingBytes: 600 }
    for (const update of rest) applyFromOutside(doc, update, { limits })
    const full = docOf(2, (own) => own.getArray('y').push(['fits on'.repeat(200)]))
    applyFromOutside(doc, Y.encodeStateAsUpdate(full), { limits })
    applyFromOutside(doc, first ?? new Uint8Array(), { limits })
    expect(doc.getArray('x').length).toBe(5)
  })
})

test('CX22 an update that fails halfway is told as one, since the document has changed', () => {
  const doc = docOf(5)
  doc.getArray('x').observe(() => {
    throw new Error('halfway')
  })
  const update = Y.encodeStateAsUpdate(docOf(6, (own) => own.getArray('x').push([1])))
  expect(() => applyFromOutside(doc, update)).toThrow(expect.objectContaining({ code: 'CONTENT_DAMAGED' }))
})

/** Maps inside each other: struct n stands in struct n - 1. */
function nestedTypes(levels: number, client = 1): Uint8Array {
  const structs = Array.from({ length: levels }, (_, at) =>
    at === 0 ? ({ map: 'in root' } as const) : ({ map: 'inside', id: [client, at - 1] } as const),
  )
  return updateBytes({ client, structs })
}

function withContent(content: number, bytes: readonly number[]): Uint8Array {
  return updateBytes({ client: 1, structs: [{ content, bytes }] })
}

/** A few bytes of v2 whose run lengths stand for 10^9 structs: applied as v2 they take minutes and all memory. */
function v2Bomb(): Uint8Array {
  const lengths = [0x41, ...varUint(10 ** 9)]
  return Uint8Array.from([
    0,
    0,
    1,
    1,
    0,
    0,
    1,
    0,
    1,
    0,
    0,
    0,
    lengths.length,
    ...lengths,
    1,
    ...varUint(10 ** 9),
    0,
  ])
}
