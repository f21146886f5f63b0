import { describe, expect, test } from 'vitest'
import { createError } from '../../../src/core/errors.ts'
import type { SessionId } from '../../../src/core/ids.ts'
import { createSessionManager, type SessionManager } from '../../../src/core/session/manager.ts'
import { created, openTab, refusal, type Tab, typesOf } from './rig.ts'

type Act = (sessions: SessionManager, tab: Tab, id: SessionId) => Promise<unknown>

const ACTS: Readonly<Record<string, { readonly type: string; readonly act: Act }>> = {
  transition: {
    type: 'session.suspended',
    act: (sessions, tab, id) => sessions.transition(tab.request(), { id, verb: 'suspend' }),
  },
  edit: {
    type: 'session.edited',
    act: (sessions, tab, id) => sessions.edit(tab.request(), { id, changes: { description: 'x' } }),
  },
  restore: {
    type: 'session.restored',
    act: async (sessions, tab, id) => {
      const [checkpoint] = await tab.sessions.checkpoints(tab.request(), { id })
      return checkpoint && sessions.restore(tab.request(), { id, checkpoint: checkpoint.id })
    },
  },
}

/** The sessions of a tab whose reads fail so many times once something was committed. */
function withFailingReads(tab: Tab, failures: number): SessionManager {
  let left = 0
  const read = <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (left === 0) return work()
    left -= 1
    return Promise.reject(createError('STORAGE_FAILED', 'The browser aborted a transaction. Try again.'))
  }
  return createSessionManager({
    ...tab,
    tables: { ...tab.tables, session: (id) => read(() => tab.tables.session(id)) },
    log: { ...tab.log, start: (stream) => read(() => tab.log.start(stream)) },
    journal: {
      ...tab.journal,
      commit: async (operation) => {
        const outcome = await tab.journal.commit(operation)
        left = failures
        return outcome
      },
    },
  })
}

async function prepared(): Promise<{ tab: Tab; id: SessionId }> {
  const tab = await openTab()
  const id = await created(tab, { state: { a: 1 } })
  await tab.sessions.save(tab.request(), { id })
  return { tab, id }
}

describe('answers', () => {
  test.each(Object.entries(ACTS))('SE27 %s that was stored is answered by a second look', async (_, what) => {
    const { tab, id } = await prepared()
    await expect(what.act(withFailingReads(tab, 1), tab, id)).resolves.toBeDefined()
    expect(await typesOf(tab, id)).toContain(what.type)
  })

  test.each(Object.entries(ACTS))('SE27 %s that was stored is never called refused', async (_, what) => {
    const { tab, id } = await prepared()
    const error = await refusal(what.act(withFailingReads(tab, 2), tab, id), 'OUTCOME_UNKNOWN')
    expect(error.details).toEqual({ requestId: expect.any(String) })
    expect(await typesOf(tab, id)).toContain(what.type)
  })

  test.each(['create', 'fork'] as const)(
    'SE27 a session that %s made is never called refused',
    async (verb) => {
      const { tab, id } = await prepared()
      const make = (sessions: SessionManager) =>
        verb === 'create'
          ? sessions.create(tab.request(), { name: 'made' })
          : sessions.fork(tab.request(), { id, name: 'made' })
      expect((await make(withFailingReads(tab, 1))).record.name).toBe('made')
      await refusal(make(withFailingReads(tab, 2)), 'OUTCOME_UNKNOWN')
      const { items } = await tab.sessions.list(tab.request(), {})
      expect(items.filter(({ name }) => name === 'made')).toHaveLength(2)
    },
  )
})
