import { expect, test } from 'vitest'
import { NO_COUNTS } from '../../../src/core/session/counters.ts'
import {
  keepRecord,
  packRecords,
  readKept,
  unpackKept,
  unpackPage,
} from '../../../src/core/session/kept-record.ts'
import type { SessionRecord } from '../../../src/core/session/record.ts'

const recordWith = (metadata: SessionRecord['metadata']) =>
  ({ id: 's', metadata, counters: NO_COUNTS }) as SessionRecord

test('JO41 a kept record comes back as it was', () => {
  const record = recordWith({ a: [1, null, { b: 'é\ud800' }], ['__proto__']: 'own' })
  expect(typeof keepRecord(record)).toBe('string')
  expect(unpackKept(keepRecord(record), record.id)).toEqual(record)
  expect(readKept(keepRecord(record))).toEqual(record)
})

test('JO41 counts of 0 are left out of what is kept, and come back', () => {
  const used = { ...NO_COUNTS.usage, costUsd: 0.5 }
  const records = [
    recordWith({}),
    { ...recordWith({}), counters: { ...NO_COUNTS, events: 7, artifacts: -1 } },
    { ...recordWith({}), counters: { ...NO_COUNTS, steps: 1, usage: used } },
  ]
  const kept = records.map(keepRecord)
  const texts = ['{}', '{"events":7,"artifacts":-1}', '{"steps":1,"usage":{"costUsd":0.5}}']
  expect(kept).toEqual(texts.map((text) => expect.stringContaining(`"counters":${text}`)))
  expect(kept.map(readKept)).toEqual(records)
  expect(kept.map((one) => unpackKept(one, 's'))).toEqual(records)
  expect(unpackPage({ items: packRecords(kept) }).items).toEqual(records)
  // As builds before this one kept them.
  expect(records.map((record) => readKept(JSON.stringify(record)))).toEqual(records)
})

test.each([
  ['bytes', new Uint8Array([1])],
  ['a negative zero', -0],
])('JO41 a record that holds %s stays as it is', (_, value) => {
  const record = recordWith({ value })
  expect(keepRecord(record)).toBe(record)
  expect(unpackKept(keepRecord(record), record.id)).toBe(record)
})

test('JO41 records go as one text, or unpacked where one of them is no text', () => {
  const [one, other] = [recordWith({ n: 1 }), recordWith({ n: new Uint8Array([2]) })]
  const text = packRecords([one, one].map(keepRecord))
  expect(typeof text).toBe('string')
  expect(unpackPage({ items: text })).toEqual({ items: [one, one] })
  expect(unpackPage({ items: packRecords([]), total: 0 })).toEqual({ items: [], total: 0 })
  expect(packRecords([one, other].map(keepRecord))).toEqual([one, other])
})

test('DM28 a kept record that is no JSON is damaged', () => {
  expect(readKept(7 as never)).toBeUndefined()
  for (const kept of ['{', '7', '"s"', 'null']) {
    expect(() => unpackKept<SessionRecord>(kept, 's')).toThrow(
      expect.objectContaining({ code: 'CONTENT_DAMAGED', details: { name: 'RecordDamaged', id: 's' } }),
    )
    expect(readKept(kept)).toBeUndefined()
    const records = [keepRecord(recordWith({})), kept, keepRecord(recordWith({ a: ',' }))]
    const whole = [recordWith({}), recordWith({ a: ',' })]
    expect(unpackPage({ items: packRecords(records) }).items).toEqual(whole)
    const bytes = recordWith({ b: new Uint8Array([1]) })
    expect(packRecords([...records, bytes])).toEqual([...whole, bytes])
  }
})
