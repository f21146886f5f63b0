import { expect, test } from 'vitest'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import type { CheckpointId, EventId } from '../../../src/core/ids.ts'
import { valuesOf } from '../../../src/core/state/fold.ts'
import { created, eventsOf, openTab, put, refusal, reopen, stateOf } from './rig.ts'

test('SE29 a restore to an event takes the state back to what it was right after it', async () => {
  const told: unknown[] = []
  const hook = defineHook({
    id: 'told',
    version: 1,
    point: 'session:restore',
    stage: 'before',
    run: ({ input }) => {
      told.push(input)
      return undefined
    },
  })
  const tab = await openTab({ hooks: [hook] })
  const id = await created(tab, { state: { a: 1, b: 1 } })
  await put(tab, id, { a: 2 })
  const moment = (await eventsOf(tab, id)).at(-1)?.id as EventId
  await put(tab, id, { a: 3, b: undefined, c: 1 })
  const { entries } = await tab.sessions.restore(tab.request(), { id, event: moment })
  expect(valuesOf(entries)).toEqual({ a: 2, b: 1 })
  expect(told).toEqual([{ event: moment }])
  expect((await eventsOf(tab, id)).find(({ type }) => type === 'session.restored')).toMatchObject({
    data: { eventId: moment, changes: [{ key: 'c' }, { key: 'a', value: 2 }, { key: 'b', value: 1 }] },
  })
  const again = await reopen(tab)
  expect(await stateOf(again, id)).toEqual({ a: 2, b: 1 })
})

test('SE29 an event of another session is EVENT_NOT_FOUND, two goals are INVALID_ARGUMENT', async () => {
  const tab = await openTab()
  const [id, other] = [await created(tab), await created(tab)]
  const event = (await eventsOf(tab, other)).at(-1)?.id as EventId
  await refusal(tab.sessions.restore(tab.request(), { id, event }), 'EVENT_NOT_FOUND')
  const both = { id, event, checkpoint: 'c' as CheckpointId }
  await refusal(tab.sessions.restore(tab.request(), both), 'INVALID_ARGUMENT')
})
