import { describe, expect, test } from 'vitest'
import type { OperationHooks } from '../../../src/core/hook/operation-hooks.ts'
import type { PointName } from '../../../src/core/hook/points.ts'
import { clockOfId, type SessionId } from '../../../src/core/ids.ts'
import { createSessionManager, type SessionManager } from '../../../src/core/session/manager.ts'
import { valuesOf } from '../../../src/core/state/fold.ts'
import { entriesOf } from '../../../src/core/state/packed-entries.ts'
import { emitEvent } from '../../../src/core/timeline/emit.ts'
import { created, move, openTab, refusal, storeArtifact, type Tab, typesOf, unpacking } from './rig.ts'

type Work = (tab: Tab, id: SessionId) => Promise<unknown>

const WRITE: Work = (tab, session) =>
  tab.sessions.writeState(tab.request(), { target: { session }, changes: [{ key: 'a', value: 1 }] })
const EMIT: Work = (tab, id) => emitEvent(tab, tab.request(), { sessionId: id, type: 'x', data: 1 })
const RESTORE: Work = async (tab, id) => {
  const [checkpoint] = await tab.tables.checkpoints(id)
  return tab.sessions.restore(tab.request(), { id, checkpoint: checkpoint?.id as never })
}
const CHILD: Work = (tab, id) => tab.sessions.create(tab.request(), { parentId: id })
const EDIT: Work = (tab, id) => tab.sessions.edit(tab.request(), { id, changes: { name: 'new' } })
const SAVE: Work = (tab, id) => tab.sessions.save(tab.request(), { id })

/** Each operation with its point; all of them are refused in an archived session. */
const GATED: readonly (readonly [name: string, point: PointName, work: Work])[] = [
  ['a write', 'state:write', WRITE],
  ['an event', 'event:emit', EMIT],
  ['a restore', 'session:restore', RESTORE],
  ['a child', 'session:start', CHILD],
  ['a save', 'session:save', SAVE],
]

/** The same tab, in which one part is another. */
function withDeps(tab: Tab, parts: Partial<Tab>): Tab {
  const deps = { ...tab, ...parts }
  return { ...deps, sessions: unpacking(createSessionManager(deps)) }
}

/** Hooks that count how often a point's before-hooks are asked. */
function counting(
  tab: Tab,
  point: PointName,
): { readonly hooks: OperationHooks; readonly asked: () => number } {
  let asked = 0
  const hooks: OperationHooks = {
    ...tab.hooks,
    has: (one) => one === point,
    before: (one, payload, scope) => {
      asked += 1
      return tab.hooks.before(one, payload, scope)
    },
  }
  return { hooks, asked: () => asked }
}

async function saved(tab: Tab): Promise<SessionId> {
  const id = await created(tab)
  await tab.sessions.save(tab.request(), { id })
  return id
}

describe('what is decided when', () => {
  test.each(GATED)('SE3 %s that the status does not allow asks no hook', async (_name, point, work) => {
    const tab = await openTab()
    const id = await saved(tab)
    const { hooks, asked } = counting(tab, point)
    const gated = withDeps(tab, { hooks })
    await work(gated, id)
    expect(asked()).toBe(1)
    await move(tab, id, 'archive')
    await refusal(work(gated, id), 'SESSION_NOT_ACTIVE')
    expect(asked()).toBe(1)
  })

  test.each([...GATED.map(([name, , work]) => [name, work] as const), ['an edit', EDIT] as const])(
    'SE3 %s is judged by the status at the commit, whatever was read before',
    async (_name, work) => {
      const tab = await openTab()
      const id = await saved(tab)
      const stale = await tab.tables.session(id)
      await move(tab, id, 'archive')
      const before = await typesOf(tab, id)
      const late = withDeps(tab, { tables: { ...tab.tables, session: async () => stale } })
      await refusal(work(late, id), 'SESSION_NOT_ACTIVE')
      expect(await typesOf(tab, id)).toEqual(before)
      expect(await tab.connection.db.sessions.count()).toBe(1)
    },
  )

  test('SE3 an edit of nothing is refused in an archived session too', async () => {
    const tab = await openTab()
    const id = await created(tab)
    await move(tab, id, 'archive')
    await refusal(tab.sessions.edit(tab.request(), { id, changes: {} }), 'SESSION_NOT_ACTIVE')
  })

  test('SE24 a value that a hook made is admitted like any other', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const hooks: OperationHooks = {
      ...tab.hooks,
      has: () => true,
      before: (_point, payload) => ({ kind: 'go', payload: { ...payload, value: Number.NaN }, runs: [] }),
    }
    const error = await refusal(WRITE(withDeps(tab, { hooks }), id), 'HOOK_FAILED')
    expect(error.cause).toMatchObject({ code: 'INVALID_VALUE' })
    expect(await typesOf(tab, id)).toEqual(['session.created'])
  })

  test('SE10 the edit that was committed later stands, also from a tab whose clock is behind', async () => {
    const ahead = await openTab()
    const id = await created(ahead)
    const behind = await openTab({ name: ahead.name, wall: ahead.wall })
    const now = ahead.wall.now()
    ahead.wall.set(now + 60_000)
    await ahead.sessions.edit(ahead.request(), { id, changes: { name: 'first' } })
    ahead.wall.set(now)
    await behind.sessions.edit(behind.request(), { id, changes: { name: 'second' } })
    expect((await ahead.sessions.open(ahead.request(), { id })).record.name).toBe('second')
  })

  test('SE12 a restore beats what another tab wrote with a clock that runs ahead, whatever else was stored', async () => {
    const here = await openTab()
    const id = await created(here, { state: { a: 1 } })
    const { id: checkpoint } = await here.sessions.save(here.request(), { id })
    const there = await openTab({ name: here.name, wall: here.wall })
    const now = here.wall.now()
    // Set and not advanced: no timer of this tab may run ahead with it.
    here.wall.set(now + 60_000)
    await there.sessions.writeState(there.request(), {
      target: { session: id },
      changes: [{ key: 'a', value: 2 }],
    })
    here.wall.set(now)
    const { entries } = await here.sessions.restore(here.request(), { id, checkpoint })
    expect(valuesOf(entries)).toEqual({ a: 1 })
  })

  test('SE22 a write beats an entry that its worker has only read', async () => {
    const first = await openTab()
    const id = await created(first)
    const second = await openTab({ name: first.name, wall: first.wall })
    const now = first.wall.now()
    first.wall.set(now + 60_000)
    await first.sessions.writeState(first.request(), {
      target: { session: id },
      changes: [{ key: 'a', value: 'old' }],
    })
    first.wall.set(now)
    await second.sessions.open(second.request(), { id })
    await second.sessions.writeState(second.request(), {
      target: { session: id },
      changes: [{ key: 'a', value: 'new' }],
    })
    expect(valuesOf(entriesOf(await second.sessions.open(second.request(), { id })))).toEqual({ a: 'new' })
  })

  test.each([
    [
      'SE11 a save',
      (sessions: SessionManager, tab: Tab, id: SessionId) => sessions.save(tab.request(), { id }),
    ],
    [
      'SE16 a fork',
      (sessions: SessionManager, tab: Tab, id: SessionId) => sessions.fork(tab.request(), { id }),
    ],
  ] as const)('SE11, SE16 %s waits for what the journal has not stored yet', async (_name, work) => {
    const tab = await openTab()
    const id = await created(tab)
    let waiting: (() => Promise<unknown>) | undefined = () => WRITE(tab, id)
    // A journal that stores what came before only when it is told to.
    const flush = async () => {
      await waiting?.()
      waiting = undefined
      await tab.journal.flush()
    }
    const held = withDeps(tab, { journal: { ...tab.journal, flush } })
    const answer = await work(held.sessions, tab, id)
    const state =
      'entries' in answer ? valuesOf(answer.entries) : (await tab.tables.checkpoint(answer.id))?.state
    expect(state).toEqual({ a: 1 })
  })

  test('SE15 of two events at one clock only those up to the asked one count', async () => {
    const here = await openTab()
    const id = await created(here)
    const there = await openTab({ name: here.name, wall: here.wall })
    const [mine, theirs] = [here.request(), there.request()]
    const start = clockOfId(here.clock.nextId()) + 10_000
    for (const { clock } of [here, there]) clock.observe(start as never)
    const write = (tab: Tab, request: typeof mine, key: string) =>
      tab.sessions.writeState(request, { target: { session: id }, changes: [{ key, value: 1 }] })
    const a = await write(here, mine, 'here')
    const b = await write(there, theirs, 'there')
    expect(clockOfId(a.at)).toBe(clockOfId(b.at))
    const [first, second] = [a.at, b.at].toSorted()
    const state = async (event: typeof a.at) => (await here.sessions.at(here.request(), { id, event })).state
    expect(Object.keys(await state(first ?? a.at))).toHaveLength(1)
    expect(Object.keys(await state(second ?? b.at))).toHaveLength(2)
  })

  test('SE16 an artifact that was deleted since stays gone, also where another one shares its bytes', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const deleted = await storeArtifact(tab, id, 'secret.txt', 'shared')
    await storeArtifact(tab, id, 'kept.txt', 'shared')
    const { at } = (await WRITE(tab, id)) as Awaited<ReturnType<SessionManager['writeState']>>
    await tab.artifacts.delete(tab.request(), { id: deleted.id })
    const { record } = await tab.sessions.fork(tab.request(), { id, at })
    const { items } = await tab.artifacts.list(tab.request(), { sessionId: record.id })
    expect(items.map(({ name }) => name)).toEqual(['kept.txt'])
  })
})

describe('a family that grows under its delete', () => {
  /** The tab, in which a member is added right after the children were read for the first time. */
  function growing(tab: Tab, id: SessionId, grow: () => Promise<unknown>, hooks: OperationHooks): Tab {
    let grown = false
    const children = async (of: SessionId) => {
      const known = await tab.tables.children(of)
      if (of === id && !grown) {
        grown = true
        await grow()
      }
      return known
    }
    return withDeps(tab, { tables: { ...tab.tables, children }, hooks })
  }

  test('SE14 a fork that comes meanwhile is seen like a child', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const work = growing(tab, id, () => tab.sessions.fork(tab.request(), { id }), tab.hooks)
    await work.sessions.delete(tab.request(), { id, children: 'cascade' })
    expect(await tab.connection.db.sessions.count()).toBe(0)
  })

  test('SE17 each session that goes is asked about once, however often the family is read', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const { hooks, asked } = counting(tab, 'session:delete')
    const work = growing(tab, id, () => created(tab, { parentId: id }), hooks)
    await work.sessions.delete(tab.request(), { id, children: 'cascade' })
    expect(asked()).toBe(2)
  })
})
