import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { parseOpenAiMessages } from '../../../src/core/transcript/openai-messages.ts'
import { realTranscript } from '../../fixtures/transcripts/locate.ts'
import { chunksOf, collect } from './bytes.ts'
import { rebuildOpenAiMessages } from './rebuild.ts'

const parse = (text: string, options: { index?: number; maxLineBytes?: number } = {}) =>
  collect(parseOpenAiMessages(chunksOf(text, 700), options))

const call = { id: 'c1', type: 'function', function: { name: 'search', arguments: '{"q":"ü"}' } }
const MESSAGES = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: [{ type: 'text', text: 'find' }], name: 'ada' },
  {
    role: 'assistant',
    content: null,
    tool_calls: [call, { ...call, id: 'c2', function: { name: 'raw', arguments: '{ "a": 1.0 }' } }],
  },
  { role: 'tool', tool_call_id: 'c1', name: 'search', content: 'Error: nothing' },
  { role: 'tool', tool_call_id: 'c2', content: 'two' },
  { role: 'assistant', content: 'Done.', refusal: null },
]

describe('OpenAI messages', () => {
  it('TC7 a list is read alike from an array, an object, and one message a line', async () => {
    const forms = [
      JSON.stringify(MESSAGES),
      JSON.stringify(MESSAGES, null, 2),
      JSON.stringify({ messages: MESSAGES }),
      JSON.stringify({ traj: MESSAGES }, null, 2),
      MESSAGES.map((message) => JSON.stringify(message)).join('\r\n'),
      `\uFEFF${JSON.stringify([MESSAGES])}`,
    ]
    for (const form of forms) {
      const records = await parse(form)
      expect(rebuildOpenAiMessages(records)).toEqual(MESSAGES)
      expect(records.map((record) => record.kind)).toEqual([
        'message',
        'message',
        'message',
        'call',
        'call',
        'result',
        'result',
        'message',
      ])
    }
  })

  it('TC5 arguments are parsed, and kept as written where they cannot be made again', async () => {
    const records = await parse(JSON.stringify(MESSAGES))
    expect(records.filter((record) => record.kind === 'call')).toEqual([
      { kind: 'call', line: 1, callId: 'c1', tool: 'search', input: { q: 'ü' } },
      { kind: 'call', line: 1, callId: 'c2', tool: 'raw', input: { a: 1 } },
    ])
    expect(records[2]).toMatchObject({
      source: {
        calls: [
          { id: 'c1', place: 0 },
          { id: 'c2', place: 1, more: { function: { arguments: '{ "a": 1.0 }' } } },
        ],
      },
    })
    const [, broken] = await parse(
      JSON.stringify([
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ ...call, function: { name: 'x', arguments: '{"cut' } }],
        },
      ]),
    )
    expect(broken).toMatchObject({ kind: 'call', tool: 'x', input: '{"cut' })
  })

  it('TC6 an answer that only reads like an error is a result', async () => {
    const records = await parse(JSON.stringify(MESSAGES))
    expect(records[5]).toMatchObject({
      kind: 'result',
      callId: 'c1',
      outcome: { ok: true, value: 'Error: nothing' },
    })
  })

  it('TC7 what an object says beside its messages is the header', async () => {
    const [header] = await parse(JSON.stringify({ task_id: 7, traj: MESSAGES, info: { a: [1] } }))
    expect(header).toEqual({ kind: 'header', line: 1, data: { task_id: 7, info: { a: [1] } } })
  })

  it('TC4 a message without a role and calls of another shape are kept', async () => {
    const odd = [
      { note: 'no role' },
      { role: 'assistant', content: '', tool_calls: [call, { custom: true }] },
    ]
    const records = await parse(JSON.stringify(odd))
    expect(records.map((record) => record.kind)).toEqual(['entry', 'message', 'call'])
    expect(rebuildOpenAiMessages(records)).toEqual(odd)
  })

  it('TC8 of several conversations index names one; without it they are refused', async () => {
    const several = [
      { id: 0, traj: MESSAGES.slice(0, 1) },
      { id: 1, traj: MESSAGES.slice(0, 2) },
      { id: 2, traj: MESSAGES },
    ]
    for (const text of [JSON.stringify(several), several.map((one) => JSON.stringify(one)).join('\n')]) {
      await expect(parse(text)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        details: { path: 'index' },
      })
      expect(await parse(text, { index: 0 })).toMatchObject([
        { kind: 'header', data: { id: 0 } },
        { kind: 'message' },
      ])
      expect((await parse(text, { index: 2 }))[0]).toMatchObject({ kind: 'header', data: { id: 2 } })
      await expect(parse(text, { index: 3 })).rejects.toThrow(
        'index is 3, but the file holds 3 conversations',
      )
    }
    expect(await parse(JSON.stringify(several.slice(0, 1)))).toHaveLength(2)
    await expect(parse(JSON.stringify(MESSAGES), { index: 1 })).rejects.toThrow('holds one conversation')
    await expect(parse(JSON.stringify(MESSAGES), { index: -1 })).rejects.toThrow('whole number')
  })

  it('TC2 what cannot be read is broken by its line, and the others are read', async () => {
    const jsonl = await parse(
      '{"role":"user"\n{"role":"user","content":"a"}\n7\n{"role":"user","content":"b"}',
    )
    expect(jsonl.map((record) => [record.line, record.kind])).toEqual([
      [1, 'broken'],
      [2, 'message'],
      [3, 'broken'],
      [4, 'message'],
    ])
    const array = await parse(
      '[\n{"role":"user","content":"a"},\n{"role" "user"},\n{"role":"user","content":"b"},\n{"role":"us',
    )
    expect(array.map((record) => [record.line, record.kind])).toEqual([
      [2, 'message'],
      [3, 'broken'],
      [4, 'message'],
      [5, 'broken'],
    ])
    const long = await parse(
      `{"role":"user","content":"${'x'.repeat(300)}"}\n{"role":"user","content":"b"}`,
      { maxLineBytes: 200 },
    )
    expect(long.map((record) => record.kind)).toEqual(['broken', 'message'])
    expect(await parse('{\n"messages": [\n')).toMatchObject([{ kind: 'broken', line: 1 }])
  })

  it.each([
    ['short', 'x'],
    ['long', 'x'.repeat(5_000)],
  ])('TC28 an object whose %s first line holds more than a brace is read whole', async (_what, id) => {
    const rows = MESSAGES.map((message) => JSON.stringify(message)).join(',\n')
    const records = await parse(`{ "id": "${id}", "messages": [\n${rows}\n]}\n`)
    expect(rebuildOpenAiMessages(records)).toEqual(MESSAGES)
    expect(records[0]).toMatchObject({ kind: 'header', data: { id } })
  })

  it('TC28 a file that begins so and is larger than one record may be is read by its lines', async () => {
    const row = '{"role":"user","content":"a"}\n'
    const records = await parse(`{"role":"user"\n${row.repeat(20)}`, { maxLineBytes: 200 })
    expect(records.map(({ kind }) => kind)).toEqual([
      'broken',
      ...Array.from({ length: 20 }, () => 'message'),
    ])
  })

  it('TC8 the source is closed when the rest of it is not wanted', async () => {
    let closed = false
    async function* source() {
      try {
        for (let at = 0; ; at += 1) yield new TextEncoder().encode(at === 0 ? '[' : '{"traj":[]},')
      } finally {
        closed = true
      }
    }
    expect(await collect(parseOpenAiMessages(source(), { index: 2 }))).toEqual([])
    expect(closed).toBe(true)

    closed = false
    async function* list() {
      try {
        for (;;) yield new TextEncoder().encode('{"role":"user","content":"hi"}\n')
      } finally {
        closed = true
      }
    }
    await expect(collect(parseOpenAiMessages(list(), { index: 1 }))).rejects.toThrow('one conversation')
    expect(closed).toBe(true)
  })

  const airline = realTranscript('tau-bench/gpt-4o-airline.json')
  if (airline) {
    it('TC4 every message of real trajectories can be made again', async () => {
      const text = await readFile(airline, 'utf8')
      const trajectories = JSON.parse(text) as { traj: unknown[]; task_id: number }[]
      for (let index = 0; index < trajectories.length; index += 23) {
        const [header, ...records] = await collect(parseOpenAiMessages(chunksOf(text), { index }))
        expect(rebuildOpenAiMessages(records)).toEqual(trajectories[index]?.traj)
        expect(header).toMatchObject({ kind: 'header', data: { task_id: trajectories[index]?.task_id } })
      }
    })
  }
})
