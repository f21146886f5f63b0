import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { type PreparedValue, rowsOfValue } from '../../../src/core/artifact/recorded-value.ts'
import { contentsOfEvent, isContentReference, releaseContent } from '../../../src/core/artifact/references.ts'
import type { ContentId, EventId } from '../../../src/core/ids.ts'
import type { StateValue } from '../../../src/core/state/value.ts'
import { dataOfRecorded, recordedOfData } from '../../../src/core/timeline/event-data.ts'
import { makeEvent } from '../../../src/core/timeline/make-event.ts'
import { code, noise, openRig, type Rig, requestOf, rowsIn } from './rig.ts'

/** A text whose value takes exactly that many bytes as the limits count. */
const textOfSize = (bytes: number) => 'x'.repeat(bytes - 2)

async function land(rig: Rig, prepared: PreparedValue): Promise<void> {
  await rig.journal.putRows(rowsOfValue(prepared))
}

test('AR21 a value of 32,768 bytes stands in its event and needs no promise; one more byte, and it has a content', async () => {
  const rig = await openRig({ chunkBytes: 65_536 })
  const small = rig.artifacts.prepareValue(textOfSize(32_768))
  expect(small).toEqual({ recorded: { inline: textOfSize(32_768) } })
  const large = await rig.artifacts.prepareValue(textOfSize(32_769))
  expect(large.recorded).toEqual({
    content: expect.stringMatching(/^sha256:/),
    sizeBytes: expect.any(Number),
  })
})

test.each<[string, StateValue, number]>([
  ['of one chunk', { rows: Array.from({ length: 5_000 }, (_, i) => ({ i })) }, 1_048_576],
  ['of several chunks, with bytes', { picture: noise(100_000), '#': 1 }, 10_000],
])('AR21 a large value %s comes back as it was, after a reopen', async (_what, value, chunkBytes) => {
  const rig = await openRig({ chunkBytes })
  const prepared = await rig.artifacts.prepareValue(value)
  await land(rig, prepared)
  const again = await rig.reopen()
  expect(await again.artifacts.readValue(prepared.recorded)).toEqual(value)
  expect(again.artifacts.readValue({ inline: 'small' })).toBe('small')
  expect((await rowsIn(again)).intakes).toBe(0)
})

test('AR12, AR21: a content that a value and an artifact name goes with the last of them', async () => {
  const rig = await openRig({ chunkBytes: 1_048_576 })
  const sessionId = await rig.session()
  const prepared = await rig.artifacts.prepareValue(textOfSize(40_000))
  await land(rig, prepared)
  const row = await rig.tables.chunk('', prepared.content?.hash ?? '')
  expect(row).toBeDefined()
  const value = await rig.artifacts.readValue(prepared.recorded)
  const bytes = new Uint8Array(prepared.content?.sizeBytes ?? 0)
  new DataView(bytes.buffer).setUint32(0, bytes.byteLength - 4, true)
  bytes.set(new TextEncoder().encode(JSON.stringify(value)), 4)
  const twin = await rig.store({ sessionId, content: bytes })
  expect(twin.contentId).toBe(prepared.content?.hash)
  await rig.artifacts.delete(requestOf(rig), { id: twin.id })
  expect(await rig.artifacts.readValue(prepared.recorded)).toBe(value)
  const { content } = prepared
  if (content === undefined) throw new Error('it is inline')
  await rig.journal.putRows(releaseContent(content, ['intake', 'released']))
  expect(await rig.journal.sweep([])).toBe(1)
  expect(await rowsIn(rig)).toMatchObject({ contents: 0, chunks: 0 })
})

test('AR17, AR21: a recorded value whose content is damaged or gone is CONTENT_DAMAGED', async () => {
  const rig = await openRig()
  const { recorded } = await rig.artifacts.prepareValue(textOfSize(40_000))
  await expect(rig.artifacts.readValue(recorded)).rejects.toEqual(code('CONTENT_DAMAGED'))
})

const HASH = `sha256:${'a'.repeat(64)}` as ContentId

test.each<[string, StateValue]>([
  ['null', null],
  ['an object', { a: 1 }],
  ['what looks like a reference', { content: HASH, sizeBytes: 4 }],
  ['what looks like an inline value', { inline: 1 }],
  ['one inside another', { inline: { inline: { content: HASH, sizeBytes: 4 } } }],
  ['almost a reference', { content: HASH, sizeBytes: '4' }],
  ['a reference and more', { content: HASH, sizeBytes: 4, more: true }],
])('AR21 an event with %s as its data says that again, and names no content', (_what, value) => {
  const data = dataOfRecorded({ inline: value })
  expect(recordedOfData(data)).toEqual({ inline: value })
  const event = makeEvent('e' as EventId, 'order.placed', data, { correlationId: 'c' as never })
  expect(contentsOfEvent(event)).toEqual([])
})

test.each<[string, unknown]>([
  ['nothing', null],
  ['a size of text', { content: HASH, sizeBytes: '4' }],
  ['a content of bytes', { content: new Uint8Array(), sizeBytes: 4 }],
  ['no size', { content: HASH, size: 4 }],
  ['more than the two', { content: HASH, sizeBytes: 4, more: true }],
])('AR21 %s is no reference', (_what, data) => {
  expect(isContentReference(data)).toBe(false)
})

test('AR21 an event with a reference as its data names its content', () => {
  const recorded = { content: HASH, sizeBytes: 4 }
  const data = dataOfRecorded(recorded)
  expect(isContentReference(data)).toBe(true)
  expect(recordedOfData(data)).toEqual(recorded)
  const event = makeEvent('e' as EventId, 'order.placed', data, { correlationId: 'c' as never })
  expect(contentsOfEvent(event)).toEqual([{ domain: '', hash: HASH }])
})

test('AR12, AR21: the contents of an event are all that it names', () => {
  const large = { content: HASH, sizeBytes: 4 }
  const frame = { correlationId: 'c' as never }
  const id = 'e' as EventId
  const step = { step: 's@1', key: 'k' }
  const finished = { ...step, startedId: id, artifactIds: [] }
  const run = { runId: 'r' as never }
  const message = { role: 'user', content: null, large: { content: large } }
  const events = [
    [makeEvent(id, 'step.started', { ...step, purity: 'pure', attempt: 1, input: large }, frame), 1],
    [makeEvent(id, 'step.started', { ...step, purity: 'pure', attempt: 1, input: { inline: 1 } }, frame), 0],
    [makeEvent(id, 'step.completed', { ...finished, result: large, source: large }, frame), 2],
    [
      makeEvent(id, 'step.failed', { ...finished, error: { name: 'E', message: 'm' }, source: large }, frame),
      1,
    ],
    [makeEvent(id, 'run.started', { ...run, name: 'n', input: large }, frame), 1],
    [makeEvent(id, 'run.completed', { ...run, result: large }, frame), 1],
    [makeEvent(id, 'message.added', message, { ...frame, source: 'import' }), 1],
    [makeEvent(id, 'message.added', message, frame), 0],
    [makeEvent<string>(id, 'message.added', large, frame), 1],
    [makeEvent<string>(id, 'message.added', large, { ...frame, source: 'import' }), 0],
    [makeEvent<string>(id, 'import.entry', large, { ...frame, source: 'import' }), 0],
    [makeEvent(id, 'import.entry', { line: 1, data: null, large: { data: large, more: large } }, frame), 2],
    [makeEvent(id, 'session.suspended', {}, frame), 0],
  ] as const
  for (const [event, count] of events) expect(contentsOfEvent(event), event.type).toHaveLength(count)
})
