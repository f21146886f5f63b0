import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { LwwMap, TIDY } from '../../src/context/lww-map.ts'
import { byKey, entry } from './stamps.ts'

function replica(clientId: number) {
  const doc = new Y.Doc()
  doc.clientID = clientId
  return { doc, map: new LwwMap(doc, 'state') }
}

type Replica = ReturnType<typeof replica>

function send(from: Replica, to: Replica): void {
  Y.applyUpdate(to.doc, Y.encodeStateAsUpdate(from.doc, Y.encodeStateVector(to.doc)))
}

/** What stands in the array, beaten or not. */
function standing({ doc }: Replica): unknown[] {
  return doc.getArray('state').toArray()
}

describe('one replica', () => {
  test('CX1 the greatest stamp stands, within one put and over several', () => {
    const { map } = replica(10)
    expect(map.put([entry('a', 1, 1), entry('a', 3, 3), entry('a', 2, 2)])).toBe(true)
    expect(map.put([entry('a', 'late', 2), entry('b', 1, 1)])).toBe(true)
    expect(byKey(map.entries())).toEqual([entry('a', 3, 3), entry('b', 1, 1)])
    expect(map.size).toBe(2)
  })

  test('CX1 a deletion is an entry without value, in the document too', () => {
    const one = replica(10)
    one.map.put([entry('a', 1, 1)])
    one.map.put([entry('a', undefined, 2)])
    one.map.put([entry('a', 'late', 1)])
    expect(standing(one)).toStrictEqual([entry('a', undefined, 2)])
    expect(one.map.get('a')).toStrictEqual(entry('a', undefined, 2))
  })

  test('CX1 what is beaten already, or there already, writes nothing', () => {
    const one = replica(10)
    one.map.put([entry('a', 1, 2)])
    const before = Y.encodeStateAsUpdate(one.doc)
    expect(one.map.put([entry('a', 0, 1), entry('a', 1, 2)])).toBe(false)
    expect(one.map.put([])).toBe(false)
    expect(Y.encodeStateAsUpdate(one.doc)).toEqual(before)
  })

  test('CX2 with alternating keys the document keeps two items and its size', () => {
    const one = replica(10)
    const sizeAfter = (from: number, count: number) => {
      for (let tick = from; tick < from + count; tick++) one.map.put([entry(tick % 2 ? 'a' : 'b', 7, tick)])
      return Y.encodeStateAsUpdate(one.doc).length
    }
    const small = sizeAfter(0, 200)
    expect(sizeAfter(200, 4_000)).toBeLessThanOrEqual(small + 8)
    expect(standing(one)).toHaveLength(2)
    expect(Y.getTypeChildren(one.doc.getArray('state')).length).toBeLessThan(8)
  })

  test('CX2 keys in any order, one by one and in bulk, leave one entry each', () => {
    const one = replica(10)
    const keys = Array.from({ length: 300 }, (_, at) => `k${at}`)
    one.map.put(keys.map((key, at) => entry(key, 0, at)))
    for (let tick = 0; tick < 900; tick++) one.map.put([entry(`k${(tick * 97) % 300}`, tick, 1_000 + tick)])
    one.map.put(keys.filter((_, at) => at % 3 === 0).map((key, at) => entry(key, 'bulk', 5_000 + at)))
    expect(standing(one)).toHaveLength(300)
    const again = new Y.Doc()
    Y.applyUpdate(again, Y.encodeStateAsUpdate(one.doc))
    expect(byKey(new LwwMap(again, 'state').entries())).toEqual(byKey(one.map.entries()))
  })

  test('CX1 the index of a loaded document is that of the one it came from, and takes writes', () => {
    const one = replica(10)
    for (let tick = 0; tick < 50; tick++)
      one.map.put([entry(`k${tick % 7}`, tick % 5 ? tick : undefined, tick)])
    const loaded = new Y.Doc()
    loaded.clientID = 11
    Y.applyUpdateV2(loaded, Y.encodeStateAsUpdateV2(one.doc))
    const map = new LwwMap(loaded, 'state')
    expect(byKey(map.entries())).toEqual(byKey(one.map.entries()))
    map.put([entry('k3', 'new', 99)])
    expect(loaded.getArray('state').toArray()).toHaveLength(7)
    expect(map.get('k3')?.value).toBe('new')
  })
})

describe('replicas', () => {
  test('CX1 concurrent writes of one key: both keep the greater stamp, and only it', () => {
    const [a, b] = [replica(10), replica(20)]
    a.map.put([entry('k', 'older, by the greater tick of nobody', 1, 1)])
    b.map.put([entry('k', 'newer', 2, 2)])
    send(a, b)
    send(b, a)
    for (const side of [a, b]) {
      expect(standing(side)).toEqual([entry('k', 'newer', 2, 2)])
      expect(side.map.get('k')?.value).toBe('newer')
    }
    expect(Y.encodeStateAsUpdate(a.doc)).toEqual(Y.encodeStateAsUpdate(b.doc))
  })

  test('CX1 what a merge has beaten is removed without being told: the other replica removes it by itself', () => {
    const [a, b] = [replica(10), replica(20)]
    const origins: unknown[] = []
    b.map.put([entry('k', 1, 1)])
    b.doc.on('update', (_update, origin) => origins.push(origin))
    a.map.put([entry('k', 2, 2)])
    send(a, b)
    expect(origins).toEqual([null, TIDY])
    expect(standing(b)).toHaveLength(1)
  })

  test('CX1 three replicas, each beaten by another, in every order of delivery', () => {
    const made = [1, 2, 3].map((tick) => {
      const one = replica(10 * tick)
      one.map.put([entry('k', tick, tick), entry(`own${tick}`, tick, tick)])
      return Y.encodeStateAsUpdate(one.doc)
    })
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]
    const results = orders.map((order) => {
      const target = replica(99)
      for (const index of order) Y.applyUpdate(target.doc, made[index] ?? new Uint8Array())
      expect(standing(target)).toHaveLength(4)
      return byKey(target.map.entries())
    })
    for (const result of results) expect(result).toEqual(results[0])
    expect(results[0]?.find(({ key }) => key === 'k')?.value).toBe(3)
  })

  test('CX3 the same stamp written twice: all keep the same one, however they merge', () => {
    const [a, b, c] = [replica(10), replica(20), replica(30)]
    for (const side of [a, b]) side.map.put([entry('k', 1, 1), entry('m', 2, 1)])
    send(a, c)
    send(b, c)
    send(b, a)
    send(a, b)
    send(c, a)
    send(c, b)
    for (const side of [a, b, c]) {
      expect(byKey(side.map.entries())).toEqual([entry('k', 1, 1), entry('m', 2, 1)])
      expect(standing(side)).toHaveLength(2)
    }
    expect(Y.encodeStateAsUpdate(a.doc)).toEqual(Y.encodeStateAsUpdate(c.doc))
  })

  test('CX3 the same stamp twice in a loaded document: one is removed, the index has the other', () => {
    const [a, b] = [replica(10), replica(20)]
    a.map.put([entry('k', 1, 1)])
    b.map.put([entry('k', 1, 1)])
    const doc = new Y.Doc()
    doc.transact(() => {
      for (const { doc: source } of [a, b]) Y.applyUpdate(doc, Y.encodeStateAsUpdate(source))
    })
    expect(doc.getArray('state').length).toBe(2)
    const map = new LwwMap(doc, 'state')
    expect([doc.getArray('state').length, map.size]).toEqual([1, 1])
  })

  test('CX1 an entry that another replica removed leaves the index', () => {
    const a = replica(10)
    a.map.put([entry('k', 1, 1), entry('m', 1, 1)])
    const b = new Y.Doc()
    Y.applyUpdate(b, Y.encodeStateAsUpdate(a.doc))
    b.getArray('state').delete(0)
    Y.applyUpdate(a.doc, Y.encodeStateAsUpdate(b))
    expect(byKey(a.map.entries())).toEqual([entry('m', 1, 1)])
    expect(a.map.put([entry('k', 'again', 2)])).toBe(true)
    expect(a.map.get('k')?.value).toBe('again')
  })

  test('CX2 new entries go to the end, behind those of others, where Yjs need not look for their place', () => {
    const [a, b] = [replica(10), replica(20)]
    a.map.put([entry('a', 1, 1)])
    send(a, b)
    b.map.put([entry('b', 2, 2)])
    send(b, a)
    a.map.put([entry('c', 3, 3)])
    expect(standing(a)).toEqual([entry('a', 1, 1), entry('b', 2, 2), entry('c', 3, 3)])
  })

  test('CX4 what is no entry stays, and hides nothing', () => {
    const doc = new Y.Doc()
    const strange = [1, 'x', null, { key: 7, at: 'a' }, { key: 'k' }, { at: 'a' }, [], new Uint8Array(1)]
    doc.getArray('state').push([...strange, entry('k', 1, 1)])
    const map = new LwwMap(doc, 'state')
    doc.getArray('state').push(['more'])
    map.put([entry('k', 2, 2)])
    expect(byKey(map.entries())).toEqual([entry('k', 2, 2)])
    expect(doc.getArray('state').toArray()).toEqual([...strange, 'more', entry('k', 2, 2)])
  })
})
