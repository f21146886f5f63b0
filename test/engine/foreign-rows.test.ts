import { expect, test } from 'vitest'
import type { CommitRow } from '../../src/core/commit.ts'
import { clockAt, idAt, type StreamId, type WriterId } from '../../src/core/ids.ts'
import type { Log } from '../../src/core/ports.ts'
import { createForeignRows } from '../../src/engine/foreign-rows.ts'
import type { StreamChange, StreamViews } from '../../src/engine/stream-views.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'

const stream = 's:one' as StreamId

test('TA4 what another tab records in one session comes in its order, also where a later reading ends first', async () => {
  const readings: ((rows: readonly CommitRow[]) => void)[] = []
  const changes: StreamChange[] = []
  const foreign = createForeignRows({
    log: {
      tail: () => new Promise((resolve) => readings.push(resolve)),
    } as Partial<Log> as Log,
    journal: { writer: 'mine' as WriterId },
    generation: 'this',
    clock: { observe: () => {} },
    wall: fakeClock(),
    documents: { has: () => false, receive: () => {} },
    views: { has: () => false, takeForeign: async () => undefined } as Partial<StreamViews> as StreamViews,
    watching: () => [{ take: (change) => changes.push(change) }],
    onWritten: () => {},
    onError: (error) => {
      throw error
    },
  })
  foreign.begin(0)

  foreign.take({ type: 'stored', streams: [[stream, 1]] })
  foreign.take({ type: 'stored', streams: [[stream, 2]] })
  await expect.poll(() => readings.length).toBe(2)
  readings[1]?.([row(2)])
  await new Promise((resolve) => setImmediate(resolve))
  readings[0]?.([row(1)])

  await expect.poll(() => changes.flatMap(({ rows }) => rows.map(({ seq }) => seq))).toEqual([1, 2])
  foreign.stop()
})

function row(seq: number): CommitRow {
  const hlc = clockAt(seq)
  const writer = 'AAAAAAAA' as WriterId
  return { seq, stream, hlc, commitId: idAt(hlc, writer), writer, n: seq, requests: {}, events: [] }
}
