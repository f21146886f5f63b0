import { beforeEach, describe, expect, it } from 'vitest'
import type { SessionId } from '../../../src/core/ids.ts'
import type { ReplaySpec } from '../../../src/core/replay/replay-input.ts'
import { entriesOf } from '../../../src/core/state/packed-entries.ts'
import { openWorker, started, stepped, type Worker } from '../run/rig.ts'
import { replay } from './rig.ts'

let worker: Worker
let sessionId: SessionId

beforeEach(async () => {
  worker = await openWorker()
  sessionId = await worker.session()
})

const replayState = (log: Worker['log'], id: SessionId, spec: ReplaySpec = {}) =>
  replay({ ...worker, log }, id, {}, { ...spec, mode: 'state' })

const set = (key: string, value: unknown) =>
  worker.sessions.writeState(worker.request(), {
    target: { session: sessionId },
    changes: [{ key, value: value as never }],
  })

describe('state replay', () => {
  it('RP13 every event folded anew gives the state that the session shows', async () => {
    await set('a', 1)
    await stepped(worker, { sessionId }, 1)
    await started(worker, { sessionId })
    await set('a', { deep: [2] })
    await worker.journal.flush()
    const events = await worker.events(sessionId)
    expect(await replayState(worker.log, sessionId)).toEqual({
      mode: 'state',
      events: events.length,
      steps: {
        rerun: 0,
        effects: 0,
        runnable: 0,
        answered: 1,
        withheld: 0,
        unfinished: 1,
        missing: [],
      },
      hooks: { rerun: 0, answered: 0, withheld: 0, missing: [] },
      divergences: [],
      severities: { info: 0, minor: 0, major: 0, critical: 0 },
      modifications: [],
      modified: [],
      errors: { total: 0, byType: [], bySubject: [], byHook: [], rate: 0, byHour: [] },
      verdict: 'same',
    })
  })

  it('RP13 a view that differs from the log is named by its key', async () => {
    await set('a', { deep: [2] })
    await set('b', 1)
    await worker.journal.flush()
    const events = await worker.events(sessionId)
    const lying: Worker['log'] = {
      ...worker.log,
      async start(stream) {
        const { packed, ...start } = await worker.log.start(stream)
        return {
          ...start,
          entries: [
            ...entriesOf(packed === undefined ? start : { ...start, packed }).filter(
              ({ key }) => key !== 'a',
            ),
            { key: 'a', value: { deep: [3] }, at: events.at(-1)?.id as never },
          ],
        }
      },
    }
    const report = await replayState(lying, sessionId)
    expect(report.verdict).toBe('diverged')
    expect(report.divergences).toMatchObject([
      { kind: 'state', subject: 'a', path: 'a.deep.0', expected: 3, got: 2 },
    ])
  })

  it('RP14 up to an older event there is nothing to compare with', async () => {
    await set('a', 1)
    const [first] = await worker.events(sessionId)
    await set('a', 2)
    const report = await replayState(worker.log, sessionId, first === undefined ? {} : { to: first.id })
    expect(report).toMatchObject({ events: 1, verdict: 'nothing to check' })
    await expect(replayState(worker.log, sessionId, { to: worker.clock.nextId() })).rejects.toMatchObject({
      code: 'EVENT_NOT_FOUND',
    })
    await expect(replayState(worker.log, 'nobody' as SessionId)).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
    })
  })
})
