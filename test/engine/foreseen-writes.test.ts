import { expect, test } from 'vitest'
import type { CommitRow } from '../../src/core/commit.ts'
import type { RequestId, StreamId, WriterId } from '../../src/core/ids.ts'
import { createForeseenWrites, DOUBT_MS, type Foreseen } from '../../src/engine/foreseen-writes.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'

const WRITER = '8000-000000000001' as WriterId
const STREAM = 's1' as StreamId

function rig() {
  const wall = fakeClock()
  const told: string[] = []
  const shown = new Set([STREAM])
  const writes = createForeseenWrites({
    wall,
    isShown: (stream) => shown.has(stream),
    onChange({ begun, ended }: Foreseen) {
      told.push(...begun.map(({ request }) => `+${request}`), ...ended.map((request) => `-${request}`))
    },
    onClosing: (stream, keys) => void told.push(`close ${stream} ${keys.join()}`),
    read: async (stream) => {
      told.push(`read ${stream}`)
    },
  })
  const say = (number: number, message: Partial<Record<'begun' | 'ended' | 'open', readonly string[]>>) => {
    const { begun = [], ended = [], open = begun } = message
    writes.take({
      type: 'foreseen',
      writer: WRITER,
      number,
      begun: begun.map((request) => ({
        request: request as RequestId,
        stream: STREAM,
        changes: [{ key: 'k', value: 1 }],
      })),
      ended: ended.map((request) => request as RequestId),
      open: open.map((request) => request as RequestId),
    })
  }
  const store = (...requests: string[]) =>
    writes.stored({
      stream: STREAM,
      source: 'tab',
      rows: [
        {
          writer: WRITER,
          requests: Object.fromEntries(requests.map((request) => [request, ''])),
        } as unknown as CommitRow,
      ],
    })
  return { wall, told, shown, writes, say, store }
}

test('TA6 what was stored needs no word; what was refused is taken back', () => {
  const { told, say, store, wall } = rig()
  say(1, { begun: ['a', 'b'] })
  store('a')
  say(2, { ended: ['b'] })
  wall.advance(DOUBT_MS)
  expect(told).toEqual(['+a', '+b', '-b'])
})

test('TA7 an older message that comes late, and one that comes twice, begin nothing', () => {
  const { told, say } = rig()
  say(2, { begun: ['b'] })
  say(1, { begun: ['a'] })
  say(2, { begun: ['b'] })
  expect(told).toEqual(['+b'])
})

test('TA7 a write whose rows were read before its message came is not shown any more', () => {
  const { told, say, store } = rig()
  store('a')
  say(1, { begun: ['a'] })
  expect(told).toEqual([])
})

test('TA7 of a write that a later message does not name the log is read, then it is taken back', async () => {
  const { told, say } = rig()
  say(1, { begun: ['a', 'b'] })
  say(3, { begun: ['c'], open: ['b', 'c'] })
  await expect.poll(() => told).toEqual(['+a', '+b', 'read s1', '+c', '-a'])
})

test('TA7 after ten seconds without a word, and when its worker has ended, the log is read and it is taken back', async () => {
  const { told, say, wall, writes } = rig()
  say(1, { begun: ['a'] })
  wall.advance(DOUBT_MS)
  await expect.poll(() => told).toEqual(['+a', 'read s1', '-a'])
  say(2, { begun: ['b'] })
  writes.gone(WRITER)
  await expect.poll(() => told.slice(3)).toEqual(['+b', 'read s1', '-b'])
})

test('TA7 one that turns out to be stored as the log is read is not taken back', async () => {
  const { told, say, store, wall } = rig()
  say(1, { begun: ['a'] })
  wall.advance(DOUBT_MS)
  store('a')
  await Promise.resolve()
  await Promise.resolve()
  expect(told).toEqual(['+a', 'read s1'])
})

test('TA8 nothing is kept for a stream that no page has open, and of one worker 256 at most', () => {
  const { told, say, shown } = rig()
  shown.clear()
  say(1, { begun: ['a'] })
  expect(told).toEqual([])
  shown.add(STREAM)
  say(2, { begun: Array.from({ length: 300 }, (_, at) => `w${at}`) })
  expect(told.length).toBe(256)
})

test('SC21 the key of a sensitive value of another tab is taken, and shown to nobody', () => {
  const { told, writes } = rig()
  writes.take({
    type: 'foreseen',
    writer: WRITER,
    number: 1,
    begun: [
      { request: 'a' as RequestId, stream: STREAM, changes: [{ key: 'secret', class: 'sensitive' }] },
      {
        request: 'b' as RequestId,
        stream: 'elsewhere' as StreamId,
        changes: [{ key: 'secret', class: 'sensitive' }],
      },
    ],
    ended: [],
    open: ['a' as RequestId, 'b' as RequestId],
  })
  expect(told).toEqual([`close ${STREAM} secret`, 'close elsewhere secret'])
})

test('SC21 such a key is taken also where nothing of its write is shown: too many are foreseen, or it is known or late', () => {
  const { told, writes, say, store } = rig()
  const many = Array.from({ length: 256 }, (_, at) => `w${at}`)
  say(1, { begun: many })
  store('known')
  told.length = 0
  const close = (number: number, request: string) =>
    writes.take({
      type: 'foreseen',
      writer: WRITER,
      number,
      begun: [
        { request: request as RequestId, stream: STREAM, changes: [{ key: request, class: 'sensitive' }] },
      ],
      ended: [],
      open: [...many, request] as RequestId[],
    })
  close(2, 'many')
  close(3, 'known')
  close(1, 'late')
  expect(told).toEqual([`close ${STREAM} many`, `close ${STREAM} known`, `close ${STREAM} late`])
})
