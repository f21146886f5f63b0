import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { GENESIS_CLIENT, genesisUpdate, randomClientId } from '../../src/context/genesis.ts'
import { ManagedDocument } from '../../src/context/managed-document.ts'
import { byKey, delta, entry } from './stamps.ts'

test('CX5 the genesis never changes: documents of older versions start from these bytes', () => {
  expect(Buffer.from(genesisUpdate()).toString('hex')).toBe(
    '01010100280111686f6c64666173743a646f63756d656e7406666f726d6174017d0100',
  )
})

test('CX5 two devices create the same document apart, and hold it once when they merge', () => {
  const [here, there] = [new ManagedDocument(10, { tail: [] }), new ManagedDocument(20, { tail: [] })]
  here.apply([delta('a', 1, 1, 1)])
  there.apply([delta('b', 2, 1, 2)])
  const merged = new Y.Doc()
  for (const side of [here, there]) Y.applyUpdateV2(merged, side.snapshot())
  expect([...merged.store.clients.keys()].sort()).toEqual([GENESIS_CLIENT, 10, 20])
  expect(Y.getState(merged.store, GENESIS_CLIENT)).toBe(1)
  expect(merged.getMap('holdfast:document').toJSON()).toEqual({ format: 1 })
})

test('CX5 a document that is loaded from its own snapshot has its genesis once', () => {
  const one = new ManagedDocument(10, { tail: [] })
  one.apply([delta('a', 1, 1)])
  const again = new ManagedDocument(11, { snapshot: one.snapshot(), tail: [] })
  expect(again.snapshot()).toEqual(one.snapshot())
  expect(byKey(again.entries('state'))).toEqual([entry('a', 1, 1)])
})

test('CX5 a live writer never draws the client id of the genesis', () => {
  const drawn = Array.from({ length: 50 }, randomClientId)
  expect(Math.min(...drawn)).toBeGreaterThan(GENESIS_CLIENT)
  expect(new Set(drawn).size).toBe(50)
})
