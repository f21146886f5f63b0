import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { defaultHooks } from '../../../src/core/hook/default-hooks.ts'
import type { HookDefinition } from '../../../src/core/hook/definition.ts'
import type { SessionId } from '../../../src/core/ids.ts'
import { parseOpenAiMessages } from '../../../src/core/transcript/openai-messages.ts'
import { parsePiSession } from '../../../src/core/transcript/pi-session.ts'
import type { ImportRecord } from '../../../src/core/transcript/records.ts'
import { generatePiSession } from '../../fixtures/transcripts/generate.ts'
import { realTranscript } from '../../fixtures/transcripts/locate.ts'
import { createRandom } from '../../fixtures/transcripts/random.ts'
import { dataOf } from '../run/rig.ts'
import { chunksOf, collect } from '../transcript/bytes.ts'
import { type ImportWorker, openImportWorker } from '../transcript/rig.ts'
import { lookUps } from './look-ups.ts'
import { replay, stepOf } from './rig.ts'

interface Imported {
  readonly sessionId: SessionId
  readonly records: readonly ImportRecord[]
  /** Of the answered calls. */
  readonly steps: readonly { readonly step: string; readonly key: string }[]
}

const MUTATIONS = 50
const airline = realTranscript('tau-bench/gpt-4o-airline.json')
const pi = realTranscript('pi-mono/large-session.jsonl')

/** Real transcripts where there are some, else look-alikes. */
async function importAll(worker: ImportWorker): Promise<readonly Imported[]> {
  const imported: Imported[] = []
  const add = async (records: readonly ImportRecord[], input: Parameters<ImportWorker['import']>[0]) => {
    const { sessionId } = await worker.import(input)
    const events = await worker.events(sessionId)
    const started = new Map(dataOf(events, 'step.started').map((data) => [data.key, data]))
    const ends = [...dataOf(events, 'step.completed'), ...dataOf(events, 'step.failed')]
    const steps = ends.flatMap(({ key }) => started.get(key) ?? [])
    if (steps.length > 0) imported.push({ sessionId, records, steps })
  }
  if (airline === undefined) {
    for (let seed = 1; seed <= 5; seed += 1) {
      const { text } = generatePiSession({ seed, turns: 12 })
      await add(await collect(parsePiSession(chunksOf(text))), { text })
    }
  } else {
    const text = await readFile(airline, 'utf8')
    for (let index = 0; index < 20; index += 1) {
      const records = await collect(parseOpenAiMessages(chunksOf(text), { index }))
      await add(records, { text, format: 'openai-messages', index })
    }
  }
  const text = pi === undefined ? generatePiSession({ turns: 40 }).text : await readFile(pi, 'utf8')
  await add(await collect(parsePiSession(chunksOf(text))), { text })
  return imported
}

/** The same hook with other code: it notes something else. */
function changed(hook: HookDefinition): HookDefinition {
  return {
    ...hook,
    async run(payload, context) {
      const outcome = (await hook.run(payload, context)) ?? ({ kind: 'continue' } as const)
      return { ...outcome, note: 'other code' }
    },
  }
}

it('RP34 of fifty random changes each is found and named and nothing else is, and without one nothing', async () => {
  const random = createRandom(4)
  const pick = <Item>(items: readonly Item[]): Item => {
    const item = items[random.below(items.length)]
    if (item === undefined) throw new Error('There is nothing to pick from')
    return item
  }
  const worker = await openImportWorker()
  const sessions = await importAll(worker)
  const hooks = defaultHooks().hooks
  const recordHooks = hooks.filter(({ point, stage }) => point === 'step:run' && stage === 'record')

  for (const { sessionId, records, steps } of sessions) {
    expect(await replay(worker, sessionId, () => stepOf(lookUps(records)))).toMatchObject({
      steps: { rerun: steps.length, missing: [] },
      hooks: { missing: [], withheld: 0 },
      divergences: [],
      verdict: 'same',
    })
  }

  const made = { answer: 0, hook: 0, input: 0, definition: 0 }
  for (let at = 0; at < MUTATIONS; at += 1) {
    const { sessionId, records, steps } = pick(sessions)
    const { step, key } = pick(steps)
    const tools = stepOf(lookUps(records))
    const kind = pick(Object.keys(made) as (keyof typeof made)[])
    made[kind] += 1
    const what = `${at}: ${kind} of ${step} ${key}`
    switch (kind) {
      case 'answer': {
        const lying = stepOf(lookUps(records, { key, value: `another answer ${at}` }))
        const { divergences, verdict } = await replay(worker, sessionId, () => lying)
        expect(verdict, what).toBe('diverged')
        expect(divergences[0], what).toMatchObject({ kind: 'step', subject: step, key })
        expect(new Set(divergences.map((one) => one.key)), what).toEqual(new Set([key]))
        break
      }
      case 'hook': {
        const victim = pick(recordHooks)
        const others = hooks.map((hook) => (hook === victim ? changed(hook) : hook))
        const { divergences } = await replay(worker, sessionId, () => tools, { hooks: others })
        expect(divergences.length, what).toBeGreaterThan(0)
        const subjects = new Set(divergences.map((one) => `${one.kind} ${one.subject}`))
        expect(subjects, what).toEqual(new Set([`hook ${victim.id}@${victim.version}`]))
        break
      }
      case 'input': {
        const modifications = [{ key, path: '', value: { instead: at } }]
        const report = await replay(worker, sessionId, () => tools, { mode: 'modified', modifications })
        expect(report.modified, what).toMatchObject([{ step, key, path: '', to: { instead: at } }])
        // The tools look nothing up in it, but a collector keeps it with what it stores.
        expect(report.divergences.length, what).toBeGreaterThan(0)
        expect(new Set(report.divergences.map((one) => one.key)), what).toEqual(new Set([key]))
        break
      }
      case 'definition': {
        const found = (name: string) => (name === step ? undefined : tools)
        const report = await replay(worker, sessionId, found)
        const gone = steps.filter((one) => one.step === step).length
        expect(report.steps, what).toMatchObject({
          missing: [step],
          answered: gone,
          rerun: steps.length - gone,
        })
        expect(report.divergences, what).toEqual([])
        break
      }
      default:
        kind satisfies never
    }
  }
  for (const count of Object.values(made)) expect(count).toBeGreaterThan(5)
}, 240_000)
