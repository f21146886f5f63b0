import { expect, test } from 'vitest'
import { packEnvelope } from '../../src/core/artifact/envelope.ts'
import { encodeValue } from '../../src/core/artifact/value-bytes.ts'
import type { Clock, CommitId, StreamId, WriterId } from '../../src/core/ids.ts'
import type { StateValue } from '../../src/core/state/value.ts'
import { createCompression } from '../../src/platform/compression.ts'
import type { StoredSegment } from '../../src/storage/schema.ts'
import { squeeze, unsqueeze } from '../../src/storage/segment.ts'

const compression = createCompression()
const writer = '8000-000000000000' as WriterId
const row = {
  seq: 1,
  hlc: 1 as Clock,
  writer,
  n: 1,
  refs: [],
  body: { commitId: 'c' as CommitId, requests: {}, events: [], update: new Uint8Array([1, 2]) },
}
const segment: StoredSegment = {
  streamId: 's1' as StreamId,
  firstSeq: 1,
  lastSeq: 1,
  reach: 1 as Clock,
  count: 1,
  refs: [],
  covers: {},
  rows: [row],
}

async function holding(value: StateValue): Promise<StoredSegment> {
  const payload = await compression.deflate(encodeValue(value))
  if (payload === undefined) throw new Error('this host compresses nothing')
  const bytes = packEnvelope({ codec: 'deflate-raw', keyId: '', payload })
  const { rows: _, ...rest } = segment
  return { ...rest, squeezed: { bytes, numbers: {}, requests: {}, contents: [] } }
}

test('SG22 rows that were squeezed come back as they were', async () => {
  const squeezed = await squeeze(segment, compression)
  if (squeezed === undefined) throw new Error('this host compresses nothing')
  expect((await unsqueeze(squeezed, compression)).rows).toEqual([row])
})

test.each<[string, StateValue]>([
  ['no list', { rows: [] }],
  ['a list of numbers', [1]],
  ['a row without events', [{ seq: 1, hlc: 1, writer, n: 1, refs: [], body: { requests: {} } }]],
  ['a row without a writer', [{ seq: 1, hlc: 1, n: 1, refs: [], body: { requests: {}, events: [] } }]],
  ['a row without a number', [{ seq: 1, hlc: 1, writer, refs: [], body: { requests: {}, events: [] } }]],
])('SG22 %s is not taken for rows', async (_what, value) => {
  await expect(unsqueeze(await holding(value), compression)).rejects.toMatchObject({
    code: 'CONTENT_DAMAGED',
  })
  const rows = value as unknown as StoredSegment['rows']
  await expect(squeeze({ ...segment, ...(rows && { rows }) }, compression)).rejects.toMatchObject({
    code: 'CONTENT_DAMAGED',
  })
})
