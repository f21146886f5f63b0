import type { StateValue } from '../state/value.ts'
import type { Counted, ErrorAnalysis } from './error-analysis.ts'
import type { Divergence, ReplayReport } from './report.ts'
import { SEVERITIES } from './severity.ts'

/** Divergences that are written out; the rest are counted. */
const MAX_ROWS = 100
/** Characters of a value that are written out. */
const MAX_CHARACTERS = 80
/** Kinds of errors that are written out. */
const MAX_ERRORS = 10

/** A replay's report for people: a headline, what was done, what had failed, and a table of what differed. */
export function reportMarkdown(report: ReplayReport): string {
  const { mode, events, steps, hooks, divergences, severities, verdict } = report
  const lines = [
    `# Replay: ${verdict}`,
    '',
    `- mode: ${mode}`,
    `- events: ${events}`,
    `- steps: ${stepsText(steps)}`,
    `- hooks: ${hooks.rerun} run again${hooks.answered > 0 ? `, ${hooks.answered} of other operations` : ''}${hooks.withheld > 0 ? `, ${hooks.withheld} withheld` : ''}`,
    ...missing('steps', steps.missing),
    ...missing('hooks', hooks.missing),
    ...modifications(report),
    ...failures(report.errors),
  ]
  if (divergences.length === 0) return `${lines.join('\n')}\n`
  const rest = divergences.length - MAX_ROWS
  const counts = SEVERITIES.filter((severity) => severities[severity] > 0)
    .map((severity) => `${severities[severity]} ${severity}`)
    .reverse()
  return `${[
    ...lines,
    '',
    `## ${divergences.length} ${divergences.length === 1 ? 'divergence' : 'divergences'}`,
    '',
    `${counts.join(', ')}.`,
    '',
    '| what | key | where | severity | recorded | replayed |',
    '|---|---|---|---|---|---|',
    ...divergences.slice(0, MAX_ROWS).map(row),
    ...(rest > 0 ? ['', `And ${rest} more.`] : []),
  ].join('\n')}\n`
}

function stepsText({
  rerun,
  effects,
  runnable,
  answered,
  withheld,
  unfinished,
}: ReplayReport['steps']): string {
  return [
    `${rerun} run again${effects > 0 ? ` (${effects} of them effects)` : ''}`,
    ...(runnable > 0 ? [`${runnable} could be run again`] : []),
    `${answered} answered from the recording`,
    `${withheld} withheld`,
    `${unfinished} unfinished`,
  ].join(', ')
}

function modifications({ modifications }: ReplayReport): readonly string[] {
  return modifications.map(
    ({ path, step = '*', key, applied }) =>
      `- modified: ${cell(path) || 'the whole input'} of ${cell(step)}${key === undefined ? '' : ` with key ${cell(key)}`}, ${applied} times`,
  )
}

function failures({ total, rate, byType, bySubject, byHook }: ErrorAnalysis): readonly string[] {
  if (total === 0) return []
  const list = (counted: readonly Counted[]) =>
    counted
      .slice(0, MAX_ERRORS)
      .map(({ name, count }) => `${cell(name)} ${count}`)
      .join(', ')
  return [
    `- recorded errors: ${total}, ${(rate * 100).toFixed(1)} % of the steps`,
    `- errors by type: ${list(byType)}`,
    ...(bySubject.length > 0 ? [`- errors by step: ${list(bySubject)}`] : []),
    ...(byHook.length > 0 ? [`- errors by hook: ${list(byHook)}`] : []),
  ]
}

function missing(what: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`- ${what} without a definition: ${names.map(cell).join(', ')}`]
}

function row({ kind, subject, key = '', path, expected, got, severity }: Divergence): string {
  return `| ${kind} ${cell(subject)} | ${cell(key)} | ${cell(path)} | ${severity} | ${valueCell(expected)} | ${valueCell(got)} |`
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
