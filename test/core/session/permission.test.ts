import { describe, expect, test } from 'vitest'
import type { SessionId } from '../../../src/core/ids.ts'
import { type Action, isPermitted, STATUSES } from '../../../src/core/session/status.ts'
import { emitEvent } from '../../../src/core/timeline/emit.ts'
import { countCommits } from '../../storage/rig.ts'
import { createdAs, openTab, refusal, type Tab, typesOf } from './rig.ts'

/** The actions that this folder and the timeline perform; those of artifacts, steps and runs are tested beside them. */
const WORK: Readonly<Partial<Record<Action, (tab: Tab, id: SessionId) => Promise<unknown>>>> = {
  read: (tab, id) => tab.sessions.open(tab.request(), { id }),
  at: async (tab, id) => {
    const [birth] = (await tab.log.range(id as never, {})).flatMap((row) => row.events)
    return tab.sessions.at(tab.request(), { id, event: birth?.id as never })
  },
  fork: (tab, id) => tab.sessions.fork(tab.request(), { id }),
  delete: (tab, id) => tab.sessions.delete(tab.request(), { id }),
  edit: (tab, id) => tab.sessions.edit(tab.request(), { id, changes: { name: 'new' } }),
  save: (tab, id) => tab.sessions.save(tab.request(), { id }),
  child: (tab, id) => tab.sessions.create(tab.request(), { parentId: id }),
  'state.write': (tab, id) =>
    tab.sessions.writeState(tab.request(), { target: { session: id }, changes: [{ key: 'a', value: 1 }] }),
  emit: (tab, id) => emitEvent(tab, tab.request(), { sessionId: id, type: 'order.placed', data: 1 }),
}

const MATRIX = STATUSES.flatMap((status) =>
  (Object.keys(WORK) as Action[]).map((action) => [status, action, isPermitted(status, action)] as const),
)

describe('permissions', () => {
  test.each(MATRIX)('SE3 in a session that is %s, %s works: %s', async (status, action, permitted) => {
    const tab = await openTab()
    const id = await createdAs(tab, status)
    const before = await typesOf(tab, id)
    const work = WORK[action]
    if (work === undefined) throw new Error(`nothing does ${action}`)
    if (permitted) {
      await expect(work(tab, id)).resolves.toBeDefined()
      return
    }
    const error = await refusal(work(tab, id), 'SESSION_NOT_ACTIVE')
    expect(error.details).toMatchObject({ id, status, action })
    expect(await typesOf(tab, id)).toEqual(before)
    expect(await tab.connection.db.sessions.count()).toBe(1)
  })

  test.each(STATUSES)(
    'SE3 a checkpoint of a session that is %s is restored in an active one alone',
    async (status) => {
      const tab = await openTab()
      const id = await createdAs(tab, 'active')
      const { id: checkpoint } = await tab.sessions.save(tab.request(), { id })
      if (status !== 'active') {
        const verb = {
          suspended: 'suspend',
          completed: 'complete',
          failed: 'fail',
          archived: 'archive',
        } as const
        await tab.sessions.transition(tab.request(), {
          id,
          verb: verb[status],
          ...(status === 'failed' ? { reason: 'x' } : {}),
        })
        await refusal(tab.sessions.restore(tab.request(), { id, checkpoint }), 'SESSION_NOT_ACTIVE')
        return
      }
      await expect(tab.sessions.restore(tab.request(), { id, checkpoint })).resolves.toBeDefined()
    },
  )

  test('SE21 a session that there is not is SESSION_NOT_FOUND in every call, and null to get', async () => {
    const tab = await openTab()
    const id = 'nobody' as SessionId
    const calls = Object.entries(WORK).filter(([action]) => action !== 'at')
    for (const [, work] of calls)
      expect((await refusal(work(tab, id), 'SESSION_NOT_FOUND')).details.id).toBe(id)
    await refusal(tab.sessions.transition(tab.request(), { id, verb: 'suspend' }), 'SESSION_NOT_FOUND')
    await refusal(tab.sessions.restore(tab.request(), { id, checkpoint: 'c' as never }), 'SESSION_NOT_FOUND')
    await refusal(tab.sessions.checkpoints(tab.request(), { id }), 'SESSION_NOT_FOUND')
    await refusal(tab.sessions.at(tab.request(), { id, event: 'e' as never }), 'SESSION_NOT_FOUND')
    await refusal(tab.sessions.openState(tab.request(), { session: id }), 'SESSION_NOT_FOUND')
    expect(await tab.sessions.get(tab.request(), { id })).toBeNull()
    expect(await countCommits(tab)).toBe(0)
  })

  test('SE21 an id that cannot be one is INVALID_ARGUMENT', async () => {
    const tab = await openTab()
    for (const id of ['', 'a/b', '__proto__', 7, undefined]) {
      await refusal(tab.sessions.get(tab.request(), { id: id as never }), 'INVALID_ARGUMENT')
      await refusal(tab.sessions.open(tab.request(), { id: id as never }), 'INVALID_ARGUMENT')
      await refusal(tab.sessions.delete(tab.request(), { id: id as never }), 'INVALID_ARGUMENT')
    }
  })
})
