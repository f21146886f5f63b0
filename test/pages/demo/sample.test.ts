import { expect, test } from 'vitest'
import { TOOLS, type ToolInput } from '../../../demo/src/sample/tools.ts'
import { makeSampleTranscript } from '../../../demo/src/sample/transcript.ts'
import { parsePiSession } from '../../../src/core/transcript/pi-session.ts'

test('DE6 the sample is the same at every call, and about 200 lines long', () => {
  const text = makeSampleTranscript()

  const lines = text.trim().split('\n')

  expect(makeSampleTranscript()).toBe(text)
  expect(lines).toHaveLength(198)
  // Known from another day: a seed of the moment would pass what stands above.
  expect(lines[2]).toContain('The harbour master wants a short report for Old Ferry, day 7.')
  expect(lines.at(-1)).toContain('The water moves between 1.15 m and 5.05 m that day.')
})

test('DE6 every result in the sample is what its tool answers', async () => {
  const calls = new Map<string, { readonly tool: string; readonly input: ToolInput }>()
  let checked = 0
  let failed = 0
  for await (const record of parsePiSession(bytesOf(makeSampleTranscript()))) {
    expect(record.kind).not.toBe('broken')
    if (record.kind === 'call') calls.set(record.callId, { tool: record.tool, input: inputOf(record.input) })
    if (record.kind !== 'result') continue
    const call = calls.get(record.callId)
    const outcome = run(call?.tool, call?.input)
    expect(record.outcome).toEqual(outcome)
    checked += 1
    if (!outcome.ok) failed += 1
  }

  expect(checked).toBeGreaterThan(50)
  expect(failed).toBeGreaterThan(2)
  expect(calls.size).toBeGreaterThan(checked)
})

function run(name: string | undefined, input: ToolInput | undefined) {
  const tool = TOOLS.find((candidate) => candidate.name === name)
  if (tool === undefined || input === undefined) throw new Error(`The sample names no tool: ${name}.`)
  try {
    return { ok: true, value: tool.run(input) }
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) }
  }
}

function inputOf(input: unknown): ToolInput {
  if (typeof input !== 'object' || input === null || !('gauge' in input) || !('day' in input)) {
    throw new Error('A call of the sample lacks its input.')
  }
  const hour = 'hour' in input ? { hour: Number(input.hour) } : {}
  return { gauge: String(input.gauge), day: Number(input.day), ...hour }
}

async function* bytesOf(text: string): AsyncIterable<Uint8Array> {
  yield new TextEncoder().encode(text)
}
