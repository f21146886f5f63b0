import { defineStep } from 'holdfast'
import { TOOLS, type ToolInput } from './tools.ts'

/** The sample's tools as steps, by which a replay runs them again. */
export const steps = TOOLS.map((tool) =>
  defineStep({
    id: `tool:${tool.name}`,
    version: 1,
    purity: 'pure',
    run: (input: ToolInput) => tool.run(input),
  }),
)

/** Which step each tool of a transcript is recorded as. Tools that the demo does not have are recorded under their own names. */
export const stepByTool: Readonly<Record<string, string>> = Object.fromEntries(
  TOOLS.map(({ name }) => [name, `tool:${name}@1`]),
)
