import { describe, expect, test } from 'vitest'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import type { SessionId } from '../../../src/core/ids.ts'
import { admitState } from '../../../src/core/state/admit.ts'
import { ASIDE_KEY, type AsideClass, asideOf } from '../../../src/core/state/aside.ts'
import { entriesOf } from '../../../src/core/state/packed-entries.ts'
import type { StateValue } from '../../../src/core/state/value.ts'
import { created, eventsOf, move, openTab, refusal, reopen, type Tab } from '../session/rig.ts'
import { tablesWith, textOf } from '../tables-with.ts'

const SECRET = 'correct horse battery staple'

function put(tab: Tab, session: SessionId, key: string, value: StateValue, asideClass?: AsideClass) {
  return tab.sessions.writeState(tab.request(), {
    target: { session },
    changes: [{ key, value, ...(asideClass === undefined ? {} : { class: asideClass }) }],
  })
}

async function read(tab: Tab, session: SessionId, key: string, more = {}) {
  return (await tab.sessions.readState(tab.request(), { target: { session }, key, ...more })).value
}

async function entryOf(tab: Tab, session: SessionId, key: string) {
  const entries = entriesOf(await tab.sessions.openState(tab.request(), { session }))
  return entries.find((entry) => entry.key === key)
}

describe('values that stand aside', () => {
  test('SC6 a sensitive value is in one place of the database alone, and is read from there', async () => {
    const tab = await openTab()
    const id = await created(tab, { state: { plain: 1 } })
    await put(tab, id, 'key', { token: SECRET }, 'sensitive')
    expect(await tablesWith(tab, SECRET)).toEqual(['chunks'])
    const again = await reopen(tab)
    expect(await read(again, id, 'key')).toEqual({ token: SECRET })
    expect(textOf(await eventsOf(again, id))).not.toContain(SECRET)
    expect(textOf(await entryOf(again, id, 'key'))).not.toContain(SECRET)
    expect(await read(again, id, 'plain')).toBe(1)
    expect(await read(again, id, 'nothing')).toBeUndefined()
  })

  test('SC6 the same secret has another content id each time, which no list of likely secrets finds', async () => {
    const tab = await openTab()
    const id = await created(tab)
    await put(tab, id, 'a', SECRET, 'sensitive')
    await put(tab, id, 'b', SECRET, 'sensitive')
    const [a, b] = [
      asideOf((await entryOf(tab, id, 'a'))?.value),
      asideOf((await entryOf(tab, id, 'b'))?.value),
    ]
    expect(a).toMatchObject({ class: 'sensitive', domain: id })
    expect(a?.content).not.toBe(b?.content)
  })

  test('SC7 a hook hears that a sensitive value is written and never the value, and may refuse it', async () => {
    const seen: unknown[] = []
    const hooks = (['before', 'after'] as const).map((stage) =>
      defineHook({
        id: `spy-${stage}`,
        version: 1,
        point: 'state:write',
        stage,
        run: (payload) => {
          seen.push(payload)
          return stage === 'before' && payload.key === 'refused'
            ? { kind: 'cancel', reason: 'no' }
            : undefined
        },
      }),
    )
    const tab = await openTab({ hooks })
    const id = await created(tab)
    await put(tab, id, 'key', SECRET, 'sensitive')
    await refusal(put(tab, id, 'refused', SECRET, 'sensitive'), 'HOOK_CANCELLED')
    expect(await read(tab, id, 'key')).toBe(SECRET)
    expect(seen).toContainEqual({ key: 'key', class: 'sensitive' })
    expect(textOf(seen)).not.toContain(SECRET)
    expect(await tablesWith(tab, SECRET)).toEqual(['chunks'])
  })

  test('SC8 an archived value is packed in a content and read when it is asked for', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const history = Array.from({ length: 500 }, (_, turn) => `line ${turn % 7} of a long history`)
    await put(tab, id, 'history', history, 'archive')
    expect(textOf(await entryOf(tab, id, 'history')).length).toBeLessThan(300)
    expect(await tablesWith(tab, 'of a long history')).toEqual([])
    const bytes = (await tab.connection.db.chunks.toArray()).reduce(
      (sum, row) => sum + (row.bytes instanceof Uint8Array ? row.bytes.byteLength : Number.NaN),
      0,
    )
    expect(bytes).toBeLessThan(textOf(history).length / 5)
    expect(await read(await reopen(tab), id, 'history')).toEqual(history)
  })

  test('SC9 earlier values are read at their moment, come back with a checkpoint, and go into forks', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const { at } = await put(tab, id, 'key', 'first', 'sensitive')
    await put(tab, id, 'log', ['first'], 'archive')
    const checkpoint = await tab.sessions.save(tab.request(), { id })
    await put(tab, id, 'key', 'second', 'sensitive')
    await put(tab, id, 'log', ['second'], 'archive')
    expect(await read(tab, id, 'key', { at })).toBe('first')
    expect(await read(tab, id, 'key')).toBe('second')

    const fork = (await tab.sessions.fork(tab.request(), { id })).record.id
    await tab.sessions.restore(tab.request(), { id, checkpoint: checkpoint.id })
    expect([await read(tab, id, 'key'), await read(tab, id, 'log')]).toEqual(['first', ['first']])
    await tab.sessions.delete(tab.request(), { id, children: 'orphan' })
    expect([await read(tab, fork, 'key'), await read(tab, fork, 'log')]).toEqual(['second', ['second']])
    expect(await tablesWith(tab, 'first')).toEqual([])
  })

  test('SC9 with its session every value that stood aside is gone', async () => {
    const tab = await openTab()
    const id = await created(tab)
    await put(tab, id, 'key', SECRET, 'sensitive')
    await put(tab, id, 'log', [SECRET], 'archive')
    await tab.sessions.delete(tab.request(), { id })
    expect(await tablesWith(tab, SECRET)).toEqual([])
    expect(await tab.connection.db.chunks.count()).toBe(0)
  })

  test('SC10 a write that is refused leaves no bytes behind; a repeated one answers with what it stored', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const request = tab.request()
    const write = (repeat: boolean) =>
      tab.sessions.writeState(
        { ...request, mayRepeat: repeat },
        { target: { session: id }, changes: [{ key: 'key', value: SECRET, class: 'sensitive' }] },
      )
    const first = await write(false)
    expect(await write(true)).toEqual(first)
    expect(await tab.connection.db.contents.count()).toBe(1)
    await move(tab, id, 'suspend')
    await refusal(put(tab, id, 'other', 'x'.repeat(100), 'archive'), 'SESSION_NOT_ACTIVE')
    expect(await tab.connection.db.contents.count()).toBe(1)
  })

  test('SC11 nobody can write what only names a value: the key for it is reserved, and other classes are none', async () => {
    const forged = { [ASIDE_KEY]: { class: 'sensitive', domain: '', content: 'sha256:0', sizeBytes: 1 } }
    expect(() => admitState(forged)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }))
    const tab = await openTab()
    const id = await created(tab)
    for (const wrong of ['ephemeral', 'secret', 7]) {
      await refusal(put(tab, id, 'a', 1, wrong as AsideClass), 'INVALID_ARGUMENT')
    }
    await refusal(put(tab, id, 'a', forged as StateValue), 'INVALID_VALUE')
  })
})

describe('keys that hold sensitive values', () => {
  test('SC19 a tab that has not heard of a sensitive value keeps the next one of its key sensitive', async () => {
    const tab = await openTab()
    const id = await created(tab, { state: { key: 'open' } })
    const lagging = await openTab({ name: tab.name, wall: tab.wall })
    await put(lagging, id, 'other', 1)
    await put(tab, id, 'key', 'first secret', 'sensitive')
    const { changes } = await put(lagging, id, 'key', SECRET)
    expect(changes).toEqual([{ key: 'key', aside: expect.objectContaining({ class: 'sensitive' }) }])
    expect(await tablesWith(lagging, SECRET)).toEqual(['chunks'])
    expect(await read(tab, id, 'key')).toBe(SECRET)
  })

  test('SC19 a key of a scope is kept so as well, inside a session and outside', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const lagging = await openTab({ name: tab.name, wall: tab.wall })
    const targets = [{ session: id }, { scope: 'global' }]
    for (const target of targets) {
      const change = { key: 'key', scope: 'agent:planner', value: SECRET }
      await tab.sessions.writeState(tab.request(), { target, changes: [{ ...change, class: 'sensitive' }] })
      await lagging.sessions.writeState(lagging.request(), { target, changes: [change] })
      await lagging.sessions.writeState(lagging.request(), { target, changes: [{ key: 'key', value: 1 }] })
    }
    expect(await tablesWith(tab, SECRET)).toEqual(['chunks'])
    expect(await entryOf(tab, id, 'key')).toMatchObject({ value: 1 })
  })

  test('SC19 what was sensitive in a checkpoint or a fork is sensitive there too', async () => {
    const tab = await openTab()
    const id = await created(tab)
    await put(tab, id, 'key', 'first secret', 'sensitive')
    const { id: checkpoint } = await tab.sessions.save(tab.request(), { id })
    await tab.sessions.writeState(tab.request(), { target: { session: id }, changes: [{ key: 'key' }] })
    await put(tab, id, 'key', 'open again')
    expect(await entryOf(tab, id, 'key')).toMatchObject({ value: 'open again' })
    await tab.sessions.restore(tab.request(), { id, checkpoint })
    await put(tab, id, 'key', SECRET)
    const fork = await tab.sessions.fork(tab.request(), { id })
    await put(tab, fork.record.id, 'key', SECRET)
    expect(await tablesWith(tab, SECRET)).toEqual(['chunks'])
  })

  test('SC19 it is open again after a delete, or when that is asked for', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const target = { session: id }
    await put(tab, id, 'a', SECRET, 'sensitive')
    await put(tab, id, 'b', SECRET, 'sensitive')
    await tab.sessions.writeState(tab.request(), { target, changes: [{ key: 'a' }] })
    await put(tab, id, 'a', 'open')
    await tab.sessions.writeState(tab.request(), {
      target,
      changes: [{ key: 'b', value: 'open', class: 'standard' }],
    })
    expect([(await entryOf(tab, id, 'a'))?.value, (await entryOf(tab, id, 'b'))?.value]).toEqual([
      'open',
      'open',
    ])
  })

  test('SC19 a hook gets no value of such a key, in a tab that has not heard either', async () => {
    const seen: unknown[] = []
    const spy = defineHook({
      id: 'spy',
      version: 1,
      point: 'state:write',
      stage: 'before',
      run: (payload) => void seen.push(payload),
    })
    const tab = await openTab()
    const id = await created(tab)
    const lagging = await openTab({ name: tab.name, wall: tab.wall, hooks: [spy] })
    await put(tab, id, 'key', 'first secret', 'sensitive')
    await put(lagging, id, 'key', SECRET)
    expect(seen).toEqual([{ key: 'key', class: 'sensitive' }])
  })

  test('SC20 what the app of the worker declares sensitive is so, whatever the page says', async () => {
    const tab = await openTab({ stateClasses: { key: 'sensitive' } })
    const id = await created(tab)
    await put(tab, id, 'key', SECRET)
    const openly = tab.sessions.writeState(tab.request(), {
      target: { session: id },
      changes: [{ key: 'key', value: SECRET, class: 'standard' }],
    })
    const { message, details } = await refusal(openly, 'INVALID_ARGUMENT')
    expect(textOf([message, details])).not.toContain(SECRET)
    await refusal(tab.sessions.create(tab.request(), { state: { key: SECRET } }), 'INVALID_ARGUMENT')
    expect(await tablesWith(tab, SECRET)).toEqual(['chunks'])
  })
})
