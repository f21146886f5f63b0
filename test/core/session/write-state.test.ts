import { describe, expect, test } from 'vitest'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import type { HookDefinition } from '../../../src/core/hook/definition.ts'
import type { CorrelationId, EventId, SessionId, StreamId } from '../../../src/core/ids.ts'
import { valuesOf } from '../../../src/core/state/fold.ts'
import { entriesOf } from '../../../src/core/state/packed-entries.ts'
import type { StateChange } from '../../../src/core/timeline/catalog.ts'
import { countCommits } from '../../storage/rig.ts'
import { created, createdAs, eventsOf, move, openTab, refusal, reopen, type Tab, typesOf } from './rig.ts'

function write(tab: Tab, session: SessionId, changes: readonly StateChange[], more = {}) {
  return tab.sessions.writeState(tab.request(), { target: { session }, changes, ...more })
}

async function stateOf(tab: Tab, session: SessionId) {
  return valuesOf(entriesOf(await tab.sessions.openState(tab.request(), { session })))
}

/** Refuses secrets, doubles numbers, deletes what is `false`. */
const judge = defineHook({
  id: 'judge',
  version: 1,
  point: 'state:write',
  stage: 'before',
  run: ({ key, value }) => {
    if (key.startsWith('secret')) return { kind: 'cancel', reason: `no ${key}` }
    if (typeof value === 'number') return { kind: 'modify', change: { value: value * 2 } }
    return undefined
  },
})

describe('state writes', () => {
  test('SE22 what was written is there after a restart, and a change without a value deletes (origin 5)', async () => {
    const tab = await openTab()
    const id = await created(tab)
    await write(tab, id, [
      { key: 'a', value: 1 },
      { key: 'b', value: { deep: [new Uint8Array([1])] } },
    ])
    await write(tab, id, [{ key: 'a' }, { key: 'c', value: null }])
    const again = await reopen(tab)
    expect(await stateOf(again, id)).toEqual({ b: { deep: [new Uint8Array([1])] }, c: null })
  })

  test('SE22 a key is data, also when it is the name of what every object has', async () => {
    const tab = await openTab()
    const id = await created(tab)
    await write(tab, id, [
      { key: 'constructor', value: 1 },
      { key: 'toString', value: 2 },
    ])
    expect(await stateOf(await reopen(tab), id)).toEqual({ constructor: 1, toString: 2 })
  })

  test('SE22 one write is one event, whose id stamps its changes; of a key written twice the later counts', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const written = await write(tab, id, [
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
      { key: 'a', value: 3 },
    ])
    expect(written.changes).toEqual([
      { key: 'a', value: 3 },
      { key: 'b', value: 2 },
    ])
    expect(written).not.toHaveProperty('refused')
    const event = (await eventsOf(tab, id)).at(-1)
    expect(event).toMatchObject({ id: written.at, type: 'state.changed', data: { changes: written.changes } })
    const entries = entriesOf(await tab.sessions.openState(tab.request(), { session: id }))
    expect(entries).toContainEqual({ key: 'a', value: 3, at: written.at })
  })

  test('SE22 a write that cannot be stored is refused whole, before anything happened', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const refuse = (changes: unknown, code: Parameters<typeof refusal>[1]) =>
      refusal(write(tab, id, changes as never), code)
    await refuse(
      [
        { key: 'a', value: 1 },
        { key: 'b', value: Number.NaN },
      ],
      'INVALID_VALUE',
    )
    await refuse([{ key: '', value: 1 }], 'INVALID_NAME')
    await refuse([{ key: 'a', value: 'x'.repeat(65_536) }], 'VALUE_TOO_LARGE')
    await refuse([], 'INVALID_ARGUMENT')
    await refuse('a', 'INVALID_ARGUMENT')
    await refusal(write(tab, id, [{ key: 'a', value: 1 }], { durability: 'soon' }), 'INVALID_ARGUMENT')
    expect(await typesOf(tab, id)).toEqual(['session.created'])
  })

  test('SE22 a write never writes the head, so that writers of one session do not meet', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const head = () => tab.connection.db.heads.get(['session', id])
    const before = await head()
    await write(tab, id, [{ key: 'a', value: 1 }])
    expect(await head()).toEqual(before)
  })

  test('SE22 a write sorts after the change of status that allowed it', async () => {
    const ahead = await openTab()
    const id = await createdAs(ahead, 'suspended')
    ahead.wall.advance(60_000)
    await move(ahead, id, 'resume')
    ahead.wall.set(ahead.wall.now() - 120_000)
    const behind = await openTab({ name: ahead.name, wall: ahead.wall })
    await write(behind, id, [{ key: 'a', value: 1 }])
    expect((await typesOf(behind, id)).at(-1)).toBe('state.changed')
  })

  test('SE22 a write beats what it saw, also after the wall clock was set back by a day', async () => {
    const tab = await openTab()
    const id = await created(tab, { state: { a: 'old' } })
    await tab.sessions.writeState(tab.request(), {
      target: { scope: 'global' },
      changes: [{ key: 'g', value: 'old' }],
    })
    tab.wall.set(tab.wall.now() - 86_400_000)
    const again = await reopen(tab)
    await again.sessions.open(again.request(), { id })
    await write(again, id, [{ key: 'a', value: 'new' }])
    expect(await stateOf(again, id)).toEqual({ a: 'new' })

    const third = await reopen(again)
    const target = { scope: 'global' }
    await third.sessions.openState(third.request(), target)
    await third.sessions.writeState(third.request(), { target, changes: [{ key: 'g', value: 'new' }] })
    expect(valuesOf(entriesOf(await third.sessions.openState(third.request(), target)))).toEqual({ g: 'new' })
  })

  test('SE22 a thousand writes at once are all there', async () => {
    const tab = await openTab()
    const id = await created(tab)
    await Promise.all(
      Array.from({ length: 1_000 }, (_, at) => write(tab, id, [{ key: `k${at % 100}`, value: at }])),
    )
    const state = await stateOf(tab, id)
    expect(Object.keys(state)).toHaveLength(100)
    expect(state.k99).toBe(999)
  })

  test('SE23 scopes outside sessions keep their own state, apart from each other', async () => {
    const tab = await openTab()
    const put = (scope: string, value: string) =>
      tab.sessions.writeState(tab.request(), { target: { scope }, changes: [{ key: 'theme', value }] })
    await put('global', 'dark')
    await put('user:ada@example.org', 'light')
    await put('a/b', 'slash')
    const again = await reopen(tab)
    const read = async (scope: string) =>
      valuesOf(entriesOf(await again.sessions.openState(again.request(), { scope })))
    expect(await read('global')).toEqual({ theme: 'dark' })
    expect(await read('user:ada@example.org')).toEqual({ theme: 'light' })
    expect(await read('a/b')).toEqual({ theme: 'slash' })
    expect(await read('nobody')).toEqual({})
    for (const scope of ['', 'a\u0000', 7]) {
      await refusal(put(scope as string, 'x'), 'INVALID_ARGUMENT')
      await refusal(again.sessions.openState(again.request(), { scope: scope as string }), 'INVALID_ARGUMENT')
    }
  })

  test('SE23 a call of its own in a scope begins a correlation, one inside something carries it on', async () => {
    const tab = await openTab()
    const put = (more = {}) =>
      tab.sessions.writeState(tab.request(more), {
        target: { scope: 'global' },
        changes: [{ key: 'a', value: 1 }],
      })
    await put()
    await put()
    await put({ correlationId: 'mine' as CorrelationId, causeId: 'cause' as EventId })
    const events = await eventsOf(tab, '/scope/global' as StreamId)
    expect(new Set(events.map((event) => event.correlationId)).size).toBe(3)
    expect(events.at(-1)).toMatchObject({ correlationId: 'mine', causeId: 'cause' })
  })

  test('SE24 a hook judges each change for itself: the others of the message land', async () => {
    const tab = await openTab({ hooks: [judge as HookDefinition] })
    const id = await created(tab)
    const { changes, refused } = await write(tab, id, [
      { key: 'n', value: 21 },
      { key: 'secret', value: 'x' },
      { key: 'word', value: 'kept' },
    ])
    expect(changes).toEqual([
      { key: 'n', value: 42 },
      { key: 'word', value: 'kept' },
    ])
    expect(refused?.map(({ key, error }) => [key, error.code, error.details.reason])).toEqual([
      ['secret', 'HOOK_CANCELLED', 'no secret'],
    ])
    expect(await stateOf(tab, id)).toEqual({ n: 42, word: 'kept' })
  })

  test('SE24 where every change is refused the write is, and nothing is stored', async () => {
    const tab = await openTab({ hooks: [judge as HookDefinition] })
    const id = await created(tab)
    const error = await refusal(
      write(tab, id, [
        { key: 'secret.a', value: 1 },
        { key: 'secret.b', value: 2 },
      ]),
      'HOOK_CANCELLED',
    )
    expect(error.details).toMatchObject({ hook: 'judge', reason: 'no secret.a' })
    expect(await typesOf(tab, id)).toEqual(['session.created'])
  })

  test('SE24 a hook that makes a value which cannot be stored refuses that change', async () => {
    const spoil = defineHook({
      id: 'spoil',
      version: 1,
      point: 'state:write',
      stage: 'before',
      run: ({ key }) => (key === 'a' ? { kind: 'modify', change: { value: 'x'.repeat(65_536) } } : undefined),
    })
    const tab = await openTab({ hooks: [spoil as HookDefinition] })
    const id = await created(tab)
    const { refused } = await write(tab, id, [
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
    ])
    expect(refused?.map(({ key, error }) => [key, error.code])).toEqual([['a', 'HOOK_FAILED']])
    expect(await stateOf(tab, id)).toEqual({ b: 2 })
  })

  test('SE18 the hooks that had a part are recorded in the write, caused by its event', async () => {
    const tab = await openTab({ hooks: [judge as HookDefinition] })
    const id = await created(tab)
    const { at } = await write(tab, id, [{ key: 'n', value: 21 }])
    const ran = (await eventsOf(tab, id)).at(-1)
    expect(ran).toMatchObject({
      type: 'hook.ran',
      causeId: at,
      data: { point: 'state:write', stage: 'before' },
    })
    expect(ran?.data).toMatchObject({ runs: [{ hook: 'judge@1' }] })
    expect(await countCommits(tab)).toBe(2)
  })

  test('SE17 after-hooks hear of each change with the session it was made in', async () => {
    const heard: unknown[] = []
    const listen = defineHook({
      id: 'listen',
      version: 1,
      point: 'state:write',
      stage: 'after',
      when: { tags: ['watched'] },
      run: ({ key, value }, { session, sessionId, correlationId }) => {
        heard.push([key, value, session?.tags, sessionId, correlationId])
        return undefined
      },
    })
    const tab = await openTab({ hooks: [listen as HookDefinition] })
    const id = await created(tab, { tags: ['watched'] })
    const other = await created(tab)
    await write(tab, id, [{ key: 'a', value: 1 }, { key: 'b' }])
    await write(tab, other, [{ key: 'a', value: 2 }])
    await tab.hooks.drain()
    const { correlationId } = (await tab.sessions.open(tab.request(), { id })).record
    expect(heard).toEqual([
      ['a', 1, ['watched'], id, correlationId],
      ['b', undefined, ['watched'], id, correlationId],
    ])
  })

  test('SE25 a repeated write happens once and answers with what it stored', async () => {
    const tab = await openTab({ hooks: [judge as HookDefinition] })
    const id = await created(tab)
    const request = tab.request()
    const input = {
      target: { session: id },
      changes: [
        { key: 'n', value: 21 },
        { key: 'secret', value: 1 },
      ],
    }
    const first = await tab.sessions.writeState(request, input)
    await write(tab, id, [{ key: 'n', value: 1 }])
    const again = await tab.sessions.writeState({ ...request, mayRepeat: true }, input)
    expect(again).toMatchObject({ at: first.at, changes: [{ key: 'n', value: 42 }] })
    expect(again.refused?.map(({ key, error }) => [key, error.code])).toEqual([['secret', 'HOOK_CANCELLED']])
    expect(await stateOf(tab, id)).toEqual({ n: 2 })
  })
})
