import { expect, test } from 'vitest'
import type { CommitRow } from '../../src/core/commit.ts'
import type { RequestId, StreamId, WriterId } from '../../src/core/ids.ts'
import type { TabMessage } from '../../src/sync/tab-message.ts'
import { createTabs } from '../../src/sync/tabs.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'

const WRITER = '8000-000000000001' as WriterId

function rig() {
  const wall = fakeClock()
  const posted: TabMessage[] = []
  const tabs = createTabs(
    { post: (message) => posted.push(message as TabMessage), listen: () => () => {}, close: () => {} },
    wall,
    { writer: WRITER, generation: 'this' },
  )
  return { wall, posted, tabs }
}

/** The turns of the microtask queue that are to come. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function row(stream: string, seq: number): CommitRow {
  return { stream, seq } as CommitRow
}

function write(request: string) {
  return { request: request as RequestId, stream: 's1' as StreamId, changes: [{ key: 'k', value: 1 }] }
}

test('TA4, EN10: what is stored first is told at once, a burst after it 2 ms later', () => {
  const { wall, posted, tabs } = rig()
  tabs.announce([row('s1', 5)])
  expect(posted).toEqual([{ type: 'stored', streams: [['s1', 5]], rows: [[5, 5]] }])
  for (const seq of [6, 7, 9]) tabs.announce([row(seq === 9 ? 's2' : 's1', seq)])
  wall.advance(1)
  expect(posted.length).toBe(1)
  wall.advance(1)
  expect(posted.slice(1)).toEqual([
    {
      type: 'stored',
      streams: [
        ['s1', 6],
        ['s2', 9],
      ],
      rows: [
        [6, 7],
        [9, 9],
      ],
    },
  ])
})

test('TA6 a write is foreseen until it is stored or refused; one that was over before it could be told is not told', async () => {
  const { wall, posted, tabs } = rig()
  tabs.foresee(write('quick'))
  tabs.settle('quick' as RequestId, true)
  await turn()
  expect(posted).toEqual([])

  for (const request of ['stored', 'refused']) tabs.foresee(write(request))
  wall.advance(2)
  tabs.settle('stored' as RequestId, true)
  wall.advance(2)
  tabs.settle('refused' as RequestId, false)
  await turn()
  expect(posted).toEqual([
    {
      type: 'foreseen',
      writer: WRITER,
      number: 1,
      begun: [write('stored'), write('refused')],
      ended: [],
      open: ['stored', 'refused'],
    },
    { type: 'foreseen', writer: WRITER, number: 2, begun: [], ended: ['refused'], open: [] },
  ])
})

test('TA6 what is stored is told at once, though it was foreseen a moment before', async () => {
  const { wall, posted, tabs } = rig()
  tabs.foresee(write('one'))
  await turn()
  wall.advance(1)
  tabs.settle('one' as RequestId, true)
  tabs.announce([row('s1', 5)])
  expect(posted.map(({ type }) => type)).toEqual(['foreseen', 'stored'])
})

test('TA15 a message carries its rows where all of them have a form and they are few', () => {
  const { wall, posted, tabs } = rig()
  const form = { of: 'a row' }
  const carriedOf = (message: TabMessage | undefined) => message?.type === 'stored' && message.carried
  const announce = (count: number, last: typeof form | null = form) => {
    const rows = Array.from({ length: count }, (_, at) => row('s1', at + 1))
    tabs.announce(rows, [...rows.slice(1).map(() => form), last ?? undefined])
    wall.advance(2)
    return carriedOf(posted.at(-1))
  }
  expect(announce(2)).toEqual({
    generation: 'this',
    rows: [
      [1, form],
      [2, form],
    ],
  })
  expect(announce(8)).toMatchObject({ rows: { length: 8 } })
  expect(announce(9)).toBeUndefined()
  expect(announce(2, null)).toBeUndefined()
  tabs.announce([row('s1', 1)])
  wall.advance(2)
  expect(carriedOf(posted.at(-1))).toBeUndefined()
  expect(announce(1)).toMatchObject({ rows: { length: 1 } })
})
