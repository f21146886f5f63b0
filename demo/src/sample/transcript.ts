import { GAUGE_NAMES } from './gauges.ts'
import { createRandom, type Random } from './random.ts'
import { TOOLS, type ToolInput } from './tools.ts'

export const SAMPLE_NAME = 'A week at the harbour'

const SEED = 7
const TURNS = 44
const START = Date.parse('2026-03-02T07:30:00.000Z')
const MODEL = 'rule-based-1'

/**
 * A made-up session of an agent that reads the gauges of a harbour, in the format of pi session files: about 200 lines,
 * the same at every call. Its tools are real ones, so a replay can run them again.
 */
export function makeSampleTranscript(): string {
  const random = createRandom(SEED)
  const lines: Line[] = [
    {
      type: 'session',
      id: 'harbour-week',
      timestamp: stamp(START),
      provider: 'demo',
      modelId: MODEL,
      cwd: '/harbour',
    },
    { type: 'thinking_level_change', timestamp: stamp(START), thinkingLevel: 'off' },
  ]
  let at = START
  for (let turn = 0; turn < TURNS; turn += 1) {
    at += 60_000 + random.below(3_600_000)
    if (turn === TURNS / 2) {
      lines.push({ type: 'model_change', timestamp: stamp(at), provider: 'demo', modelId: 'rule-based-2' })
    }
    const messages = converse(random, turn)
    for (const message of messages) {
      at += 400 + random.below(4_000)
      lines.push({ type: 'message', timestamp: stamp(at), message: { ...message, timestamp: at } })
    }
  }
  return `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`
}

type Line = Readonly<Record<string, unknown>>

interface Question {
  readonly ask: (input: ToolInput) => string
  readonly plan: string
  readonly tools: readonly string[]
  readonly conclude: (results: readonly string[]) => string
}

const QUESTIONS: readonly [Question, ...Question[]] = [
  {
    ask: ({ gauge, day, hour }) => `How high is the water at ${gauge} on day ${day} at ${hour}:00?`,
    plan: 'I will read the gauge.',
    tools: ['water_level'],
    conclude: ([level = '{}']) => `It stands ${JSON.parse(level).level_m} m above the chart's zero.`,
  },
  {
    ask: ({ gauge, day }) => `Please give me the table for ${gauge} on day ${day}, and the extremes.`,
    plan: 'I will make the table and look for its extremes.',
    tools: ['tide_table', 'day_statistics'],
    conclude: ([, extremes = '{}']) => {
      const { lowest_m, highest_m } = JSON.parse(extremes)
      return `The table is done. The water moves between ${lowest_m} m and ${highest_m} m that day.`
    },
  },
  {
    ask: ({ gauge, day }) => `Draw day ${day} at ${gauge}.`,
    plan: 'I will draw it.',
    tools: ['draw_chart'],
    conclude: () => 'The chart is drawn; it is among the artifacts.',
  },
  {
    ask: ({ gauge, day }) => `The harbour master wants a short report for ${gauge}, day ${day}.`,
    plan: 'I will look at the whole day and write it up.',
    tools: ['day_statistics', 'write_report'],
    conclude: ([, report = '']) => `Here it is. ${report.trim().split('\n').at(-1)}`,
  },
]

/** One question and its answer. Some questions name a gauge that does not exist, and one is broken off. */
function converse(random: Random, turn: number): readonly Line[] {
  const question = random.pick(QUESTIONS)
  const input: ToolInput = {
    gauge: turn % 9 === 5 ? 'East Mole' : random.pick(GAUGE_NAMES),
    day: 1 + random.below(7),
    hour: random.below(24),
  }
  const calls = question.tools.map((name, index) => ({
    type: 'toolCall',
    id: `call_${String(turn + 1).padStart(2, '0')}_${index + 1}`,
    name,
    arguments: input,
  }))
  const asked = say('user', question.ask(input))
  const thought = assistant(random, turn, [{ type: 'text', text: question.plan }, ...calls])
  if (turn === 22) return [asked, { ...thought, stopReason: 'aborted', errorMessage: 'Request was aborted' }]

  const results = calls.map((call) => ({ call, ...runTool(call.name, input) }))
  const failed = results.find(({ isError }) => isError)
  const conclusion = failed
    ? `I cannot answer that: ${failed.text}`
    : question.conclude(results.map(({ text }) => text))
  return [
    asked,
    thought,
    ...results.map(({ call, text, isError }) => ({
      role: 'toolResult',
      toolCallId: call.id,
      toolName: call.name,
      content: [{ type: 'text', text }],
      isError,
    })),
    assistant(random, turn, [{ type: 'text', text: conclusion }]),
  ]
}

function runTool(name: string, input: ToolInput): { readonly text: string; readonly isError: boolean } {
  const tool = TOOLS.find((candidate) => candidate.name === name)
  if (tool === undefined) throw new Error(`The sample asks for a tool it does not have: ${name}.`)
  try {
    return { text: tool.run(input), isError: false }
  } catch (error) {
    return { text: error instanceof Error ? error.message : String(error), isError: true }
  }
}

function say(role: string, text: string): Line {
  return { role, content: [{ type: 'text', text }] }
}

function assistant(random: Random, turn: number, content: readonly Line[]): Line {
  const input = 180 + turn * 12 + random.below(60)
  const output = 20 + random.below(90)
  return {
    role: 'assistant',
    content,
    provider: 'demo',
    model: turn < TURNS / 2 ? MODEL : 'rule-based-2',
    usage: {
      input,
      output,
      cacheRead: 0,
      cacheWrite: 0,
      cost: { total: (input * 0.3 + output * 1.5) / 1_000_000 },
    },
    stopReason: content.length > 1 ? 'toolUse' : 'stop',
  }
}

function stamp(at: number): string {
  return new Date(at).toISOString()
}
