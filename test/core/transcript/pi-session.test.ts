import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { parsePiSession } from '../../../src/core/transcript/pi-session.ts'
import type { ImportRecord } from '../../../src/core/transcript/records.ts'
import { generatePiSession } from '../../fixtures/transcripts/generate.ts'
import { realTranscript } from '../../fixtures/transcripts/locate.ts'
import { chunksOf, collect } from './bytes.ts'
import { rebuildPiLines } from './rebuild.ts'

const parse = (text: string) => collect(parsePiSession(chunksOf(text, 1_000)))
const line = (entry: unknown) => `${JSON.stringify(entry)}\n`
const linesOf = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((one) => JSON.parse(one))
const count = (records: readonly ImportRecord[], kind: ImportRecord['kind']) =>
  records.filter((record) => record.kind === kind).length

describe('pi sessions', () => {
  it('TC3 header, messages, model changes and other entries become records with line and original time', async () => {
    const records = await parse(
      line({ type: 'session', id: 's', timestamp: '2025-11-20T23:33:50.805Z', cwd: '/a' }) +
        line({
          type: 'message',
          timestamp: '2025-11-20T23:33:01.550Z',
          message: { role: 'user', content: 'hi', timestamp: 1 },
        }) +
        line({ type: 'model_change', timestamp: 'no time', provider: 'openai', modelId: 'gpt' }) +
        line({ type: 'compaction', timestamp: '2025-11-20T23:33:02.000Z', summary: 'so far' }),
    )
    expect(records).toEqual([
      {
        kind: 'header',
        line: 1,
        at: 1763681630805,
        data: { id: 's', timestamp: '2025-11-20T23:33:50.805Z', cwd: '/a' },
      },
      {
        kind: 'message',
        line: 2,
        at: 1763681581550,
        role: 'user',
        content: 'hi',
        source: { message: { timestamp: 1 } },
      },
      {
        kind: 'model',
        line: 3,
        provider: 'openai',
        model: 'gpt',
        source: { entry: { timestamp: 'no time' } },
      },
      {
        kind: 'entry',
        line: 4,
        at: 1763681582000,
        type: 'compaction',
        data: { type: 'compaction', timestamp: '2025-11-20T23:33:02.000Z', summary: 'so far' },
      },
    ])
  })

  it('TC5 the tool calls of an answer follow it in block order, with usage and cost on the message', async () => {
    const records = await parse(
      line({
        type: 'message',
        message: {
          role: 'assistant',
          model: 'claude',
          content: [
            { type: 'toolCall', id: 'b', name: 'read', arguments: { path: 'x' }, partialJson: '{' },
            { type: 'text', text: 'and' },
            { type: 'toolCall', id: 'a', name: 'bash', arguments: {} },
            { type: 'toolCall', name: 'no id' },
          ],
          usage: { input: 3, output: 191, cacheRead: 5, cacheWrite: 1684, cost: { total: 0.009189 } },
        },
      }),
    )
    expect(records).toMatchObject([
      {
        kind: 'message',
        content: [
          { type: 'text', text: 'and' },
          { type: 'toolCall', name: 'no id' },
        ],
        model: 'claude',
        usage: {
          inputTokens: 3,
          outputTokens: 191,
          cacheReadTokens: 5,
          cacheWriteTokens: 1684,
          costUsd: 0.009189,
        },
        source: {
          calls: [
            { id: 'b', place: 0, more: { partialJson: '{' } },
            { id: 'a', place: 2 },
          ],
        },
      },
      { kind: 'call', line: 1, callId: 'b', tool: 'read', input: { path: 'x' } },
      { kind: 'call', line: 1, callId: 'a', tool: 'bash', input: {} },
    ])
  })

  it('TC6 a result is failed when isError says so, and one text is the result itself', async () => {
    const result = (content: unknown, isError: unknown) =>
      line({ type: 'message', message: { role: 'toolResult', toolCallId: 'c', content, isError } })
    const text = [{ type: 'text', text: 'Error: looks like one' }]
    const image = [{ type: 'image', data: 'AA==', mimeType: 'image/png' }]
    const records = await parse(
      result(text, false) + result(text, true) + result(image, false) + result(image, true),
    )
    expect(records.map((record) => 'outcome' in record && record.outcome)).toEqual([
      { ok: true, value: 'Error: looks like one' },
      { ok: false, message: 'Error: looks like one' },
      { ok: true, value: image },
      { ok: false, message: JSON.stringify(image) },
    ])
  })

  it('TC2 a line that cannot be read is broken by its number, and the others are read', async () => {
    const deep = `${'['.repeat(70)}${']'.repeat(70)}`
    const records = await parse(
      `{"type":"x"}\n{"type":\n[1]\n{"type":"y","n":1e999}\n{"d":${deep}}\n{"type":"z"}`,
    )
    expect(records.map((record) => [record.line, record.kind])).toEqual([
      [1, 'entry'],
      [2, 'broken'],
      [3, 'broken'],
      [4, 'broken'],
      [5, 'broken'],
      [6, 'entry'],
    ])
  })

  it('TC4 a key named __proto__ stays data', async () => {
    const text = '{"type":"message","message":{"role":"user","content":"x","__proto__":{"polluted":true}}}\n'
    const [record] = await parse(text)
    expect(rebuildPiLines(record ? [record] : []).map((one) => JSON.stringify(one))).toEqual([text.trim()])
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it('TC4 every line can be made again from its records', async () => {
    const session = generatePiSession({ turns: 120 })
    const records = await parse(session.text)
    expect(rebuildPiLines(records)).toEqual(linesOf(session.text))
    expect(count(records, 'message') + count(records, 'result')).toBe(session.messages)
    expect(count(records, 'call')).toBe(session.calls)
    expect(count(records, 'result')).toBe(session.results)
    expect(session.unanswered).toBeGreaterThan(0)
    expect(session.errors).toBeGreaterThan(0)
  })

  const large = realTranscript('pi-mono/large-session.jsonl')
  const compacted = realTranscript('pi-mono/before-compaction.jsonl')
  if (large) {
    it('TC4 every line of a real session can be made again', async () => {
      const text = await readFile(large, 'utf8')
      const records = await parse(text)
      expect(rebuildPiLines(records)).toEqual(linesOf(text))
      expect(count(records, 'message') + count(records, 'result')).toBe(914)
      expect(count(records, 'call')).toBe(391)
      expect(count(records, 'result')).toBe(373)
      expect(records.filter((record) => record.kind === 'result' && !record.outcome.ok)).toHaveLength(19)
      expect(count(records, 'entry')).toBe(103)
    })
  }
  if (compacted) {
    it('TC4 so can every line of a compacted one', async () => {
      const text = await readFile(compacted, 'utf8')
      const records = await parse(text)
      expect(rebuildPiLines(records)).toEqual(linesOf(text))
      expect(
        records.filter((record) => record.kind === 'entry' && record.type === 'compaction'),
      ).toHaveLength(2)
      expect(
        records.filter((record) => record.kind === 'message' && record.role === 'bashExecution'),
      ).toHaveLength(3)
    })
  }
})
