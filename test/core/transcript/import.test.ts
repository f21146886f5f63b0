import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import type { SessionId } from '../../../src/core/ids.ts'
import { unpackPage } from '../../../src/core/session/kept-record.ts'
import { readLargeFields } from '../../../src/core/timeline/event-data.ts'
import { MAX_BATCH_PLANS } from '../../../src/core/transcript/batch.ts'
import { parsePiSession } from '../../../src/core/transcript/pi-session.ts'
import { MAX_SKIPPED_LINES } from '../../../src/core/transcript/recorder.ts'
import { type GeneratedSession, generatePiSession } from '../../fixtures/transcripts/generate.ts'
import { realTranscript } from '../../fixtures/transcripts/locate.ts'
import { countCommits } from '../../storage/rig.ts'
import { dataOf, restart } from '../run/rig.ts'
import { chunksOf, collect } from './bytes.ts'
import { type ImportWorker, openImportWorker } from './rig.ts'

const line = (entry: unknown) => `${JSON.stringify(entry)}\n`
const user = (content: unknown, at = '2026-01-01T00:00:00.000Z') =>
  line({ type: 'message', timestamp: at, message: { role: 'user', content } })
const answer = (...calls: { id: string; name?: string; args?: unknown }[]) =>
  line({
    type: 'message',
    timestamp: '2026-01-01T00:00:01.000Z',
    message: {
      role: 'assistant',
      content: calls.map(({ id, name = 'bash', args = {} }) => ({
        type: 'toolCall',
        id,
        name,
        arguments: args,
      })),
    },
  })
const toolResult = (id: string, text: string, more = {}) =>
  line({
    type: 'message',
    timestamp: '2026-01-01T00:00:02.000Z',
    message: {
      role: 'toolResult',
      toolCallId: id,
      content: [{ type: 'text', text }],
      isError: false,
      ...more,
    },
  })

/** Everything that was imported is there, whole and in order. */
async function assertWhole(
  worker: ImportWorker,
  sessionId: SessionId,
  text: string,
  expected: GeneratedSession,
) {
  const events = await worker.events(sessionId)
  const records = await collect(parsePiSession(chunksOf(text)))

  // Order: each record's own event, in the order of the file.
  const own = events.filter(
    ({ type }) => /^(message|model|step|import)\./.test(type) && type !== 'import.finished',
  )
  const kinds = {
    message: 'message.added',
    call: 'step.started',
    model: 'model.changed',
    entry: 'import.entry',
    header: 'import.started',
  } as const
  expect(own.map(({ type, at }) => [type, at])).toEqual(
    records.flatMap((record) => {
      if (record.kind === 'broken') return []
      const type =
        record.kind === 'result' ? (record.outcome.ok ? 'step.completed' : 'step.failed') : kinds[record.kind]
      return [[type, record.at]]
    }),
  )
  const messages = await Promise.all(
    dataOf(events, 'message.added').map(
      async (data) => (await readLargeFields(worker.readValue, data)) as typeof data,
    ),
  )
  const read = records.filter((record) => record.kind === 'message')
  expect(messages.map(({ role, content }) => ({ role, content }))).toEqual(
    read.map(({ role, content }) => ({ role, content })),
  )

  // One root correlation; sources and causes.
  expect(new Set(events.map((event) => event.correlationId)).size).toBe(1)
  const byId = new Map(events.map((event) => [event.id, event]))
  for (const event of own) {
    expect(event.source).toBe('import')
    const cause = event.causeId === undefined ? undefined : byId.get(event.causeId)?.type
    if (event.type === 'step.started') expect(cause).toBe('message.added')
    else if (event.type.startsWith('step.')) expect(cause).toBe('step.started')
    else expect(cause).toBe(event.type === 'import.started' ? undefined : 'import.started')
    if (event.causeId !== undefined) expect(event.causeId < event.id).toBe(true)
  }

  // Artifacts, byte for byte.
  const artifacts = await worker.artifactsOf(sessionId)
  expect(artifacts).toHaveLength(expected.textByCall.size)
  for (const artifact of artifacts) {
    const key = String(artifact.metadata.key)
    expect(await worker.textOf(artifact)).toBe(expected.textByCall.get(key))
    expect(artifact.tags.includes('error')).toBe(expected.failedCalls.has(key))
  }

  expect(dataOf(events, 'step.started')).toHaveLength(expected.calls)
  expect(dataOf(events, 'step.completed')).toHaveLength(expected.results - expected.errors)
  expect(dataOf(events, 'step.failed')).toHaveLength(expected.errors)
  expect(dataOf(events, 'import.finished')).toEqual([{ entries: expected.lines, skipped: [] }])
}

async function expectationsOf(text: string): Promise<GeneratedSession> {
  const records = await collect(parsePiSession(chunksOf(text)))
  const results = records.filter((record) => record.kind === 'result')
  const calls = records.filter((record) => record.kind === 'call').length
  const failed = results.filter(({ outcome }) => !outcome.ok)
  return {
    text,
    lines: text.split('\n').filter(Boolean).length,
    messages: records.filter((record) => record.kind === 'message').length + results.length,
    calls,
    results: results.length,
    errors: failed.length,
    unanswered: calls - results.length,
    textByCall: new Map(
      results.map(({ callId, outcome }) => [callId, outcome.ok ? String(outcome.value) : outcome.message]),
    ),
    failedCalls: new Set(failed.map(({ callId }) => callId)),
  }
}

describe('import of a pi session', () => {
  it('TC10 everything is there in the order of the file: events, causes, one correlation, artifacts byte for byte', async () => {
    const worker = await openImportWorker()
    const session = generatePiSession({ turns: 90 })
    const { sessionId, entries, skipped } = await worker.import({
      text: session.text,
      name: 'generated',
      tags: ['seed'],
    })
    expect({ entries, skipped }).toEqual({ entries: session.lines, skipped: [] })
    await assertWhole(worker, sessionId, session.text, session)
    const after = await openImportWorker((await restart(worker)).house)
    await assertWhole(after, sessionId, session.text, session)
    expect((await after.tables.session(sessionId))?.counters).toMatchObject({
      steps: session.calls,
      stepsFailed: session.errors,
      artifacts: session.results,
    })
  })

  const large = realTranscript('pi-mono/large-session.jsonl')
  const compacted = realTranscript('pi-mono/before-compaction.jsonl')
  for (const file of [large, compacted].filter((found) => found !== undefined)) {
    it(`TC10 so is every line of a real session: ${file.split('/').at(-1)}`, async () => {
      const worker = await openImportWorker()
      const text = await readFile(file, 'utf8')
      const { sessionId } = await worker.import({ text })
      await assertWhole(worker, sessionId, text, await expectationsOf(text))
    }, 30_000)
  }

  it('TC11 usage and cost are summed into the counters', async () => {
    const worker = await openImportWorker()
    const usage = { input: 2, output: 3, cacheRead: 4, cacheWrite: 5, cost: { total: 0.25 } }
    const message = { role: 'assistant', content: [], usage }
    const { sessionId } = await worker.import({
      text: line({ type: 'message', message }) + line({ type: 'message', message }),
    })
    expect((await worker.tables.session(sessionId))?.counters.usage).toEqual({
      inputTokens: 4,
      outputTokens: 6,
      cacheReadTokens: 8,
      cacheWriteTokens: 10,
      costUsd: 0.5,
    })
  })

  it('TC12 steps are called as asked, else <tool>@0; the collected artifact has the name of the tool', async () => {
    const worker = await openImportWorker()
    const text =
      answer({ id: 'a' }, { id: 'b', name: 'read' }) + toolResult('b', 'two') + toolResult('a', 'one')
    const { sessionId } = await worker.import({ text, steps: { bash: 'tool:bash@3' } })
    const events = await worker.events(sessionId)
    expect(dataOf(events, 'step.started').map(({ step, key, tool }) => ({ step, key, tool }))).toEqual([
      { step: 'tool:bash@3', key: 'a', tool: 'bash' },
      { step: 'read@0', key: 'b', tool: 'read' },
    ])
    expect(dataOf(events, 'step.completed').map(({ key }) => key)).toEqual(['b', 'a'])
    expect((await worker.artifactsOf(sessionId)).map(({ name }) => name)).toEqual(['read/b', 'bash/a'])
    await expect(worker.import({ text, steps: { bash: 'no version' } })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
  })

  it('TC13 an id used twice is another call: its step has a key of its own, and each gets its answer', async () => {
    const worker = await openImportWorker()
    const text =
      answer({ id: 'a', args: 1 }) +
      toolResult('a', 'first') +
      answer({ id: 'a', args: 2 }, { id: 'a', args: 3 }) +
      toolResult('a', 'second') +
      toolResult('a', 'third')
    const { sessionId } = await worker.import({ text })
    const events = await worker.events(sessionId)
    expect(dataOf(events, 'step.started').map(({ key, input }) => [key, input])).toEqual([
      ['a', { inline: 1 }],
      ['a#2', { inline: 2 }],
      ['a#3', { inline: 3 }],
    ])
    expect(dataOf(events, 'step.completed').map(({ key, result }) => [key, result])).toEqual([
      ['a', { inline: 'first' }],
      ['a#2', { inline: 'second' }],
      ['a#3', { inline: 'third' }],
    ])
  })

  it('TC14 what fits no step is an entry: an answer without a call, a second answer, a name no step can have', async () => {
    const worker = await openImportWorker()
    const odd = `x${'y'.repeat(300)}`
    const text =
      toolResult('nobody', 'lost') +
      answer({ id: 'a' }, { id: 'b', name: odd, args: { q: 1 } }) +
      toolResult('a', 'one') +
      toolResult('a', 'again') +
      toolResult('b', 'two')
    const { sessionId, entries } = await worker.import({ text })
    const kept = dataOf(await worker.events(sessionId), 'import.entry')
    expect(kept.map(({ line, type }) => [line, type])).toEqual([
      [1, 'toolResult'],
      [2, 'toolCall'],
      [4, 'toolResult'],
      [5, 'toolResult'],
    ])
    expect(kept[1]?.data).toEqual({ id: 'b', name: odd, arguments: { q: 1 } })
    expect(kept[0]?.data).toEqual(JSON.parse(text.split('\n')[0] ?? ''))
    expect(entries).toBe(5)
  })

  it('TC15 what is too large for its event stands in contents and can be read whole', async () => {
    const worker = await openImportWorker()
    const long = 'ß'.repeat(40_000)
    const text =
      line({ type: 'session', id: 's', note: long }) +
      user([{ type: 'text', text: long }]) +
      line({ type: 'compaction', summary: long }) +
      answer({ id: 'a', args: { content: long } }) +
      toolResult('a', long, { details: { diff: long } })
    const { sessionId } = await worker.import({ text })
    const events = await worker.events(sessionId)
    const [message] = dataOf(events, 'message.added')
    expect(message).toMatchObject({
      role: 'user',
      content: null,
      large: { content: { sizeBytes: expect.any(Number) } },
    })
    expect(message && (await readLargeFields(worker.readValue, message)).content).toEqual([
      { type: 'text', text: long },
    ])
    const [entry] = dataOf(events, 'import.entry')
    expect(entry && (await readLargeFields(worker.readValue, entry)).data).toMatchObject({ summary: long })
    const [begun] = dataOf(events, 'import.started')
    expect(begun && (await readLargeFields(worker.readValue, begun)).header).toMatchObject({ note: long })
    const [end] = dataOf(events, 'step.completed')
    expect(end?.source && (await worker.readValue(end.source))).toMatchObject({
      message: { details: { diff: long } },
    })
    for (const { data } of events) expect(JSON.stringify(data).length).toBeLessThan(40_000)

    // Every reference is counted: with the session all contents go.
    await worker.sessions.delete(worker.request(), { id: sessionId })
    await worker.journal.sweep([])
    expect((await worker.connection.db.contents.toArray()).filter((row) => row.references > 0)).toEqual([])
  })

  it('TC16 hooks see imported events and steps as live ones: redaction, metrics, vetoes', async () => {
    const worker = await openImportWorker()
    const text =
      user('my password=hunter2secret') +
      answer({ id: 'a', args: { password: 'hunter2secret' } }) +
      toolResult('a', 'fine', { details: { api_key: 'hunter2secret' } })
    const { sessionId } = await worker.import({ text })
    expect(JSON.stringify(await worker.events(sessionId))).not.toContain('hunter2secret')
    expect(worker.defaults.metrics?.snapshot().events).toMatchObject({
      'message.added': 2,
      'import.started': 1,
    })
    expect(worker.defaults.metrics?.snapshot().steps.bash).toMatchObject({ started: 1, completed: 1 })
    worker.register(
      defineHook({
        id: 'no-bash',
        version: 1,
        point: 'step:run',
        stage: 'before',
        run: ({ tool }) => (tool === 'bash' ? { kind: 'cancel', reason: 'not here' } : undefined),
      }),
    )
    await expect(worker.import({ text })).rejects.toMatchObject({ code: 'HOOK_CANCELLED' })
    expect(unpackPage(await worker.sessions.list(worker.request(), {})).items).toHaveLength(1)
  })

  it('TI12 a hook makes no event of an import name a content that the import did not take in', async () => {
    const worker = await openImportWorker()
    const reference = { content: `sha256:${'a'.repeat(64)}`, sizeBytes: 4 }
    worker.register(
      defineHook({
        id: 'forger',
        version: 1,
        point: 'event:emit',
        stage: 'record',
        when: { names: ['message.added'] },
        run: () => ({ kind: 'modify', change: { data: { role: 'user', large: { content: reference } } } }),
      }),
    )
    const { sessionId } = await worker.import({ text: user('hello') })
    expect(dataOf(await worker.events(sessionId), 'message.added')).toEqual([{ role: 'user' }])
  })

  it('TC17 a broken line stops the import by its number and leaves nothing, or is skipped and reported', async () => {
    const worker = await openImportWorker()
    const text = `${user('one')}{"type":\n${answer({ id: 'a' })}nonsense\n${toolResult('a', 'fine')}`
    await expect(worker.import({ text })).rejects.toMatchObject({
      code: 'IMPORT_FAILED',
      details: { line: 2 },
    })
    expect(await worker.connection.db.sessions.count()).toBe(0)
    expect(await worker.connection.db.heads.count()).toBe(0)
    expect(await countCommits(worker)).toBe(0)

    const { sessionId, entries, skipped } = await worker.import({ text, onBadLine: 'skip' })
    expect({ entries, skipped }).toEqual({ entries: 3, skipped: [2, 4] })
    const events = await worker.events(sessionId)
    expect(dataOf(events, 'import.finished')).toEqual([{ entries: 3, skipped: [2, 4] }])
    expect(dataOf(events, 'step.completed')).toHaveLength(1)
  })

  it('TC18 a session is in no list until all of it is stored', async () => {
    const worker = await openImportWorker()
    const seen: number[] = []
    let last = 0
    const { text } = generatePiSession({ turns: 20 })
    const { sessionId } = await worker.import(
      { text },
      {
        onProgress: (loaded) => {
          last = loaded
          worker.sessions.list(worker.request(), {}).then((page) => seen.push(unpackPage(page).items.length))
        },
      },
    )
    expect(seen.length).toBeGreaterThan(1)
    expect(new Set(seen)).toEqual(new Set([0]))
    const listed = unpackPage(await worker.sessions.list(worker.request(), {}))
    expect(listed.items.map(({ id }) => id)).toEqual([sessionId])
    expect(last).toBe(new TextEncoder().encode(text).length)
  })

  it('TC19 an aborted import ends between two records, closes its source and leaves nothing', async () => {
    const worker = await openImportWorker()
    const stop = new AbortController()
    const { text } = generatePiSession({ turns: 60 })
    const importing = worker.import(
      { text },
      { signal: stop.signal, onProgress: (loaded) => loaded > 20_000 && stop.abort() },
    )
    await expect(importing).rejects.toMatchObject({ code: 'ABORTED' })
    expect(await worker.connection.db.sessions.count()).toBe(0)
    await expect(worker.import({ text }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    })
  })

  it('TC29 of many skipped lines the first 1,000 are named and the others counted, in a repeat too', async () => {
    const worker = await openImportWorker()
    const text = 'broken\n'.repeat(MAX_SKIPPED_LINES + 7)
    const request = worker.request()
    const report = await worker.import({ text, onBadLine: 'skip' }, { request })
    expect(report).toMatchObject({ entries: 0, moreSkipped: 7 })
    expect(report.skipped).toEqual(Array.from({ length: 1_000 }, (_, at) => at + 1))
    expect(await worker.import({ text }, { request: { ...request, mayRepeat: true } })).toEqual(report)
    const few = await worker.import({ text: 'broken\n', onBadLine: 'skip' })
    expect(few).not.toHaveProperty('moreSkipped')
  })

  it('TC20 an import that is sent again gives the report of the first', async () => {
    const worker = await openImportWorker()
    const request = worker.request()
    const text = `${user('one')}{"type":\n`
    const first = await worker.import({ text, onBadLine: 'skip' }, { request })
    expect(
      await worker.import({ text, onBadLine: 'skip' }, { request: { ...request, mayRepeat: true } }),
    ).toEqual(first)
    expect(unpackPage(await worker.sessions.list(worker.request(), {})).items).toHaveLength(1)
  })

  it('TC21 many plans share a commit, and commits never change the order', async () => {
    const worker = await openImportWorker()
    const text = Array.from({ length: 3 * MAX_BATCH_PLANS }, (_, at) => user(`message ${at}`)).join('')
    const { sessionId } = await worker.import({ text })
    const rows = await worker.log.tail(sessionId as never, 0)
    const counts = rows.map((row) => row.events.filter((event) => event.type === 'message.added').length)
    expect(Math.max(...counts)).toBeGreaterThan(MAX_BATCH_PLANS / 2)
    for (const row of rows)
      expect([...row.events].map(({ id }) => id)).toEqual(row.events.map(({ id }) => id).toSorted())
    const contents = dataOf(await worker.events(sessionId), 'message.added').map(({ content }) => content)
    expect(contents).toEqual(Array.from({ length: 3 * MAX_BATCH_PLANS }, (_, at) => `message ${at}`))
  })

  it('TC22 the input is checked before anything is made', async () => {
    const worker = await openImportWorker()
    const wrong = [
      { format: 'csv' },
      { onBadLine: 'ask' },
      { index: 1 },
      { name: 'a\u0000b' },
      { tags: [''] },
      { steps: null },
      { mispelt: 1 },
    ]
    for (const input of wrong) {
      const importing = worker.import({ text: user('x'), ...(input as object) })
      await expect(importing, JSON.stringify(input)).rejects.toMatchObject({
        code: expect.stringMatching(/^INVALID_/),
      })
    }
    expect(await worker.connection.db.sessions.count()).toBe(0)
  })

  it('TC23 an empty file is an empty session', async () => {
    const worker = await openImportWorker()
    const { sessionId, entries } = await worker.import({ text: '' })
    expect(entries).toBe(0)
    expect((await worker.events(sessionId)).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['session.created', 'import.started', 'import.finished']),
    )
  })
})
