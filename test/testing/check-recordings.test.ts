import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { root } from '../../scripts/report.mjs'
import { defineStep } from '../../src/client/define-step.ts'
import { defineApp } from '../../src/core/app/app.ts'
import type { AnyStep } from '../../src/core/app/step-definition.ts'
import { defineHook } from '../../src/core/hook/define-hook.ts'
import type { SessionId } from '../../src/core/ids.ts'
import { readRecording } from '../../src/core/replay/recording.ts'
import { fromJson, toJson } from '../../src/core/replay/recording-json.ts'
import { saveRecording } from '../../src/core/replay/save-recording.ts'
import type { Actor } from '../../src/core/session/record.ts'
import type { StateValue } from '../../src/core/state/value.ts'
import { checkRecordings } from '../../src/testing/check-recordings.ts'
import { started, stepped } from '../core/run/rig.ts'
import { type ImportWorker, openImportWorker } from '../core/transcript/rig.ts'

const STEP = { id: 'tool:price', version: 1, purity: 'pure' } as const

function appOf(run: AnyStep['run']) {
  return defineApp({ steps: [defineStep({ ...STEP, run }) as AnyStep] })
}

async function recorded(
  worker: ImportWorker,
  calls: readonly (readonly [StateValue, StateValue])[],
  by: { readonly actor?: Actor } = {},
) {
  const { record } = await worker.sessions.create(worker.request(by), {})
  const sessionId = record.id
  for (const [at, [input, value]] of calls.entries())
    await stepped(worker, { sessionId, step: 'tool:price@1', key: `k${at}`, input }, value)
  return sessionId
}

const save = (worker: ImportWorker, id: SessionId, redaction = {}) => saveRecording(worker, id, redaction)

test('RC1 a saved recording is replayed with the steps of an app and the built-in hooks, and is the same', async () => {
  const worker = await openImportWorker()
  const large = 'x'.repeat(40_000)
  const id = await recorded(worker, [
    [{ n: 1 }, 2],
    [{ n: 2 }, large],
    [{ n: 3 }, new Uint8Array([1, 2])],
  ])
  const { startedId } = await started(worker, {
    sessionId: id,
    step: 'tool:price@1',
    key: 'bad',
    input: { n: 4 },
  })
  const error = { name: 'TypeError', message: 'no', stack: 'at home' }
  await worker.steps.finish(worker.request(), { sessionId: id, startedId, outcome: { ok: false, error } })
  await started(worker, { sessionId: id, step: 'tool:price@1', key: 'open' })
  const text = await save(worker, id)
  expect(text).toContain('"digest"')
  const app = appOf((input) => {
    const { n } = input as { n: number }
    if (n === 4) throw new TypeError('no')
    return n === 1 ? 2 : n === 2 ? large : new Uint8Array([1, 2])
  })
  const [check] = await checkRecordings([{ file: 'a.json', text }], app)
  expect(check).toMatchObject({
    file: 'a.json',
    verdict: 'same',
    report: { steps: { rerun: 4, unfinished: 1, missing: [] }, hooks: { missing: [] }, divergences: [] },
  })
  expect(check?.report.hooks.rerun).toBeGreaterThan(8)
  expect(check).not.toHaveProperty('first')
})

test('RC2 a folder is read file by file, and the first divergence of each is named', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'recordings-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const worker = await openImportWorker()
  const same = await recorded(worker, [[1, 2]])
  const other = await recorded(worker, [
    [1, 2],
    [2, { total: 5 }],
    [3, 6],
  ])
  await writeFile(join(folder, 'b.json'), await save(worker, other))
  await writeFile(join(folder, 'a.json'), await save(worker, same))
  await writeFile(join(folder, 'notes.txt'), 'no recording')
  const app = appOf((input) => (input === 2 ? { total: 4 } : Number(input) * 2))
  const checks = await checkRecordings(folder, app)
  expect(checks.map(({ file, verdict }) => [file, verdict])).toEqual([
    ['a.json', 'same'],
    ['b.json', 'diverged'],
  ])
  expect(checks[1]?.first).toMatchObject({ kind: 'step', key: 'k1', path: 'total', expected: 5, got: 4 })
  const compare = { ignore: ['total', 'digest', 'outcome', 'note'] }
  expect((await checkRecordings(folder, app, { compare }))[1]).toMatchObject({ verdict: 'same' })
  // Another version is another step.
  const newer = defineApp({ steps: [defineStep({ ...STEP, version: 2, run: () => 1 }) as AnyStep] })
  expect((await checkRecordings(folder, newer))[0]).toMatchObject({
    verdict: 'nothing to check',
    report: { steps: { missing: ['tool:price@1'] } },
  })
})

test('RC3 secrets are nowhere in a recording, nor who acted, nor state; steps with one in their input are withheld', async () => {
  const worker = await openImportWorker()
  const actor = { id: 'ada-7', name: 'Ada Lovelace' }
  const telling = defineHook({
    id: 'telling',
    version: 1,
    point: 'step:run',
    stage: 'record',
    run: ({ result }) => ({ kind: 'continue', note: { told: result ?? null } }),
  })
  worker.register(telling)
  const calls = [
    [{ card: '4111-x', n: 1 }, 'one'],
    [{ n: 2 }, { note: 'call 555-0100 now', n: 2 }],
  ] as const
  const id = await recorded(worker, calls, { actor })
  await worker.sessions.edit(worker.request({ actor }), { id, changes: { name: 'Plan of 555-0100' } })
  await worker.sessions.writeState(worker.request({ actor }), {
    target: { session: id },
    changes: [{ key: 'k', value: 'state of affairs' }],
  })
  const text = await save(worker, id, { fields: ['card'], patterns: ['555-\\d+'] })
  for (const secret of ['4111-x', '555-0100', 'Lovelace', 'ada-7', 'state of affairs', 'stack'])
    expect(text).not.toContain(secret)
  // A digest would let a secret be guessed.
  expect(text).not.toContain('"digest"')
  const answers = (note: string) => appOf((input) => (Object(input).n === 1 ? 'one' : { note, n: 2 }))
  const [check] = await checkRecordings([{ file: 'a', text }], answers('call 555-0100 now'), {
    hooks: [telling],
  })
  expect(check).toMatchObject({ verdict: 'same', report: { steps: { rerun: 1, withheld: 1 } } })
  // What was redacted is redacted alike in what comes out, and the rest of it is compared.
  const [another] = await checkRecordings([{ file: 'a', text }], answers('call 555-0199 then'))
  expect(another?.first).toMatchObject({ kind: 'step', path: 'note' })
})

test('RC4 hooks of the app and options of the built-in ones are those that are given', async () => {
  const worker = await openImportWorker()
  const gate = (note: string) =>
    defineHook({
      id: 'gate',
      version: 1,
      point: 'step:run',
      stage: 'record',
      run: () => ({ kind: 'continue', note }),
    })
  worker.register(gate('a'))
  const id = await recorded(worker, [[1, 2]])
  const recordings = [{ file: 'a', text: await save(worker, id) }]
  const app = appOf(() => 2)
  expect(await checkRecordings(recordings, app)).toMatchObject([
    { report: { hooks: { missing: ['gate@1'] } } },
  ])
  expect(await checkRecordings(recordings, app, { hooks: [gate('a')] })).toMatchObject([{ verdict: 'same' }])
  expect(await checkRecordings(recordings, app, { hooks: [gate('b')] })).toMatchObject([
    { first: { kind: 'hook', subject: 'gate@1' } },
  ])
  expect(
    await checkRecordings(recordings, app, {
      hooks: [gate('a')],
      builtIn: { toolResults: { tags: ['more'] } },
    }),
  ).toMatchObject([{ first: { subject: 'collect-tool-results@1' } }])
})

test('RC5 nothing to check, no recording and one of a newer build are errors', async () => {
  const app = appOf(() => 1)
  const folder = await mkdtemp(join(tmpdir(), 'recordings-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await expect(checkRecordings(folder, app)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(checkRecordings([], app)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(checkRecordings(join(folder, 'gone'), app)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  for (const text of [
    '{',
    '{}',
    '[]',
    '{"format":"holdfast-recording","version":1,"withheld":[],"events":[1]}',
    '{"format":"holdfast-recording","version":1,"withheld":[],"events":[],"redaction":{"patterns":["("]}}',
    '{"format":"holdfast-recording","version":1,"withheld":[],"events":[{"id":"a","type":"step.completed"}]}',
  ])
    await expect(checkRecordings([{ file: 'x.json', text }], app)).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      details: { file: 'x.json' },
    })
  const newer = '{"format":"holdfast-recording","version":2,"withheld":[],"events":[]}'
  await expect(checkRecordings([{ file: 'x', text: newer }], app)).rejects.toMatchObject({
    code: 'VERSION_MISMATCH',
  })
  const worker = await openImportWorker()
  await expect(save(worker, worker.clock.nextId())).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' })
  for (const [redact, path] of [
    [{ patterns: ['('] }, 'redact.patterns'],
    [{ patterns: [/secret/i] }, 'redact.patterns'],
    [{ fields: 'ssn' }, 'redact.fields'],
    ['ssn', 'redact'],
  ] as const)
    await expect(save(worker, worker.clock.nextId(), redact as never)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { path },
    })
})

test('RC6 values come back from the file as they were: bytes, and objects with the marks of the file', async () => {
  const values: readonly StateValue[] = [
    new Uint8Array([0, 255]),
    { $bytes: '00' },
    { $object: { $bytes: new Uint8Array(0) } },
    [null, true, 1.5, 'ü', { a: [{}] }],
  ]
  for (const value of values) expect(fromJson(JSON.parse(JSON.stringify(toJson(value))))).toEqual(value)
  const worker = await openImportWorker()
  const id = await recorded(worker, [[{ bytes: new Uint8Array([7]) }, { $bytes: 'ab' }]])
  const { events } = readRecording(await save(worker, id), 'a')
  expect(events.find(({ type }) => type === 'step.completed')?.data).toMatchObject({
    result: { inline: { $bytes: 'ab' } },
  })
})

// Files of builds that were released are never written anew.
test('RC7 a recording that the first build saved is read and replayed as it was', async () => {
  const folder = join(root, 'test/versions/recordings')
  const double: AnyStep['run'] = (input) => {
    const { n, bytes } = Object(input)
    if (n < 0) throw new RangeError('below nought')
    return bytes === undefined ? n * 2 : { bytes, n: n * 2 }
  }
  const app = (run: AnyStep['run']) =>
    defineApp({
      steps: [
        defineStep({ id: 'tool:double', version: 1, purity: 'pure', run }) as AnyStep,
        defineStep({ id: 'mail:send', version: 1, purity: 'effect', run: () => 'sent again' }) as AnyStep,
      ],
    })
  expect(await checkRecordings(folder, app(double))).toMatchObject([
    {
      file: 'first.json',
      verdict: 'same',
      report: { steps: { rerun: 3, answered: 1, withheld: 1, unfinished: 1, missing: [] } },
    },
  ])
  expect(
    await checkRecordings(
      folder,
      app((input) => Object(input).n * 2),
    ),
  ).toMatchObject([{ first: { key: 'bytes' }, report: { severities: { critical: 2 } } }])
})
