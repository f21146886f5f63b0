import { expect, test } from 'vitest'
import { openEnvelope, packEnvelope } from '../../../src/core/artifact/envelope.ts'

const payload = Uint8Array.of(9, 8, 7)

test('CK2 what is packed comes back: codec, key id and payload', () => {
  for (const codec of ['raw', 'deflate-raw'] as const) {
    for (const keyId of ['', 'key-ä']) {
      expect(openEnvelope(packEnvelope({ codec, keyId, payload }))).toEqual({ codec, keyId, payload })
    }
  }
  expect(
    openEnvelope(packEnvelope({ codec: 'raw', keyId: '', payload: new Uint8Array() })).payload,
  ).toHaveLength(0)
})

test('CK2 the stored form is version, codec, length of the key id, key id, payload', () => {
  expect([...packEnvelope({ codec: 'raw', keyId: '', payload })]).toEqual([1, 0, 0, 9, 8, 7])
  expect([...packEnvelope({ codec: 'deflate-raw', keyId: 'k', payload })]).toEqual([1, 1, 1, 107, 9, 8, 7])
})

test.each([
  ['nothing', [], 'it is too short'],
  ['two bytes', [1, 0], 'it is too short'],
  ['a later version', [2, 0, 0], 'its version is 2'],
  ['an unknown codec', [1, 9, 0], 'its codec is 9'],
  ['a key id that is cut off', [1, 0, 4, 107], 'its key id is cut off'],
])('CK2 %s is refused', (_what, bytes, reason) => {
  expect(() => openEnvelope(Uint8Array.from(bytes))).toThrow(
    expect.objectContaining({ code: 'CONTENT_DAMAGED', details: { reason } }),
  )
})

test('CK2 a key id of more than 255 bytes is refused', () => {
  expect(() => packEnvelope({ codec: 'raw', keyId: 'ä'.repeat(128), payload })).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
  )
})
