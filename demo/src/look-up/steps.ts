import { defineStep, type TimelineEvent } from 'holdfast'
import type { Answers } from './answers.ts'

/** Tools of a coding agent. No page can run them; what they answered stands in the agent's file. */
const TOOLS = ['bash', 'read', 'edit', 'write'] as const

/** Which step each of these tools is recorded as. */
export const lookUpByTool: Readonly<Record<string, string>> = Object.fromEntries(
  TOOLS.map((tool) => [tool, `tool:${tool}@1`]),
)

const NAMES = new Set(Object.values(lookUpByTool))

/** The tools as steps that look up what is to be answered. */
export function defineLookUps({ name, byKey }: Answers) {
  return TOOLS.map((tool) =>
    defineStep({
      id: `tool:${tool}`,
      version: 1,
      purity: 'pure',
      run: (_input: unknown, { key }) => {
        const answer = byKey.get(key)
        if (answer === undefined) throw new Error(`${name} holds no answer for ${key}.`)
        if (answer.failed) throw new Error(answer.message)
        return answer.value
      },
    }),
  )
}

/** Whether an event is the start of a step that a transcript's file can answer. */
export function startsLookUp(event: TimelineEvent): boolean {
  return event.type === 'step.started' && isNamed(event.data) && NAMES.has(event.data.step)
}

function isNamed(data: unknown): data is { readonly step: string } {
  return typeof data === 'object' && data !== null && 'step' in data && typeof data.step === 'string'
}
