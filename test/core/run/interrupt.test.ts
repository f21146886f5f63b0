import { expect, it } from 'vitest'
import type { WriterId } from '../../../src/core/ids.ts'
import { interruptOrphanSteps } from '../../../src/core/run/interrupt.ts'
import { beginWriterLife } from '../../../src/core/run/writer-life.ts'
import { createProcessLocks } from '../../../src/platform/process-locks.ts'
import { dataOf, openWorker, restart, started, stepped, type Worker } from './rig.ts'

const gone =
  (...writers: readonly string[]) =>
  async (writer: WriterId) =>
    writers.includes(writer)

it('SP18 a step whose worker is gone becomes interrupted, once; others are left', async () => {
  const first = await openWorker()
  const sessionId = await first.session()
  await stepped(first, { sessionId, key: 'finished' }, 1)
  const cut = await started(first, { sessionId, key: 'cut' })
  const run = await first.runs.open(first.request(), { sessionId, name: 'r', key: 'k' })
  await started(first, { sessionId, key: 'in a run', runId: run.run.id, epoch: 1 })
  const living = await openWorker(first.house)
  await started(living, { sessionId, key: 'of a living tab' })
  const second = await restart(first)
  const isGone = gone(first.clock.writer)

  expect(await interruptOrphanSteps({ ...second, isGone }, second.request(), sessionId)).toEqual([
    cut.startedId,
  ])
  expect(await interruptOrphanSteps({ ...second, isGone }, second.request(), sessionId)).toEqual([])
  const events = await second.events(sessionId)
  expect(dataOf(events, 'step.interrupted')).toEqual([
    { step: 'tool:sql@1', key: 'cut', startedId: cut.startedId },
  ])
  expect(events.find((event) => event.type === 'step.interrupted')).toMatchObject({ causeId: cut.startedId })
})

it('SP18 an end that comes late stands, since it happened', async () => {
  const first = await openWorker()
  const sessionId = await first.session()
  const cut = await started(first, { sessionId })
  const second = await restart(first)
  await interruptOrphanSteps({ ...second, isGone: gone(first.clock.writer) }, second.request(), sessionId)
  const outcome = { ok: true, value: 'late' } as const
  await second.steps.finish(second.request(), { sessionId, startedId: cut.startedId, outcome })
  expect(dataOf(await second.events(sessionId), 'step.completed')).toMatchObject([
    { result: { inline: 'late' } },
  ])
})

it('SP18 nothing is written to a session that takes no steps, and nothing read of one that has none', async () => {
  const first = await openWorker()
  const sessionId = await first.session()
  const empty = await first.session()
  await started(first, { sessionId })
  await first.sessions.transition(first.request(), { id: sessionId, verb: 'suspend' })
  const second = await restart(first)
  const isGone = gone(first.clock.writer)
  expect(await interruptOrphanSteps({ ...second, isGone }, second.request(), sessionId)).toEqual([])
  await second.sessions.transition(second.request(), { id: sessionId, verb: 'resume' })
  expect(await interruptOrphanSteps({ ...second, isGone }, second.request(), sessionId)).toHaveLength(1)
  const unread: Worker['log'] = {
    ...second.log,
    range: () => {
      throw new Error('the log was scanned')
    },
  }
  expect(await interruptOrphanSteps({ ...second, log: unread, isGone }, second.request(), empty)).toEqual([])
})

it('SP18 a session that was deleted meanwhile has no steps to be interrupted, whenever it goes', async () => {
  const first = await openWorker()
  const sessionId = await first.session()
  await started(first, { sessionId })
  const second = await restart(first)
  const isGone = async () => {
    await second.sessions.delete(second.request(), { id: sessionId })
    return true
  }
  expect(await interruptOrphanSteps({ ...second, isGone }, second.request(), sessionId)).toEqual([])
  expect(await interruptOrphanSteps({ ...second, isGone }, second.request(), sessionId)).toEqual([])
  expect(await second.events(sessionId)).toEqual([])
})

it('SP19 a worker lives as long as it holds its lock', async () => {
  const locks = createProcessLocks()
  const [a, b] = ['a' as WriterId, 'b' as WriterId]
  const first = await beginWriterLife(locks, a)
  const second = await beginWriterLife(locks, b)
  expect(await second.isGone(a)).toBe(false)
  expect(await second.isGone(b)).toBe(false)
  first.end()
  await expect.poll(() => second.isGone(a)).toBe(true)
  await expect(beginWriterLife(locks, b)).rejects.toMatchObject({ code: 'CONFLICT' })
})
