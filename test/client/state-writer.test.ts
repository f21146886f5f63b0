import { expect, test, vi } from 'vitest'
import type { Answer, Connection } from '../../src/client/connection.ts'
import { createHookFrame } from '../../src/client/hook-frame.ts'
import { createStateWriter } from '../../src/client/state-writer.ts'
import type { EventId, RequestId, SessionId } from '../../src/core/ids.ts'
import { Mirror } from '../../src/core/state/mirror.ts'

test('TA14 a page tells of no write while an earlier one of its stream is under way', async () => {
  const told: unknown[] = []
  const stores: (() => void)[] = []
  const write: Connection['write'] = (_target, changes, _options, _frame, tell) => {
    const id = stores.length + 1
    tell?.(`r${id}` as RequestId)
    const answer = { at: `${id}` as EventId, changes } as unknown as Answer<'state.write'>
    return { id, stored: new Promise((resolve) => stores.push(() => resolve(answer))) }
  }
  const set = createStateWriter(
    { write, hookFrame: createHookFrame(), beforeHurry: () => () => {} } as unknown as Connection,
    { session: 's1' as SessionId },
    new Mirror(),
    new Map(),
    () => true,
    (request) => {
      told.push(request)
      return () => {}
    },
  )
  const first = set({ key: 'k', value: 1 }, {}, {})
  await vi.waitUntil(() => stores.length === 1)
  const second = set({ key: 'k', value: 2 }, {}, {})
  await vi.waitUntil(() => stores.length === 2)
  for (const store of stores) store()
  await Promise.all([first, second])
  const third = set({ key: 'k', value: 3 }, {}, {})
  await vi.waitUntil(() => stores.length === 3)
  stores[2]?.()
  await third
  expect(told).toEqual(['r1', 'r3'])
})
