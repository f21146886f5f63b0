import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { defaultHooks } from '../../../src/core/hook/default-hooks.ts'
import { parseOpenAiMessages } from '../../../src/core/transcript/openai-messages.ts'
import { parsePiSession } from '../../../src/core/transcript/pi-session.ts'
import { generatePiSession } from '../../fixtures/transcripts/generate.ts'
import { realTranscript } from '../../fixtures/transcripts/locate.ts'
import { dataOf } from '../run/rig.ts'
import { chunksOf, collect } from '../transcript/bytes.ts'
import { type ImportWorker, openImportWorker } from '../transcript/rig.ts'
import { lookUps } from './look-ups.ts'
import { replay, stepOf } from './rig.ts'

/** The same database in a new worker: what is replayed comes from what is stored alone. */
async function reloaded(worker: ImportWorker): Promise<ImportWorker> {
  await worker.kill()
  return openImportWorker(worker.house)
}

async function piSession(file: string | undefined) {
  const text = file === undefined ? generatePiSession({ turns: 80 }).text : await readFile(file, 'utf8')
  const records = await collect(parsePiSession(chunksOf(text)))
  const results = records.filter((record) => record.kind === 'result')
  return { text, records, results, calls: records.filter((record) => record.kind === 'call').length }
}

const large = realTranscript('pi-mono/large-session.jsonl')
const compacted = realTranscript('pi-mono/before-compaction.jsonl')
const STEPS = { bash: 'tool:bash@1', read: 'tool:read@1', edit: 'tool:edit@1', write: 'tool:write@1' }

for (const file of [large, compacted, undefined].filter((one, at, all) => all.indexOf(one) === at)) {
  describe(`replay of an imported ${file === undefined ? 'generated' : 'real'} session`, () => {
    it('RP16 every answered call is run again, every unanswered one is unfinished, nothing differs', async () => {
      const { text, records, results, calls } = await piSession(file)
      let worker = await openImportWorker()
      const { sessionId } = await worker.import({ text, steps: STEPS })
      worker = await reloaded(worker)
      const report = await replay(worker, sessionId, () => stepOf(lookUps(records)))
      expect(report).toMatchObject({
        steps: { rerun: results.length, answered: 0, unfinished: calls - results.length, missing: [] },
        hooks: { withheld: 0, missing: [] },
        divergences: [],
        verdict: 'same',
      })
      if (file === large && large !== undefined)
        expect(report.steps).toMatchObject({ rerun: 373, unfinished: 18 })
      expect(report.hooks.rerun).toBeGreaterThan(results.length * 2)
    }, 60_000)

    it('RP17 one tool that answers one call differently: that step is named, and every hook whose result changed', async () => {
      const { text, records, results } = await piSession(file)
      let worker = await openImportWorker()
      const { sessionId } = await worker.import({ text, steps: STEPS })
      worker = await reloaded(worker)
      const chosen = results.filter(({ outcome }) => outcome.ok)[7]
      const key = chosen?.callId ?? ''
      const changed = { key, value: `${chosen?.outcome.ok ? chosen.outcome.value : ''} and more` }
      const { divergences, verdict, steps } = await replay(worker, sessionId, () =>
        stepOf(lookUps(records, changed)),
      )
      const step = dataOf(await worker.events(sessionId), 'step.started').find(
        (data) => data.key === key,
      )?.step
      expect(verdict).toBe('diverged')
      expect(steps.rerun).toBe(results.length)
      expect(divergences.map(({ kind, subject, key: of }) => ({ kind, subject, key: of }))).toEqual([
        { kind: 'step', subject: step, key },
        { kind: 'hook', subject: 'collect-tool-results@1', key },
        { kind: 'hook', subject: 'metrics@1', key },
      ])
    }, 60_000)

    it('RP18 with no definitions there is nothing to check', async () => {
      const { text, results } = await piSession(file)
      const worker = await openImportWorker()
      const { sessionId } = await worker.import({ text })
      const report = await replay(worker, sessionId, {})
      expect(report).toMatchObject({
        steps: { rerun: 0, answered: results.length },
        divergences: [],
        verdict: 'nothing to check',
      })
      expect(report.steps.missing).toContain('bash@0')
    }, 60_000)
  })
}

const airline = realTranscript('tau-bench/gpt-4o-airline.json')
/** A tool-using dialogue with an id used twice and an error that is only text. */
const DIALOGUE = [
  {
    task_id: 0,
    traj: [
      { role: 'system', content: 'Policy' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'find', arguments: '{"q":1}' } }],
      },
      { role: 'tool', tool_call_id: 'c', name: 'find', content: 'Error: nothing' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'find', arguments: '{"q":1}' } }],
      },
      { role: 'tool', tool_call_id: 'c', name: 'find', content: 'found' },
    ],
  },
]

describe('OpenAI trajectories', () => {
  it('RP19 twenty of them are imported and replayed, each a session of its own', async () => {
    const text = airline === undefined ? JSON.stringify(DIALOGUE) : await readFile(airline, 'utf8')
    const count = airline === undefined ? 1 : 20
    const worker = await openImportWorker()
    for (let index = 0; index < count; index += 1) {
      const records = await collect(parseOpenAiMessages(chunksOf(text), { index }))
      const results = records.filter((record) => record.kind === 'result').length
      const { sessionId, entries } = await worker.import({ text, format: 'openai-messages', index })
      const events = await worker.events(sessionId)
      expect(entries).toBe(records.filter((record) => record.kind !== 'call').length)
      expect(dataOf(events, 'message.added')).toHaveLength(
        records.filter((record) => record.kind === 'message').length,
      )
      expect(dataOf(events, 'step.completed')).toHaveLength(results)
      expect(dataOf(events, 'step.failed')).toHaveLength(0)
      expect(new Set(dataOf(events, 'step.started').map(({ key }) => key)).size).toBe(results)
      expect(await replay(worker, sessionId, () => stepOf(lookUps(records)))).toMatchObject({
        steps: { rerun: results, unfinished: 0 },
        divergences: [],
      })
    }
    expect((await worker.sessions.list(worker.request(), { count: true })).total).toBe(count)
  }, 60_000)

  it('TC8 a file of several is refused without index, and nothing of it stays', async () => {
    const worker = await openImportWorker()
    const text = JSON.stringify([...DIALOGUE, ...DIALOGUE])
    await expect(worker.import({ text, format: 'openai-messages' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { path: 'index' },
    })
    expect(await worker.connection.db.sessions.count()).toBe(0)
  })

  it('TC17 bad lines of a list are reported by number too', async () => {
    const worker = await openImportWorker()
    const text = '{"role":"user","content":"a"}\n{"role"\n{"role":"user","content":"b"}\n'
    await expect(worker.import({ text, format: 'openai-messages' })).rejects.toMatchObject({
      code: 'IMPORT_FAILED',
      details: { line: 2 },
    })
    const { entries, skipped } = await worker.import({ text, format: 'openai-messages', onBadLine: 'skip' })
    expect({ entries, skipped }).toEqual({ entries: 2, skipped: [2] })
  })
})

it('RP20 hooks of a new worker find the recorded ones by id and version: another version is missing, not different', async () => {
  const { text, records, results } = await piSession(undefined)
  const worker = await openImportWorker()
  const { sessionId } = await worker.import({ text })
  const newer = defaultHooks().hooks.map((hook) => (hook.id === 'metrics' ? { ...hook, version: 2 } : hook))
  const report = await replay(worker, sessionId, () => stepOf(lookUps(records)), { hooks: newer })
  expect(report).toMatchObject({
    steps: { rerun: results.length },
    hooks: { missing: ['metrics@1'] },
    divergences: [],
  })
})
