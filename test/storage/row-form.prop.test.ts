import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Clock, CommitId, CorrelationId, EventId, StreamId, WriterId } from '../../src/core/ids.ts'
import { toUtf8 } from '../../src/core/json.ts'
import { TextDraft, TextEvent, textFrame } from '../../src/core/timeline/event-text.ts'
import { isSound } from '../../src/storage/checksum.ts'
import { LARGE_ROW_BYTES } from '../../src/storage/large-rows.ts'
import { readForm, writeForm } from '../../src/storage/row-form.ts'
import type { CommitBody, StoredCommit, WrittenCommit } from '../../src/storage/schema.ts'

const SMALL = 1_000

function rowWith(data: unknown, update?: Uint8Array): StoredCommit {
  const events = [{ id: 'e', type: 'sample.recorded', data }] as unknown as CommitBody['events']
  return {
    streamId: 's' as StreamId,
    hlc: 1 as Clock,
    writer: 'w' as WriterId,
    n: 1,
    refs: ['q:r'],
    body: { commitId: 'c' as CommitId, requests: { r: '' }, events, ...(update && { update }) },
  }
}

/** As it comes out of the database. */
function stored(row: StoredCommit, sizeBytes = SMALL): WrittenCommit {
  return { ...structuredClone(writeForm(row, sizeBytes)), seq: 7 }
}

const json = fc.jsonValue({ stringUnit: 'binary' })
const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true })

test('JO36 what a row holds is stored as bytes of JSON, its update beside them, and read as it was', () => {
  fc.assert(
    fc.property(json, fc.option(fc.uint8Array({ minLength: 1 }), { nil: undefined }), (data, update) => {
      // JSON itself has no sign before zero.
      const row = rowWith(JSON.parse(JSON.stringify(data)), update)
      const written = stored(row)
      expect(written.body).toBeInstanceOf(Uint8Array)
      expect(written.update).toEqual(update)
      expect(isSound(written)).toBe(true)
      expect(readForm(written)).toEqual({ ...row, seq: 7 })
    }),
  )
})

test('JO36 data of an event that came as a text stands in the row as that text', () => {
  const frame = textFrame({ correlationId: 'c' as CorrelationId, actor: { id: 'ada' } })
  if (frame === undefined) throw new Error('no frame')
  const event = new TextEvent('e' as EventId, new TextDraft('sample.recorded', '{"spaced" : 1}'), frame)
  const plain = { ...event }
  for (const events of [[event], [plain, event, event]]) {
    const row = rowWith(1)
    const written = stored({ ...row, body: { ...row.body, events } })
    expect(new TextDecoder().decode(written.body as Uint8Array)).toContain('"data":{"spaced" : 1},')
    expect(isSound(written)).toBe(true)
    expect(readForm(written)?.body).toEqual({ ...row.body, events: events.map(() => plain) })
  }
  // Beside one that JSON does not hold, it stands as it is.
  const other = { ...plain, data: new Uint8Array([1]) }
  const row = rowWith(1)
  const written = stored({ ...row, body: { ...row.body, events: [event, other] } })
  expect(isSound(written)).toBe(true)
  expect(readForm(written)?.body.events).toEqual([plain, other])
})

test('JO36 a long text is the same in UTF-8, whatever signs it has', () => {
  const long = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.repeat(600))
  fc.assert(
    fc.property(long, (text) => {
      expect(toUtf8(text)).toEqual(new TextEncoder().encode(text))
    }),
  )
})

test('JO36 what JSON would not give back as it is stands in the row as it is', () => {
  fc.assert(
    fc.property(anything, (data) => {
      const row = rowWith(data)
      const written = stored(row)
      expect(isSound(written)).toBe(true)
      expect(readForm(written)).toEqual({ ...structuredClone(row), seq: 7 })
    }),
  )
  for (const data of [new Uint8Array([1]), [undefined], -0, Number.NaN, 1n, new Date(0), new Map()]) {
    expect(stored(rowWith({ data })).body).not.toBeInstanceOf(Uint8Array)
  }
})

test('JO36 a row of before there were bytes is read', () => {
  const row = rowWith({ a: [1, { b: null }] })
  expect(readForm({ ...row, seq: 7 })).toEqual({ ...row, seq: 7 })
})

test.each([
  ['no JSON', new Uint8Array([1, 2, 3])],
  ['JSON without events', new TextEncoder().encode('{"commitId":"c"}')],
  ['JSON of another kind', new TextEncoder().encode('null')],
])('JO36 %s is no row', (_what, body) => {
  expect(readForm({ ...rowWith(null), body })).toBeUndefined()
})

test('JO32 a row that was taken for small stays small, whatever JSON makes of its signs', () => {
  const signs = rowWith('\u0001'.repeat(LARGE_ROW_BYTES - 1))
  const small = stored(signs, LARGE_ROW_BYTES - 1)
  expect(small.body).not.toBeInstanceOf(Uint8Array)
  expect(readForm(small)).toEqual({ ...signs, seq: 7 })
  // Where it is strict anyhow it may be as large as it is.
  expect(stored(signs, LARGE_ROW_BYTES).body).toBeInstanceOf(Uint8Array)
})
