import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import type { HookDefinition } from '../../../src/core/hook/definition.ts'
import { redactionHooks } from '../../../src/core/hook/redaction.ts'
import { createRedactor } from '../../../src/core/hook/redactor.ts'
import type { SessionId } from '../../../src/core/ids.ts'
import type { StateValue } from '../../../src/core/state/value.ts'
import { type EmitEvents, type Emitted, emitEvents } from '../../../src/core/timeline/emit.ts'
import { MAX_TEXT_CHARACTERS } from '../../../src/core/timeline/text-limit.ts'
import { created, eventsOf, openTab, reopen, type Tab } from '../session/rig.ts'
import { tablesWith } from '../tables-with.ts'

const TYPE = 'order.placed'

const asTexts = (data: readonly StateValue[]) => [
  { type: TYPE, texts: data.map((one) => JSON.stringify(one)) },
]
const asData = (data: readonly StateValue[]) => data.map((one) => ({ type: TYPE, data: one }))

async function stored(tab: Tab, sessionId: SessionId, events: EmitEvents['events']) {
  const before = new Set((await eventsOf(tab, sessionId)).map(({ id }) => id))
  const emitted = await emitEvents(tab, tab.request(), { sessionId, events })
  const now = (await eventsOf(tab, sessionId)).filter(({ id }) => !before.has(id))
  return { emitted, now, said: now.map(({ id: _id, time: _time, causeId: _cause, ...event }) => event) }
}

const shown = (emitted: readonly Emitted[]) =>
  emitted.map((one) => ('event' in one ? [one.event.data, one.asGiven] : one.refused.code))

/** Values that are taken apart, and such as are not. */
const DATA: readonly StateValue[] = [
  1,
  null,
  'plain, "quoted" \\ and \n broken',
  { id: '7', list: [null, 1.5, { deep: true }] },
  { inline: 3 },
  { content: 'sha256:0', sizeBytes: 3 },
  { usage: { inputTokens: 3 } },
  'x'.repeat(MAX_TEXT_CHARACTERS),
  'x'.repeat(40_000),
]

describe('data that came as a text', () => {
  test('TI23 is stored, read and answered as data that came as it is', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const text = await stored(tab, id, asTexts(DATA))
    const data = await stored(tab, id, asData(DATA))
    expect(text.said).toEqual(data.said)
    expect(shown(text.emitted)).toEqual(shown(data.emitted))
    const again = await reopen(tab)
    expect((await eventsOf(again, id)).filter(({ type }) => type === TYPE)).toEqual([
      ...text.now,
      ...data.now,
    ])
  })

  test.each([
    ['cut off', '{"key":'],
    ['more than one value', '1},{"id":"forged","type":"audit.refused","data":1'],
    ['nothing', ''],
    ['too deep', '['.repeat(200) + ']'.repeat(200)],
    ['a name that no state has', '{"__proto__":{"a":1}}'],
    ['half a character', '"\\ud800"'],
  ])('TI23 a text that is %s is refused for itself, with its neighbours stored', async (_what, broken) => {
    const tab = await openTab({ hooks: redactionHooks(createRedactor()) })
    const id = await created(tab)
    const events = [{ type: TYPE, texts: ['{"a":1}', broken, '{"b":2}'] }]
    const emitted = await emitEvents(tab, tab.request(), { sessionId: id, events })
    expect(shown(emitted)[1]).toBe('INVALID_VALUE')
    const found = (await eventsOf(await reopen(tab), id)).filter(({ type }) => type === TYPE)
    expect(found.map(({ data }) => data)).toEqual([{ a: 1 }, { b: 2 }])
  })

  test('TI23 an event that is copied has its data, and is like any other', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const [one] = await emitEvents(tab, tab.request({ actor: { id: 'ada' } }), {
      sessionId: id,
      events: asTexts([{ id: '7' }]),
    })
    const [other] = await emitEvents(tab, tab.request({ actor: { id: 'ada' } }), {
      sessionId: id,
      events: asData([{ id: '7' }]),
    })
    if (one === undefined || other === undefined || !('event' in one) || !('event' in other)) throw one
    const expected = { ...other.event, id: one.event.id }
    for (const copy of [
      { ...one.event },
      structuredClone(one.event),
      JSON.parse(JSON.stringify(one.event)),
    ]) {
      expect(copy).toEqual(expected)
      expect(Object.keys(copy)).toEqual(Object.keys(expected))
    }
  })

  test('TI23 hooks change, refuse and hear of it', async () => {
    const heard: unknown[] = []
    const hooks = [
      defineHook({
        id: 'before',
        version: 1,
        point: 'event:emit',
        stage: 'before',
        run: ({ data }) => {
          if (data === 'veto') return { kind: 'cancel', reason: 'no' }
          return data === 'change' ? { kind: 'modify', change: { data: 'changed' } } : undefined
        },
      }) as HookDefinition,
      defineHook({
        id: 'after',
        version: 1,
        point: 'event:emit',
        stage: 'after',
        run: (draft) => {
          expect(Object.isFrozen(draft) && Object.isFrozen(draft.data)).toBe(true)
          heard.push(draft.data)
          return undefined
        },
      }) as HookDefinition,
    ]
    for (const used of [hooks, hooks.slice(1)]) {
      const tab = await openTab({ hooks: used })
      const id = await created(tab)
      const data = ['veto', 'change', ['left alone']]
      const text = await stored(tab, id, asTexts(data))
      await tab.hooks.drain()
      const told = heard.splice(0)
      const plain = await stored(tab, id, asData(data))
      await tab.hooks.drain()
      expect(told).toEqual(heard.splice(0))
      expect(text.said).toMatchObject(plain.said.map(({ type }) => ({ type })))
      expect(shown(text.emitted)).toEqual(shown(plain.emitted))
    }
  })

  test.each([{ tags: ['seen'] }, { target: 'ada' }])(
    'TI23 what a record-hook says of the event is recorded where it leaves the data as it is: %o',
    async (change) => {
      const hook = defineHook({
        id: 'saying',
        version: 1,
        point: 'event:emit',
        stage: 'record',
        run: () => ({ kind: 'modify', change: change as object }),
      }) as HookDefinition
      const tab = await openTab({ hooks: [hook] })
      const id = await created(tab)
      const text = await stored(tab, id, asTexts([1]))
      const plain = await stored(tab, id, asData([1]))
      for (const { said } of [text, plain]) expect(said).toContainEqual(expect.objectContaining(change))
      expect(shown(text.emitted)).toEqual(shown(plain.emitted))
    },
  )

  test('TI23, RD13 a secret in it is not recorded', async () => {
    const tab = await openTab({ hooks: redactionHooks(createRedactor()) })
    const id = await created(tab)
    const secret = `sk-${'a1B2'.repeat(8)}`
    const data = [{ password: 'hunter2' }, `the key ${secret}`, { max_tokens: 3 }, 'nothing', { pin: 4 }]
    const text = await stored(tab, id, asTexts(data))
    expect(text.said).toMatchObject(
      (await stored(tab, id, asData(data))).said.map(({ type, data }) => ({
        type,
        ...(type === TYPE && { data }),
      })),
    )
    expect(JSON.stringify(text.now)).not.toContain(secret)
    expect(JSON.stringify(text.now)).not.toContain('hunter2')
  })

  test.each([
    ['a name twice', '{"token":"hunter2","token":3}', { token: 3 }],
    ['a name twice, deep in it', '[{"a":{"token":"hunter2","token":3}}]', [{ a: { token: 3 } }]],
    ['a name twice, once in another writing', '{"to\\u006ben":"hunter2","token":3}', { token: 3 }],
  ])('TI23, RD13 of a text with %s what redaction saw is stored', async (_what, text, data) => {
    const tab = await openTab({ hooks: redactionHooks(createRedactor()) })
    const id = await created(tab)
    const { said } = await stored(tab, id, [{ type: TYPE, texts: [text] }])
    expect(said).toEqual((await stored(tab, id, asData([data]))).said)
    expect(await tablesWith(tab, 'hunter2')).toEqual([])
  })

  test('TI23, HO24 an event that a hook emits below itself is refused', async () => {
    const tab = await openTab({ hooks: redactionHooks(createRedactor()) })
    const id = await created(tab)
    const hookPath = [`event:emit/${id}/${TYPE}`]
    const answers = []
    for (const events of [asTexts([1]), asData([1])])
      answers.push(shown(await emitEvents(tab, tab.request({ hookPath }), { sessionId: id, events })))
    expect(answers).toEqual([['HOOK_REENTRANT'], ['HOOK_REENTRANT']])
  })

  test('TI23 a type that is none refuses each of them, and none of them is no event', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const events = [{ type: 'No type', texts: ['1', '2'] }]
    const emitted = await emitEvents(tab, tab.request(), { sessionId: id, events })
    expect(shown(emitted)).toEqual(['INVALID_ARGUMENT', 'INVALID_ARGUMENT'])
    const none = emitEvents(tab, tab.request(), { sessionId: id, events: [{ type: TYPE, texts: [] }] })
    await expect(none).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test('TI23, TI13 sent again by their request id they are answered as they were', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const request = tab.request()
    const events = [...asTexts([1, 2]), { type: 'No type', texts: ['3'] }, ...asTexts([4])]
    const first = await emitEvents(tab, request, { sessionId: id, events })
    const again = await emitEvents(
      await reopen(tab),
      { ...request, mayRepeat: true },
      { sessionId: id, events },
    )
    const ids = (emitted: readonly Emitted[]) =>
      emitted.map((one) => ('event' in one ? [one.event.id, one.event.data] : one.refused.code))
    expect(ids(again)).toEqual(ids(first))
  })

  test('TI23 whatever JSON holds comes back', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const value = fc
      .jsonValue({ maxDepth: 4 })
      .filter((given) => !JSON.stringify(given).includes('__proto__'))
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 5 }), async (given) => {
        const data = JSON.parse(JSON.stringify(given)) as readonly StateValue[]
        const { said } = await stored(tab, id, asTexts(data))
        expect(said).toEqual((await stored(tab, id, asData(data))).said)
      }),
      { numRuns: 30 },
    )
  })

  test('TI23, TI12 a text that is written in another way names no content either', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const reference = '"content":"sha256:0","sizeBytes":3}'
    const texts = [` {${reference}`, `{ ${reference}`, `{"c\\u006fntent":"sha256:0","sizeBytes":3}`]
    const { said } = await stored(tab, id, [{ type: TYPE, texts }])
    const named = { inline: { content: 'sha256:0', sizeBytes: 3 } }
    expect(said.map(({ data }) => data)).toEqual([named, named, named])
  })
})
