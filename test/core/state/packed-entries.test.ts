import { expect, test } from 'vitest'
import type { ContentId, EventId } from '../../../src/core/ids.ts'
import { asideValue } from '../../../src/core/state/aside.ts'
import type { Entry } from '../../../src/core/state/delta.ts'
import {
  canUnpack,
  entriesOf,
  isKept,
  lastStamp,
  packEntries,
  readKept,
  sensitiveEntryKeys,
  unpackEntries,
  withDeltas,
} from '../../../src/core/state/packed-entries.ts'
import { unreadEntries } from '../../../src/core/state/unread-entries.ts'

const at = (number: number) => `0000000000000000000${number}` as EventId

const ENTRIES: readonly Entry[] = [
  { key: 'a', value: { deep: [1, null, 'ü\u{d800}'] }, at: at(1) },
  { key: '__proto__', value: 0, at: at(4) },
  { key: 'deleted', at: at(2) },
]

test('JO39 packed entries come back as they were, deletions too', () => {
  const kept = packEntries(ENTRIES)
  expect(readKept(kept).packed?.bytes).toBeInstanceOf(Uint8Array)
  expect(unpackEntries(kept)).toEqual(ENTRIES)
  expect(lastStamp(readKept(kept))).toBe(at(4))
})

test.each([
  ['bytes', new Uint8Array([1, 2])],
  ['minus zero', -0],
])('JO39 entries that hold %s stay as they are', (_, value) => {
  const entries = [...ENTRIES, { key: 'b', value, at: at(3) }]
  const kept = packEntries(entries)
  expect(kept).toBe(entries)
  expect(readKept(kept)).toEqual({ entries })
  expect(entriesOf(readKept(kept))).toBe(entries)
})

test('JO39 later entries stand over those that are packed, and nothing is unpacked for them', () => {
  const read = readKept(packEntries(ENTRIES))
  const later = withDeltas(read, [
    { map: 'state', key: 'a', value: 2, at: at(5) },
    { map: 'meta', key: 'name', value: 'no state', at: at(6) },
  ])
  expect(later.packed).toBe(read.packed)
  expect(later.entries).toEqual([{ key: 'a', value: 2, at: at(5) }])
  expect(lastStamp(later)).toBe(at(5))
  expect(new Map(entriesOf(later).map(({ key, value }) => [key, value]))).toEqual(
    new Map<string, unknown>([
      ['a', 2],
      ['__proto__', 0],
      ['deleted', undefined],
    ]),
  )
})

test('JO39 what older builds packed, entries as they are, is read as before', () => {
  const entries = [{ key: 'a', value: 'ü', at: at(1) }]
  const packed = { bytes: new TextEncoder().encode(JSON.stringify(entries)), sensitive: [] }
  expect([unpackEntries(packed), unreadEntries(packed)]).toEqual([entries, entries])
})

test('JO39 each value is found by itself, wherever it stands, and all of them once many were asked for', () => {
  const entries = Array.from({ length: 40 }, (_, index): Entry => {
    const value = [index, 'ü'.repeat(index), null, '', { deep: [index] }][index % 5]
    return { key: `k${index}`, ...(index % 7 > 0 && value !== undefined && { value }), at: at(1) }
  })
  const { packed } = readKept(packEntries(entries))
  if (packed === undefined) throw new Error('They were not packed.')
  for (const order of [entries, [...entries].reverse()]) {
    const unread = new Map(unreadEntries(packed).map((entry) => [entry.key, entry]))
    const read = order.map(({ key }) => unread.get(key)?.value)
    expect(read).toEqual(order.map(({ value }) => value))
  }
})

test('JO39 nothing is packed where there is nothing', () => {
  const { packed } = readKept(packEntries([]))
  expect(packed && unreadEntries(packed)).toEqual([])
  const deleted = [{ key: 'a', at: at(1) }]
  expect(unpackEntries(packEntries(deleted))).toEqual(deleted)
})

test.each([
  ['shorter', (bytes: Uint8Array) => bytes.slice(0, -1)],
  ['longer', (bytes: Uint8Array) => new Uint8Array([...bytes, 32])],
  ['no list', (bytes: Uint8Array) => new TextEncoder().encode(`{}${'x'.repeat(bytes.length)}`)],
])('DM28 values that are %s than they were packed are damaged', (_, change) => {
  const { packed } = readKept(packEntries(ENTRIES))
  if (packed === undefined) throw new Error('They were not packed.')
  const damaged = { ...packed, bytes: change(packed.bytes) }
  for (const unpack of [unpackEntries, unreadEntries])
    expect(() => unpack(damaged, { id: 's' })).toThrow(
      expect.objectContaining({ code: 'CONTENT_DAMAGED', details: { name: 'StateDamaged', id: 's' } }),
    )
  expect(canUnpack(damaged)).toBe(false)
})

test('JO39 keys of sensitive values are known without unpacking', () => {
  const aside = (key: string, stamp: number): Entry => ({
    key,
    value: asideValue({ class: 'sensitive', domain: 's', content: 'c' as ContentId, sizeBytes: 1 }),
    at: at(stamp),
  })
  const read = readKept(packEntries([...ENTRIES, aside('secret', 5)]))
  expect(sensitiveEntryKeys(read)).toEqual(['secret'])
  expect(sensitiveEntryKeys({ ...read, entries: [aside('other', 6)] })).toEqual(['secret', 'other'])
})

test('JO39 what is neither form is known as such', () => {
  expect([packEntries(ENTRIES), ENTRIES].map(isKept)).toEqual([true, true])
  const { bytes } = readKept(packEntries(ENTRIES)).packed ?? {}
  const neither = [undefined, null, 'text', {}, { bytes: 'text' }, { bytes, valuesAt: '1', sensitive: [] }]
  expect(neither.filter(isKept)).toEqual([])
})
