import { describe, expect, test } from 'vitest'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import type { HookDefinition } from '../../../src/core/hook/definition.ts'
import { type SessionId, STORE_STREAM } from '../../../src/core/ids.ts'
import { createSessionManager } from '../../../src/core/session/manager.ts'
import { STATUSES } from '../../../src/core/session/status.ts'
import { countCommits } from '../../storage/rig.ts'
import { created, createdAs, eventsOf, openTab, refusal, reopen, storeArtifact, type Tab } from './rig.ts'

const TABLES = [
  'segments',
  'snapshots',
  'views',
  'checkpoints',
  'sessions',
  'artifacts',
  'contents',
  'chunks',
  'runs',
  'grants',
  'heads',
] as const

/** How many rows each table has; of the log those that say something. */
async function rowsOf(tab: Tab): Promise<Readonly<Record<string, number>>> {
  await tab.journal.flush()
  const counts = await Promise.all(
    TABLES.map(async (table) => [table, await tab.connection.db.table(table).count()]),
  )
  return { ...Object.fromEntries(counts), commits: await countCommits(tab) }
}

/** A session with something in every table. */
async function fill(tab: Tab, input: Parameters<typeof created>[1] = {}): Promise<SessionId> {
  const id = await created(tab, { ...input, state: { a: 1 } })
  for (const at of [1, 2, 3, 4, 5]) await storeArtifact(tab, id, `file ${at}`, `content ${at}`)
  await storeArtifact(tab, id, 'file 1', 'content 1, second version')
  await tab.sessions.save(tab.request(), { id, label: 'kept' })
  await tab.sessions.writeState(tab.request(), {
    target: { session: id },
    changes: [{ key: 'b', value: 'x' }],
  })
  await tab.sessions.writeState(tab.request(), {
    target: { session: id },
    changes: Array.from({ length: 50 }, (_, at) => ({ key: `k${at}`, value: 'y'.repeat(1_000) })),
  })
  return id
}

describe('delete', () => {
  test('SE13 leaves one tombstone and nothing else: all rows return to what they were (origin 12, 19)', async () => {
    const tab = await openTab()
    const other = await fill(tab)
    // The store's own rows are there from its first tombstone on.
    await tab.sessions.delete(tab.request(), { id: await created(tab) })
    const before = await rowsOf(tab)
    const id = await fill(tab)
    const more = await rowsOf(tab)
    expect(more.artifacts).toBe((before.artifacts ?? 0) + 6)
    const { items } = await tab.artifacts.list(tab.request(), { sessionId: id })

    expect(await tab.sessions.delete(tab.request({ actor: { id: 'ada' } }), { id })).toBeNull()
    const again = await reopen(tab)
    expect(await rowsOf(again)).toEqual({ ...before, commits: (before.commits ?? 0) + 1 })
    expect(await again.sessions.get(again.request(), { id })).toBeNull()
    for (const artifact of items) expect(await again.tables.artifact(artifact.id)).toBeUndefined()
    expect((await again.sessions.open(again.request(), { id: other })).record.counters.artifacts).toBe(6)

    const tombstones = await eventsOf(again, STORE_STREAM)
    expect(tombstones).toHaveLength(2)
    expect(tombstones[1]).toMatchObject({
      type: 'session.deleted',
      data: { id, at: tombstones[1]?.time, by: { id: 'ada' } },
    })
  })

  test('SE13 bytes that another session shares stay', async () => {
    const tab = await openTab()
    const [one, two] = [await created(tab), await created(tab)]
    const kept = await storeArtifact(tab, one, 'a.txt', 'shared')
    await storeArtifact(tab, two, 'b.txt', 'shared')
    await tab.sessions.delete(tab.request(), { id: two })
    expect(await tab.tables.content('', kept.contentId)).toMatchObject({ references: 1 })
    const bytes = await tab.artifacts.read(tab.request(), { id: kept.id })
    expect(new TextDecoder().decode(bytes)).toBe('shared')
  })

  test.each(STATUSES)('SE13 a session that is %s can be deleted', async (status) => {
    const tab = await openTab()
    const id = await createdAs(tab, status)
    await tab.sessions.delete(tab.request(), { id })
    await refusal(tab.sessions.open(tab.request(), { id }), 'SESSION_NOT_FOUND')
  })

  test('SE13 every later call meets a session that is gone, in every tab', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const other = await openTab({ name: tab.name, wall: tab.wall })
    // The other tab has the head at hand.
    await other.sessions.writeState(other.request(), {
      target: { session: id },
      changes: [{ key: 'a', value: 1 }],
    })
    await tab.sessions.delete(tab.request(), { id })
    for (const late of [other, tab]) {
      await refusal(
        late.sessions.writeState(late.request(), {
          target: { session: id },
          changes: [{ key: 'a', value: 2 }],
        }),
        'SESSION_NOT_FOUND',
      )
      await refusal(late.sessions.delete(late.request(), { id }), 'SESSION_NOT_FOUND')
      await refusal(late.sessions.transition(late.request(), { id, verb: 'suspend' }), 'SESSION_NOT_FOUND')
    }
    expect(await eventsOf(tab, id)).toEqual([])
  })

  test('SE4 the id of a deleted session stays taken, also after a restart', async () => {
    const tab = await openTab()
    const id = await created(tab, { id: 'one' })
    await tab.sessions.delete(tab.request(), { id })
    const again = await reopen(tab)
    const error = await refusal(again.sessions.create(again.request(), { id: 'one' }), 'SESSION_EXISTS')
    expect(error.details).toEqual({ id, deleted: true })
    expect(await created(again, { id: 'two' })).toBe('two')
  })
})

describe('delete with children', () => {
  /** grandparent → parent → two children; a session beside them. */
  async function family(tab: Tab) {
    const top = await created(tab, { id: 'top' })
    const parent = await created(tab, { id: 'parent', parentId: top })
    const children = [
      await created(tab, { id: 'child1', parentId: parent }),
      await created(tab, { id: 'child2', parentId: parent }),
    ]
    return { top, parent, children, beside: await created(tab, { id: 'beside' }) }
  }

  async function left(tab: Tab): Promise<readonly string[]> {
    return (await tab.connection.db.sessions.toCollection().primaryKeys()).map(String).sort()
  }

  test.each([undefined, 'refuse'] as const)(
    'SE14 with children: %s a session that has some stays',
    async (children) => {
      const tab = await openTab()
      const { parent } = await family(tab)
      const asked = children === undefined ? {} : { children }
      const error = await refusal(
        tab.sessions.delete(tab.request(), { id: parent, ...asked }),
        'SESSION_HAS_CHILDREN',
      )
      expect(error.details).toEqual({ id: parent, children: ['child1', 'child2'] })
      expect(await left(tab)).toEqual(['beside', 'child1', 'child2', 'parent', 'top'])
      expect(await eventsOf(tab, STORE_STREAM)).toEqual([])
    },
  )

  test('SE14 with orphan the children stay and name no parent any more', async () => {
    const tab = await openTab()
    const { top, parent, children } = await family(tab)
    await tab.sessions.transition(tab.request(), { id: children[0] as SessionId, verb: 'archive' })
    await tab.sessions.delete(tab.request(), { id: parent, children: 'orphan' })
    expect(await left(tab)).toEqual(['beside', 'child1', 'child2', 'top'])
    const [tombstone] = await eventsOf(tab, STORE_STREAM)
    const again = await reopen(tab)
    for (const id of children) {
      expect(await again.sessions.get(again.request(), { id })).not.toHaveProperty('parentId')
      const edited = (await eventsOf(again, id)).at(-1)
      expect(edited).toMatchObject({
        type: 'session.edited',
        data: { orphaned: true },
        causeId: tombstone?.id,
      })
    }
    expect(await again.sessions.get(again.request(), { id: children[0] as SessionId })).toMatchObject({
      status: 'archived',
    })
    expect(await again.tables.children(parent)).toEqual([])
    await again.sessions.delete(again.request(), { id: top })
  })

  test('SE14 with cascade all below go too, in one commit, each with a tombstone', async () => {
    const tab = await openTab()
    const { top } = await family(tab)
    await storeArtifact(tab, 'child2' as SessionId, 'a.txt', 'text')
    await tab.sessions.delete(tab.request(), { id: top, children: 'cascade' })
    const again = await reopen(tab)
    expect(await left(again)).toEqual(['beside'])
    const tombstones = await eventsOf(again, STORE_STREAM)
    expect(tombstones.map(({ data }) => (data as { id: string }).id)).toEqual([
      'top',
      'parent',
      'child1',
      'child2',
    ])
    expect(tombstones.slice(1).map(({ causeId }) => causeId)).toEqual(Array(3).fill(tombstones[0]?.id))
    expect(await again.log.tail(STORE_STREAM, 0)).toHaveLength(1)
    expect(await rowsOf(again)).toMatchObject({ heads: 1, artifacts: 0, contents: 0, chunks: 0, commits: 2 })
  })

  test('SE14 a child that another tab adds meanwhile is not left without a parent', async () => {
    for (const children of ['refuse', 'cascade', 'orphan'] as const) {
      const tab = await openTab()
      const parent = await created(tab)
      const other = await openTab({ name: tab.name, wall: tab.wall })
      const adding = addChildDuring(tab, other, parent)
      const deleting = adding.tab.sessions.delete(tab.request(), { id: parent, children })
      if (children === 'refuse') await refusal(deleting, 'SESSION_HAS_CHILDREN')
      else await deleting
      const child = await adding.child()
      const record = await tab.sessions.get(tab.request(), { id: child })
      if (children === 'cascade') expect(record).toBeNull()
      else if (children === 'orphan') expect(record).not.toHaveProperty('parentId')
      else expect(record).toMatchObject({ parentId: parent })
    }
  })

  test('SE14 gives up with CONFLICT when children keep coming', async () => {
    const tab = await openTab()
    const parent = await created(tab)
    const other = await openTab({ name: tab.name, wall: tab.wall })
    const deleting = addChildDuring(tab, other, parent, Number.POSITIVE_INFINITY)
    await refusal(
      deleting.tab.sessions.delete(tab.request(), { id: parent, children: 'cascade' }),
      'CONFLICT',
    )
    expect(await tab.sessions.get(tab.request(), { id: parent })).not.toBeNull()
  })

  test('SE14 what is no policy is refused', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const wrong = tab.sessions.delete(tab.request(), { id, children: 'keep' as never })
    expect((await refusal(wrong, 'INVALID_ARGUMENT')).details.path).toBe('children')
    await refusal(tab.sessions.delete(tab.request(), { id, force: true } as never), 'INVALID_ARGUMENT')
    expect(await tab.sessions.get(tab.request(), { id })).not.toBeNull()
  })

  test('SE17 a veto for one child keeps all of them; after-hooks hear of each that went', async () => {
    const gone: unknown[] = []
    let vetoed: string | undefined = 'child2'
    const gate = defineHook({
      id: 'gate',
      version: 1,
      point: 'session:delete',
      stage: 'before',
      run: (_payload, { sessionId }) =>
        sessionId === vetoed ? { kind: 'cancel', reason: 'kept' } : undefined,
    })
    const listen = defineHook({
      id: 'listen',
      version: 1,
      point: 'session:delete',
      stage: 'after',
      run: ({ session, input }) => {
        gone.push([session?.id, input.children])
        return undefined
      },
    })
    const tab = await openTab({ hooks: [gate as HookDefinition, listen as HookDefinition] })
    const { top } = await family(tab)
    const error = await refusal(
      tab.sessions.delete(tab.request(), { id: top, children: 'cascade' }),
      'HOOK_CANCELLED',
    )
    expect(error.details).toMatchObject({ reason: 'kept' })
    expect(await left(tab)).toHaveLength(5)
    expect(gone).toEqual([])
    vetoed = undefined
    await tab.sessions.delete(tab.request(), { id: top, children: 'cascade' })
    await tab.hooks.drain()
    expect(gone).toEqual(['top', 'parent', 'child1', 'child2'].map((id) => [id, 'cascade']))
  })

  test('SE17 a hook may choose another policy for the children', async () => {
    const choose = defineHook({
      id: 'choose',
      version: 1,
      point: 'session:delete',
      stage: 'before',
      run: ({ input }) =>
        input.children === 'cascade'
          ? { kind: 'modify', change: { input: { children: 'orphan' } } }
          : undefined,
    })
    const tab = await openTab({ hooks: [choose as HookDefinition] })
    const { parent, children } = await family(tab)
    await tab.sessions.delete(tab.request(), { id: parent, children: 'cascade' })
    expect(await left(tab)).toEqual(['beside', 'child1', 'child2', 'top'])
    expect(await tab.sessions.get(tab.request(), { id: children[0] as SessionId })).not.toHaveProperty(
      'parentId',
    )
  })
})

/** The first tab, in which another tab adds a child right after the children were read, as often as is said. */
function addChildDuring(tab: Tab, other: Tab, parentId: SessionId, times = 1) {
  let added: Promise<SessionId> | undefined
  let left = times
  const read = tab.tables.children
  const tables = {
    ...tab.tables,
    async children(id: SessionId) {
      const children = await read(id)
      if (id === parentId && left > 0) {
        left -= 1
        added = created(other, { parentId })
        await added
      }
      return children
    },
  }
  return {
    tab: { sessions: createSessionManager({ ...tab, tables }) },
    child: async () => {
      if (added === undefined) throw new Error('No child was added.')
      return added
    },
  }
}
