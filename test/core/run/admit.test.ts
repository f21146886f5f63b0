import { beforeEach, describe, expect, it } from 'vitest'
import type { SessionId } from '../../../src/core/ids.ts'
import { admitEncoded, MAX_MESSAGE_CHARACTERS, MAX_STACK_CHARACTERS } from '../../../src/core/run/admit.ts'
import { encodeStepValue } from '../../../src/core/run/value.ts'
import { dataOf, openWorker, started, type Worker } from './rig.ts'

let worker: Worker
let sessionId: SessionId

beforeEach(async () => {
  worker = await openWorker()
  sessionId = await worker.session()
})

/** Whatever a page of another build may send. */
const sent = (value: unknown): never => value as never

describe('what a page sends of its steps and runs', () => {
  it('SP20 a start that is none is refused before anything happens', async () => {
    const good = { sessionId, step: 'a@1', purity: 'pure', input: null }
    const wrong = [
      { ...good, sessionId: 7 },
      { ...good, purity: 'maybe' },
      { ...good, input: undefined },
      { ...good, input: { at: new Date() } },
      { ...good, input: [Number.NaN] },
      { ...good, runId: 1 },
      { ...good, runId: 'r', key: 'k', epoch: 1.5 },
      { ...good, runId: 'r', epoch: 1 },
      { ...good, mispelt: true },
    ]
    for (const input of wrong) {
      const starting = worker.steps.start(worker.request(), sent(input))
      await expect(starting, JSON.stringify(input)).rejects.toMatchObject({
        code: expect.stringMatching(/^INVALID_/),
      })
    }
    expect(await worker.events(sessionId)).toHaveLength(1)
  })

  it('SP20 so is an end', async () => {
    const { startedId } = await started(worker, { sessionId })
    const ok = { ok: true, value: 1 }
    const wrong = [
      { startedId: 5, outcome: ok },
      { startedId, outcome: {} },
      { startedId, outcome: { ok: true, value: () => 1 } },
      { startedId, outcome: { ok: false } },
      { startedId, outcome: { ...ok, usage: { inputTokens: -1 } } },
      { startedId, outcome: { ...ok, usage: { tokens: 1 } } },
      { startedId, outcome: { ...ok, usage: { costUsd: Number.NaN } } },
    ]
    for (const input of wrong) {
      const finishing = worker.steps.finish(worker.request(), sent({ sessionId, ...input }))
      await expect(finishing, JSON.stringify(input)).rejects.toMatchObject({
        code: expect.stringMatching(/^INVALID_/),
      })
    }
    expect(dataOf(await worker.events(sessionId), 'step.completed')).toEqual([])
  })

  it('SP20 so are openings, ends, releases and cancellations of runs', async () => {
    for (const input of [
      { name: '' },
      { name: 'r', key: '' },
      { name: 'r', input: new Map() },
      { name: 'r', more: 1 },
    ]) {
      await expect(worker.runs.open(worker.request(), sent({ sessionId, ...input }))).rejects.toMatchObject({
        code: expect.stringMatching(/^INVALID_/),
      })
    }
    await expect(
      worker.runs.finish(worker.request(), sent({ outcome: { ok: true, value: 1 } })),
    ).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    const { run } = await worker.runs.open(worker.request(), { sessionId, name: 'r' })
    await expect(worker.runs.cancel(worker.request(), sent({ runId: run.id }))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    await expect(
      worker.runs.free(worker.request(), sent({ runId: run.id, answer: { kind: 'x' } })),
    ).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
  })

  it('SP7 what was thrown is recorded whatever it is, cut where it is too long', async () => {
    const { startedId } = await started(worker, { sessionId })
    const error = { name: 5, message: 'm'.repeat(50_000), stack: 's'.repeat(50_000) }
    await worker.steps.finish(worker.request(), sent({ sessionId, startedId, outcome: { ok: false, error } }))
    const [failed] = dataOf(await worker.events(sessionId), 'step.failed')
    expect(failed?.error).toMatchObject({ name: '5' })
    expect(failed?.error.message).toHaveLength(MAX_MESSAGE_CHARACTERS)
    expect(failed?.error.message.endsWith('m…')).toBe(true)
    expect(failed?.error).toMatchObject({ stack: `${'s'.repeat(MAX_STACK_CHARACTERS - 1)}…` })
  })

  it('SP20 the deepest value that can be encoded is admitted; one that is nested without end is not', async () => {
    let value: unknown = 1
    for (let level = 0; level < 63; level += 1) value = new Map([['k', value]])
    const encoded = await encodeStepValue(value)
    expect(admitEncoded(encoded, '')).toBe(encoded)
    const half = '\ud83d'
    expect(admitEncoded({ cut: half }, '')).toEqual({ cut: half })
    let deep: unknown = 1
    for (let level = 0; level < 300; level += 1) deep = [deep]
    expect(() => admitEncoded(deep, 'x')).toThrow(/nested deeper/)
  })
})
