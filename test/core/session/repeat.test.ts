import { describe, expect, test } from 'vitest'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import type { HookDefinition } from '../../../src/core/hook/definition.ts'
import type { PointName } from '../../../src/core/hook/points.ts'
import type { SessionId } from '../../../src/core/ids.ts'
import type { Request } from '../../../src/core/request.ts'
import { countCommits } from '../../storage/rig.ts'
import { created, move, openTab, reopen, type Tab, typesOf } from './rig.ts'

/** Every operation that stores something, as it is sent with one request id. */
const WORK: Readonly<Record<string, (tab: Tab, request: Request, id: SessionId) => Promise<unknown>>> = {
  create: (tab, request) => tab.sessions.create(request, { name: 'new' }),
  suspend: (tab, request, id) => tab.sessions.transition(request, { id, verb: 'suspend' }),
  edit: (tab, request, id) => tab.sessions.edit(request, { id, changes: { name: 'edited' } }),
  save: (tab, request, id) => tab.sessions.save(request, { id, label: 'one' }),
  restore: async (tab, request, id) => {
    const [checkpoint] = await tab.tables.checkpoints(id)
    return tab.sessions.restore(request, { id, checkpoint: checkpoint?.id as never })
  },
  fork: (tab, request, id) => tab.sessions.fork(request, { id }),
  delete: (tab, request, id) => tab.sessions.delete(request, { id }),
}

async function setUp(hooks: readonly HookDefinition[] = []) {
  const tab = await openTab({ hooks })
  const id = await created(tab, { state: { a: 1 } })
  await tab.sessions.save(tab.request(), { id })
  return { tab, id }
}

describe('repeats', () => {
  test.each(Object.entries(WORK))(
    'SE25 %s sent twice with one request id happens once and answers the same, also after a restart',
    async (_name, work) => {
      const { tab, id } = await setUp()
      const request = tab.request()
      const first = await work(tab, request, id)
      const [rows, sessions] = [await countCommits(tab), await tab.connection.db.sessions.count()]
      expect(await work(tab, { ...request, mayRepeat: true }, id)).toEqual(first)
      const again = await reopen(tab)
      expect(await work(again, { ...request, mayRepeat: true }, id)).toEqual(first)
      expect(await countCommits(again)).toBe(rows)
      expect(await again.connection.db.sessions.count()).toBe(sessions)
    },
  )

  test.each(Object.entries(WORK))(
    'SE25 %s sent twice at once with one request id happens once',
    async (name, work) => {
      const { tab, id } = await setUp()
      const other = await openTab({ name: tab.name, wall: tab.wall })
      const rows = await countCommits(tab)
      const request = tab.request({ mayRepeat: true })
      const answers = await Promise.all([
        work(tab, request, id),
        work(tab, request, id),
        work(other, request, id),
      ])
      expect(answers[1]).toEqual(answers[0])
      expect(answers[2]).toEqual(answers[0])
      // A delete takes the session's own rows and leaves its tombstone.
      expect(await countCommits(tab)).toBe(name === 'delete' ? 1 : rows + 1)
    },
  )

  test('SE4 two creations with one request id and one chosen id make one session', async () => {
    const tab = await openTab()
    const request = tab.request()
    const first = await tab.sessions.create(request, { id: 'one' })
    await move(tab, first.record.id, 'suspend')
    const second = await tab.sessions.create({ ...request, mayRepeat: true }, { id: 'one' })
    expect(second.record).toMatchObject({ id: 'one', status: 'suspended' })
    expect(await tab.connection.db.sessions.count()).toBe(1)
  })

  test('SE25 a repeat answers with the present record and runs no hooks again', async () => {
    const heard: string[] = []
    const listen = (stage: 'before' | 'after', point: PointName) =>
      defineHook({
        id: 'listen',
        version: 1,
        point,
        stage,
        run: () => {
          heard.push(stage)
          return undefined
        },
      }) as HookDefinition
    const { tab, id } = await setUp([listen('before', 'session:suspend'), listen('after', 'session:suspend')])
    const request = tab.request()
    await WORK.suspend?.(tab, request, id)
    await move(tab, id, 'resume')
    await tab.hooks.drain()
    expect(heard).toEqual(['before', 'after'])
    expect(await WORK.suspend?.(tab, { ...request, mayRepeat: true }, id)).toMatchObject({ status: 'active' })
    await tab.hooks.drain()
    expect(heard).toEqual(['before', 'after'])
    expect(await typesOf(tab, id)).toContain('session.resumed')
  })

  test('SE25 a refusal is not remembered: the same request is decided anew', async () => {
    const { tab, id } = await setUp()
    await move(tab, id, 'complete')
    const request = tab.request({ mayRepeat: true })
    await expect(WORK.suspend?.(tab, request, id)).rejects.toMatchObject({ code: 'INVALID_TRANSITION' })
    await move(tab, id, 'reopen')
    expect(await WORK.suspend?.(tab, request, id)).toMatchObject({ status: 'suspended' })
  })

  test('SE26 a request id that was sent for another session is refused, and nothing is done', async () => {
    const tab = await openTab()
    const [one, two] = [await created(tab), await created(tab)]
    const request = tab.request({ mayRepeat: true })
    await tab.sessions.delete(request, { id: one })

    await expect(tab.sessions.delete(request, { id: two })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { path: 'requestId', earlier: one, target: two },
    })
    expect(await tab.sessions.get(tab.request(), { id: two })).toMatchObject({ id: two, status: 'active' })
  })

  test('SE26 a request id that was sent for another call is refused, and nothing is done, also at once and after a restart', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const request = tab.request({ mayRepeat: true, does: 'sessions.edit' })
    const other = { ...request, does: 'sessions.save' }
    const wrong = { code: 'INVALID_ARGUMENT', details: { earlier: 'sessions.edit', does: 'sessions.save' } }
    const editing = tab.sessions.edit(request, { id, changes: { name: 'edited' } })
    await expect(tab.sessions.save(other, { id })).rejects.toMatchObject(wrong)
    await editing
    await expect(tab.sessions.save(other, { id })).rejects.toMatchObject(wrong)
    const again = await reopen(tab)
    await expect(again.sessions.save(other, { id })).rejects.toMatchObject(wrong)
    expect(await again.sessions.checkpoints(again.request(), { id })).toEqual([])
    expect(await again.sessions.edit(request, { id, changes: { name: 'edited' } })).toMatchObject({
      name: 'edited',
    })
  })

  test('SE26 what an older build stored does not say what it was for, and is answered as it was', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const request = tab.request({ mayRepeat: true })
    await tab.sessions.edit(request, { id, changes: { name: 'edited' } })
    const named = { ...request, does: 'sessions.edit' }
    expect(await tab.sessions.edit(named, { id, changes: { name: 'again' } })).toMatchObject({
      name: 'edited',
    })
  })
})
