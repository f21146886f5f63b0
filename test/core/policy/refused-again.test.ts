import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import type { HookDefinition } from '../../../src/core/hook/definition.ts'
import type { RequestId } from '../../../src/core/ids.ts'
import { refusalsIn, refusedBefore } from '../../../src/core/refusals.ts'
import { startTab } from './tab.ts'

const reasons = { veto: 'not this one! nor that' }

const hooks = (['event:emit', 'state:write'] as const).map(
  (point) =>
    defineHook({
      id: `veto-${point}`,
      version: 1,
      point,
      stage: 'before',
      run: (given: object) =>
        Object.values(given).includes('secret') ? { kind: 'cancel', reason: reasons.veto } : undefined,
    }) as HookDefinition,
)

const requestId = '0123456789abc-0001-00000000000a' as RequestId

test('PO29 events that were refused are refused alike when the call is sent again: by the limit with all it said, by a hook with its code', async () => {
  const tab = await startTab({ hooks })
  const { id: sessionId } = (await tab.call('sessions.create', { limits: { maxOperations: 2 } })).record
  const datas = ['a', 'secret', 'b', 'c', 'd']
  const input = { sessionId, events: datas.map((data) => ({ type: 'app.worked', data })) }
  const first = await tab.call('timeline.append', input, { requestId })
  await tab.stop()
  const next = await startTab({ hooks, name: tab.name })
  const again = await next.call('timeline.append', input, { requestId, mayRepeat: true })

  const refused = ({ events }: typeof first) => events.map((one) => ('error' in one ? one.error : null))
  const limit = {
    code: 'LIMIT_EXCEEDED',
    message: expect.stringContaining('has used 2 of its maxOperations of 2'),
    details: { sessionId, limit: 'maxOperations', max: 2, used: 2, left: 2 },
  }
  expect(refused(first)).toMatchObject([null, { code: 'HOOK_CANCELLED' }, null, limit, limit])
  expect(refused(again)[1]).toMatchObject({
    code: 'HOOK_CANCELLED',
    message: 'Event 1 was refused when first sent.',
  })
  expect(refused(again).toSpliced(1, 1)).toEqual(refused(first).toSpliced(1, 1))
})

test('PO29 changes of state that were refused are refused alike when the write is sent again', async () => {
  const tab = await startTab({ hooks })
  const limits = { maxOperationsPerMinute: 2 }
  const { id: session } = (await tab.call('sessions.create', { limits })).record
  const changes = ['a', 'b', 'secret', 'c', 'd'].map((value, at) => ({ key: `key-${at}`, value }))
  const input = { target: { session }, changes }
  const first = await tab.call('state.write', input, { requestId })
  await tab.stop()
  const next = await startTab({ hooks, name: tab.name })
  const again = await next.call('state.write', input, { requestId, mayRepeat: true })

  const refused = (written: typeof first) =>
    new Map(written.refused?.map(({ key, error }) => [key, error] as const))
  expect(again.changes).toEqual(first.changes)
  expect([...refused(first).keys()].sort()).toEqual(['key-2', 'key-3', 'key-4'])
  for (const key of ['key-3', 'key-4']) {
    expect(refused(first).get(key)).toMatchObject({ code: 'RATE_LIMITED', details: { retryAfterMs: 30_000 } })
    expect(refused(again).get(key)).toEqual(refused(first).get(key))
  }
  expect(refused(again).get('key-2')).toMatchObject({ code: 'HOOK_CANCELLED' })
})

test('PO29 where an older build kept the places alone, what stood there was refused', () => {
  const refusals = refusalsIn('1,30')
  expect([...refusals.keys()]).toEqual([1, 30])
  expect(refusedBefore(refusals.get(30), 'Event 30')).toMatchObject({ code: 'HOOK_CANCELLED' })
  expect(refusalsIn('').size).toBe(0)
})
