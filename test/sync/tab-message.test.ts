import { expect, test } from 'vitest'
import { parseTabMessage } from '../../src/sync/tab-message.ts'

const foreseen = {
  type: 'foreseen',
  writer: '8000-000000000001',
  number: 1,
  begun: [{ request: 'r1', stream: 's1', changes: [{ key: 'k', value: 1 }] }],
  ended: ['r0'],
  open: ['r1'],
}

test('TA9 a message of the first build, which names streams alone, is understood', () => {
  expect(parseTabMessage({ type: 'stored', streams: [['s1', 3]] })).toEqual({
    type: 'stored',
    streams: [['s1', 3]],
  })
})

test('TA9 each message comes through as it was sent, and as a copy', () => {
  const messages = [
    { type: 'stored', streams: [['s1', 3]], rows: [[3, 4]] },
    { type: 'stored', streams: [['s1', 3]], rows: [[3, 3]], carried: { generation: 'g', rows: [[3, {}]] } },
    foreseen,
    { type: 'present', writer: '8000-000000000001', answer: true },
    { type: 'ping', id: 'p', to: 'steward' },
    { type: 'pong', id: 'p' },
  ]
  for (const message of messages) {
    const parsed = parseTabMessage(message)
    expect(parsed).toEqual(message)
    expect(parsed).not.toBe(message)
  }
})

test('TA9 what another tab should not say is passed over', () => {
  const wrong: unknown[] = [
    null,
    'stored',
    {},
    { type: 'later' },
    { type: 'stored' },
    { type: 'stored', streams: 's1' },
    { type: 'stored', streams: [['s1']] },
    { type: 'stored', streams: [['s1', 0]] },
    { type: 'stored', streams: [[1, 1]] },
    { type: 'stored', streams: [], rows: [[4, 3]] },
    { type: 'stored', streams: [], rows: [[4]] },
    { type: 'stored', streams: [], rows: [], carried: null },
    { type: 'stored', streams: [], rows: [], carried: { rows: [] } },
    { type: 'stored', streams: [], rows: [], carried: { generation: 'g', rows: {} } },
    { type: 'stored', streams: [], rows: [], carried: { generation: 'g', rows: [[0, {}]] } },
    { type: 'stored', streams: [], rows: [], carried: { generation: 'g', rows: [[1, 'row']] } },
    { type: 'stored', streams: [], rows: [], carried: { generation: 'g', rows: [null] } },
    { type: 'stored', streams: Array.from({ length: 10_001 }, () => ['s', 1]) },
    { ...foreseen, writer: '' },
    { ...foreseen, number: 1.5 },
    { ...foreseen, begun: [null] },
    { ...foreseen, begun: [{ request: 'r', stream: 's', changes: [{ key: '__proto__', value: 1 }] }] },
    { ...foreseen, begun: [{ request: 'r', stream: 's', changes: [{ key: 'k', value: () => 1 }] }] },
    { ...foreseen, ended: [1] },
    { ...foreseen, open: undefined },
    { type: 'present', writer: 1 },
    { type: 'ping', id: '', to: 'steward' },
    { type: 'pong' },
  ]
  for (const message of wrong) expect(parseTabMessage(message), JSON.stringify(message)).toBeUndefined()
})
