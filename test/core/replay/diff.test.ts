import { expect, it } from 'vitest'
import type { EventId, SessionId } from '../../../src/core/ids.ts'
import { diffSession } from '../../../src/core/replay/diff.ts'
import type { StateValue } from '../../../src/core/state/value.ts'
import { openWorker } from '../run/rig.ts'

it('RP35 two moments of a session differ by what was added, removed and changed, in the order they are given', async () => {
  const worker = await openWorker()
  const sessionId: SessionId = await worker.session()
  const set = (key: string, value?: StateValue, scope?: string) =>
    worker.sessions.writeState(worker.request(), {
      target: { session: sessionId },
      changes: [
        { key, ...(value === undefined ? {} : { value }), ...(scope === undefined ? {} : { scope }) },
      ],
    })
  const now = async () => (await worker.events(sessionId)).at(-1)?.id as EventId
  await set('kept', 1)
  await set('gone', 1)
  await set('deep', { a: { b: [1, 2] } })
  const first = await now()
  await set('gone')
  await set('deep', { a: { b: [1, 3] }, more: true })
  await set('plan', 'x', 'agent:planner')
  await worker.sessions.transition(worker.request(), { id: sessionId, verb: 'suspend' })
  const second = await now()

  expect(await diffSession(worker.log, sessionId, first, second)).toEqual({
    from: first,
    to: second,
    state: [
      { kind: 'added', path: 'agent:planner/plan', from: null, to: 'x' },
      { kind: 'changed', path: 'deep.a.b.1', from: 2, to: 3 },
      { kind: 'added', path: 'deep.more', from: null, to: true },
      { kind: 'removed', path: 'gone', from: 1, to: null },
    ],
    status: { from: 'active', to: 'suspended' },
    artifacts: { added: [], removed: [] },
  })
  const back = await diffSession(worker.log, sessionId, second, first)
  expect(back.state.map(({ kind, path }) => `${kind} ${path}`)).toContain('added gone')
  expect(await diffSession(worker.log, sessionId, first, first)).toEqual({
    from: first,
    to: first,
    state: [],
    artifacts: { added: [], removed: [] },
  })
  await expect(diffSession(worker.log, sessionId, first, worker.clock.nextId())).rejects.toMatchObject({
    code: 'EVENT_NOT_FOUND',
  })
})
