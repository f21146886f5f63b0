import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { holdEvents } from '../../../src/core/app/held-event.ts'
import type { Operation } from '../../../src/core/commit.ts'
import { createError } from '../../../src/core/errors.ts'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import type { HookDefinition } from '../../../src/core/hook/definition.ts'
import { type SessionId, sessionStream } from '../../../src/core/ids.ts'
import type { StateValue } from '../../../src/core/state/value.ts'
import { RESERVED_EVENT_PREFIXES } from '../../../src/core/timeline/catalog.ts'
import { type EmitEvent, type Emitted, emitEvent, emitEvents } from '../../../src/core/timeline/emit.ts'
import { recordedOfData } from '../../../src/core/timeline/event-data.ts'
import { created, eventsOf, openTab, refusal, reopen, type Tab, typesOf } from '../session/rig.ts'

function emit(tab: Tab, sessionId: SessionId, input: Partial<EmitEvent> = {}, request = tab.request()) {
  return emitEvent(tab, request, { sessionId, type: 'order.placed', data: { id: '7' }, ...input })
}

describe('emit', () => {
  test('TI2 an event of the app is recorded as it was given, also after a restart', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const request = tab.request({ actor: { id: 'ada' } })
    const event = await emit(
      tab,
      id,
      { data: { id: '7', bytes: new Uint8Array([1]), list: [null, 1.5] } },
      request,
    )
    expect(event).toMatchObject({
      type: 'order.placed',
      data: { id: '7', bytes: new Uint8Array([1]), list: [null, 1.5] },
      sessionId: id,
      time: tab.wall.now(),
      actor: { id: 'ada' },
      source: 'local',
    })
    const again = await reopen(tab)
    expect((await eventsOf(again, id)).at(-1)).toEqual(event)
  })

  test.each(['a', 'order.placed', 'a-b.c_d.9', '9', 'sessions.x', 'x'.repeat(128)])(
    'TI2 %s is a type',
    async (type) => {
      const tab = await openTab()
      const id = await created(tab)
      expect((await emit(tab, id, { type })).type).toBe(type)
    },
  )

  test.each([
    '',
    'Order.placed',
    'order..placed',
    '.order',
    'order.',
    'order placed',
    'ärger',
    'a/b',
    'a\n',
    'x'.repeat(129),
    7,
    null,
  ])('TI2 %j is no type', async (type) => {
    const tab = await openTab()
    const id = await created(tab)
    const error = await refusal(emit(tab, id, { type: type as string }), 'INVALID_ARGUMENT')
    expect(error.details).toMatchObject({ path: 'type', type })
    expect(await typesOf(tab, id)).toEqual(['session.created'])
  })

  test.each(RESERVED_EVENT_PREFIXES)('TI3 types that begin with %s are Holdfast’s own', async (prefix) => {
    const tab = await openTab()
    const id = await created(tab)
    const error = await refusal(emit(tab, id, { type: `${prefix}faked` }), 'INVALID_ARGUMENT')
    expect(error.details.reserved).toBe(prefix)
    expect(await typesOf(tab, id)).toEqual(['session.created'])
  })

  test('TI2 data that cannot be kept is refused, naming the path', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const bad = (data: unknown) => emit(tab, id, { data: data as StateValue })
    expect((await refusal(bad({ when: new Date() }), 'INVALID_VALUE')).details.path).toBe('data.when')
    expect((await refusal(bad(undefined), 'INVALID_VALUE')).details.path).toBe('data')
    await refusal(bad('x'.repeat(70_000)), 'VALUE_TOO_LARGE')
    await refusal(emit(tab, id, { durability: 'later' as never }), 'INVALID_ARGUMENT')
    expect(await typesOf(tab, id)).toEqual(['session.created'])
  })

  test('TI10 events are relaxed unless told otherwise', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const asked: (string | undefined)[] = []
    const spied: Tab = {
      ...tab,
      journal: {
        ...tab.journal,
        commit<R>(operation: Operation<R>) {
          asked.push(operation.durability)
          return tab.journal.commit(operation)
        },
      },
    }
    await emit(spied, id)
    await emit(spied, id, { durability: 'strict' })
    expect(asked).toEqual(['relaxed', 'strict'])
  })

  test('TI11 data over 32 KB stands in a content, which goes with the session', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const data = { text: 'y'.repeat(40_000) }
    const event = await emit(tab, id, { data })
    const again = await reopen(tab)
    const stored = (await eventsOf(again, id)).at(-1)
    expect(stored).toEqual(event)
    expect(JSON.stringify(stored?.data).length).toBeLessThan(200)
    const recorded = recordedOfData(stored?.data as StateValue)
    expect(await again.artifacts.readValue(recorded)).toEqual(data)
    await again.sessions.delete(again.request(), { id })
    expect(await again.connection.db.contents.count()).toBe(0)
    expect(await again.connection.db.chunks.count()).toBe(0)
  })

  test('TI11 small data that looks like a content is read back as itself', async () => {
    const tab = await openTab()
    const id = await created(tab)
    for (const data of [{ content: 'sha256:00', sizeBytes: 7 }, { inline: 1 }]) {
      const event = await emit(tab, id, { data })
      expect(await tab.artifacts.readValue(recordedOfData(event.data as StateValue))).toEqual(data)
    }
  })

  test.each(['message.added', 'model.changed'])(
    'TI12 a %s of the app that copies what an import recorded takes no content with it',
    async (type) => {
      const tab = await openTab()
      const [id, other] = [await created(tab), await created(tab)]
      const text = 'y'.repeat(40_000)
      const { content, sizeBytes } = (await emit(tab, id, { data: text })).data as Record<string, StateValue>
      const data = { role: 'user', content: null, large: { content: { content, sizeBytes } } } as StateValue
      expect((await emit(tab, other, { type, data })).data).toEqual(data)
      await tab.sessions.delete(tab.request(), { id: other })
      const [kept] = (await eventsOf(tab, id)).slice(-1)
      expect(await tab.artifacts.readValue(recordedOfData(kept?.data as StateValue))).toBe(text)
    },
  )

  test('TI11 large data of an event that is refused leaves nothing behind', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const failing: Tab = {
      ...tab,
      journal: { ...tab.journal, commit: async () => Promise.reject(createError('QUOTA_EXCEEDED', 'full')) },
    }
    await refusal(emit(failing, id, { data: 'z'.repeat(60_000) }), 'QUOTA_EXCEEDED')
    expect(await tab.connection.db.chunks.count()).toBe(0)
    expect(await tab.connection.db.contents.count()).toBe(0)
  })

  test('TI10 before-hooks change or veto an event, record-hooks shape what is written, after-hooks see it', async () => {
    const heard: unknown[] = []
    const hooks = [
      defineHook({
        id: 'before',
        version: 1,
        point: 'event:emit',
        stage: 'before',
        when: { names: ['order.*'] },
        run: ({ data }) => {
          if (data === 'veto') return { kind: 'cancel', reason: 'no' }
          return { kind: 'modify', change: { data: { was: data } } }
        },
      }) as HookDefinition,
      defineHook({
        id: 'record',
        version: 2,
        point: 'event:emit',
        stage: 'record',
        run: ({ data }) => ({ kind: 'modify', change: { data: [data, 'recorded'] } }),
      }) as HookDefinition,
      defineHook({
        id: 'after',
        version: 1,
        point: 'event:emit',
        stage: 'after',
        run: ({ type, data }) => {
          heard.push([type, data])
          return undefined
        },
      }) as HookDefinition,
    ]
    const tab = await openTab({ hooks })
    const id = await created(tab)
    const event = await emit(tab, id, { data: 1 })
    expect(event.data).toEqual([{ was: 1 }, 'recorded'])
    const ran = (await eventsOf(tab, id)).filter(({ type }) => type === 'hook.ran')
    expect(ran).toMatchObject([
      { causeId: event.id, data: { point: 'event:emit', stage: 'before', runs: [{ hook: 'before@1' }] } },
      { causeId: event.id, data: { point: 'event:emit', stage: 'record', runs: [{ hook: 'record@2' }] } },
    ])
    expect((await emit(tab, id, { type: 'parcel.sent', data: 1 })).data).toEqual([1, 'recorded'])

    const error = await refusal(emit(tab, id, { data: 'veto' }), 'HOOK_CANCELLED')
    expect(error.details.reason).toBe('no')
    await tab.hooks.drain()
    expect(heard).toEqual([
      ['order.placed', [{ was: 1 }, 'recorded']],
      ['parcel.sent', [1, 'recorded']],
    ])
  })

  test('TI10 a hook that makes data which cannot be kept refuses the event', async () => {
    const spoil = defineHook({
      id: 'spoil',
      version: 1,
      point: 'event:emit',
      stage: 'before',
      run: () => ({ kind: 'modify', change: { data: 'x'.repeat(70_000) } }),
    })
    const tab = await openTab({ hooks: [spoil as HookDefinition] })
    const id = await created(tab)
    expect((await refusal(emit(tab, id), 'HOOK_FAILED')).cause).toMatchObject({ code: 'VALUE_TOO_LARGE' })
    expect(await typesOf(tab, id)).toEqual(['session.created'])
  })

  test('TI22 what a hook makes of a declared event is held to its schema', async () => {
    let made: StateValue | undefined
    const change = defineHook({
      id: 'change',
      version: 1,
      point: 'event:emit',
      stage: 'before',
      run: () => (made === undefined ? undefined : { kind: 'modify', change: { data: made } }),
    })
    const holdEvent = holdEvents({
      'order.placed': z.object({ id: z.string(), note: z.string().default('none') }),
      'order.counted': z.string().transform(Number),
    })
    const tab = { ...(await openTab({ hooks: [change as HookDefinition] })), holdEvent }
    const id = await created(tab)
    const given = { id: '7', note: 'mine' }

    expect((await emit(tab, id, { data: { id: 7 } })).data).toEqual({ id: 7 })
    made = { id: '8' }
    expect((await emit(tab, id, { data: given })).data).toEqual({ id: '8', note: 'none' })
    made = { id: 8 }
    const error = await refusal(emit(tab, id, { data: given }), 'HOOK_FAILED')
    expect(error.cause).toMatchObject({ code: 'SCHEMA_INVALID', details: { issues: [{ path: 'id' }] } })
    expect((await emit(tab, id, { type: 'order.free', data: given })).data).toEqual({ id: 8 })
    expect((await emit(tab, id, { type: 'order.counted', data: 7 })).data).toEqual({ id: 8 })
  })

  test('SE25 an event sent twice with one request id is recorded once', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const request = tab.request()
    const first = await emit(tab, id, {}, request)
    expect(await emit(tab, id, {}, { ...request, mayRepeat: true })).toEqual(first)
    expect(await typesOf(tab, id)).toEqual(['session.created', 'order.placed'])
  })

  test('SE20 usage of messages that the app records is counted', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const data = {
      role: 'assistant',
      content: 'hi',
      usage: { inputTokens: 10, outputTokens: 5, costUsd: 0.01 },
    }
    await emit(tab, id, { type: 'message.added', data })
    const { counters } = (await tab.sessions.open(tab.request(), { id })).record
    expect(counters.usage).toMatchObject({ inputTokens: 10, outputTokens: 5, costUsd: 0.01 })
  })
})

describe('events emitted together', () => {
  const EVENTS = [
    { type: 'order.placed', data: 1 },
    { type: 'No type', data: 2 },
    { type: 'order.placed', data: 'x'.repeat(40_000) },
    { type: 'order.secret', data: 4 },
    { type: 'order.paid', data: 5 },
  ]
  const veto: HookDefinition = defineHook({
    id: 'veto',
    version: 1,
    point: 'event:emit',
    stage: 'before',
    run: ({ type }) => (type === 'order.secret' ? { kind: 'cancel', reason: 'no' } : undefined),
  })
  const shown = (emitted: readonly Emitted[]) =>
    emitted.map((one) => ('event' in one ? one.event.id : one.refused.code))

  test('TI13 they land in one commit, each refused for itself, and are answered alike when sent again', async () => {
    const tab = await openTab({ hooks: [veto] })
    const id = await created(tab)
    const request = tab.request()
    const before = (await tab.log.tail(sessionStream(id), 0)).length
    const emitted = await emitEvents(tab, request, { sessionId: id, events: EVENTS })
    const [first, , second, , third] = shown(emitted)
    expect(shown(emitted)).toEqual([first, 'INVALID_ARGUMENT', second, 'HOOK_CANCELLED', third])
    expect(await tab.log.tail(sessionStream(id), 0)).toHaveLength(before + 1)
    const own = (await eventsOf(tab, id)).filter(({ type }) => type.startsWith('order.'))
    expect(own.map((event) => event.id)).toEqual([first, second, third])
    // In the same millisecond, by another request: it is no part of the first one.
    await emit(tab, id, { type: 'order.late' })

    const again = { ...request, mayRepeat: true }
    const repeated = await emitEvents(await reopen(tab), again, { sessionId: id, events: EVENTS })
    expect(shown(repeated)).toEqual(shown(emitted))
  })

  test('TI13 where all are refused nothing is stored', async () => {
    const tab = await openTab({ hooks: [veto] })
    const id = await created(tab)
    const before = await eventsOf(tab, id)
    const events = [{ type: 'order.secret', data: 1 }]
    expect(shown(await emitEvents(tab, tab.request(), { sessionId: id, events }))).toEqual(['HOOK_CANCELLED'])
    expect(await eventsOf(tab, id)).toEqual(before)
    await refusal(emitEvents(tab, tab.request(), { sessionId: id, events: [] }), 'INVALID_ARGUMENT')
  })
})
