import { expect, test } from 'vitest'
import {
  clockAt,
  documentStream,
  idAt,
  type SessionId,
  type StreamId,
  type WriterId,
} from '../../src/core/ids.ts'
import { carriedForm, readCarried } from '../../src/storage/carried-form.ts'
import { toCommitRow } from '../../src/storage/commit-rows.ts'
import { writeForm } from '../../src/storage/row-form.ts'
import type { StoredCommit } from '../../src/storage/schema.ts'

const WRITER = '8000-000000000001' as WriterId

function row(streamId: string, updateBytes: number, data: unknown = 'said'): StoredCommit {
  const hlc = clockAt(1)
  return {
    streamId: streamId as StreamId,
    hlc,
    writer: WRITER,
    n: 1,
    refs: [],
    body: {
      commitId: idAt(hlc, WRITER),
      requests: {},
      events: [{ id: idAt(hlc, WRITER), type: 'it.was', data, correlationId: 'c' as never } as never],
      update: new Uint8Array(updateBytes),
    },
  }
}

const carried = (stored: StoredCommit) => carriedForm(writeForm(stored, 100))

test('TA15 a small row is carried as it is stored, and read as it was; a large one and those of app documents are not', () => {
  const small = row('s1', 3_000)
  const form = carried(small)
  if (form === undefined) throw new Error('not carried')
  expect(readCarried(structuredClone(form), 7)).toEqual(toCommitRow(small, 7))
  expect(carried(row('s1', 4_096))).toBeUndefined()
  expect(carried(row(documentStream('s1' as SessionId, 'notes'), 10))).toBeUndefined()
  // What JSON would not give back.
  expect(carried(row('s1', 10, new Uint8Array(1)))).toBeUndefined()
})

test('TA15 what is no whole row is none, whatever it is', () => {
  const form = carried(row('s1', 10)) ?? {}
  const round: Record<string, unknown> = { sum: 1 }
  round.round = round
  const { sum: _, ...unsummed } = form
  for (const wrong of [
    {},
    { sum: 1 },
    round,
    unsummed,
    { ...form, n: 2 },
    { ...form, body: new Uint8Array(3) },
  ])
    expect(readCarried(wrong, 1)).toBeUndefined()
})
