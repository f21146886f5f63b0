import type { StateValue } from '../state/value.ts'
import type { Divergence, ReplayReport } from './report.ts'

/** Divergences that are written out; the rest are counted. */
const MAX_ROWS = 100
/** Characters of a value that are written out. */
const MAX_CHARACTERS = 80

/** A replay's report for people: a headline, what was done, and a table of what differed. */
export function reportMarkdown(report: ReplayReport): string {
  const { mode, events, steps, hooks, divergences, verdict } = report
  const lines = [
    `# Replay: ${verdict}`,
    '',
    `- mode: ${mode}`,
    `- events: ${events}`,
    `- steps: ${steps.rerun} run again, ${steps.answered} answered from the recording, ${steps.withheld} withheld, ${steps.unfinished} unfinished`,
    `- hooks: ${hooks.rerun} run again${hooks.withheld > 0 ? `, ${hooks.withheld} withheld` : ''}`,
    ...missing('steps', steps.missing),
    ...missing('hooks', hooks.missing),
  ]
  if (divergences.length === 0) return `${lines.join('\n')}\n`
  const rest = divergences.length - MAX_ROWS
  return `${[
    ...lines,
    '',
    `## ${divergences.length} ${divergences.length === 1 ? 'divergence' : 'divergences'}`,
    '',
    '| what | key | where | recorded | replayed |',
    '|---|---|---|---|---|',
    ...divergences.slice(0, MAX_ROWS).map(row),
    ...(rest > 0 ? ['', `And ${rest} more.`] : []),
  ].join('\n')}\n`
}

function missing(what: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`- ${what} without a definition: ${names.map(cell).join(', ')}`]
}

function row({ kind, subject, key = '', path, expected, got }: Divergence): string {
  return `| ${kind} ${cell(subject)} | ${cell(key)} | ${cell(path)} | ${valueCell(expected)} | ${valueCell(got)} |`
}

function valueCell(value: StateValue): string {
  return cell(typeof value === 'string' ? value : JSON.stringify(value))
}

/** One line that cannot leave its cell. */
function cell(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  const shown = line.length > MAX_CHARACTERS ? `${line.slice(0, MAX_CHARACTERS)}…` : line
  return shown.replace(/[\\|`*_<>[\]]/g, '\\$&')
}
