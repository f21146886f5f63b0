import { expect, it } from 'vitest'
import type { ReplayReport } from '../../../src/core/replay/report.ts'
import { reportMarkdown } from '../../../src/core/replay/report-markdown.ts'

const report: ReplayReport = {
  mode: 'exact',
  events: 12,
  steps: { rerun: 3, answered: 1, withheld: 4, unfinished: 2, missing: ['a@1'] },
  hooks: { rerun: 6, withheld: 0, missing: [] },
  divergences: [],
  verdict: 'same',
}

it('RP15 a report is written for people: verdict, counts, what is missing', () => {
  expect(reportMarkdown(report)).toBe(
    [
      '# Replay: same',
      '',
      '- mode: exact',
      '- events: 12',
      '- steps: 3 run again, 1 answered from the recording, 4 withheld, 2 unfinished',
      '- hooks: 6 run again',
      '- steps without a definition: a@1',
      '',
    ].join('\n'),
  )
})

it('RP15 what differed stands in a table that no value can break', () => {
  const divergence = {
    kind: 'step',
    subject: 'tool:sql@1',
    eventId: 'e' as never,
    key: 'k|1',
    path: 'rows.0',
    expected: { a: '|' },
    got: `line\n| ${'x'.repeat(200)}`,
  } as const
  const text = reportMarkdown({
    ...report,
    verdict: 'diverged',
    divergences: Array.from({ length: 103 }, () => divergence),
  })
  expect(text).toContain('## 103 divergences')
  expect(text).toContain(`| step tool:sql@1 | k\\|1 | rows.0 | {"a":"\\|"} | line \\| ${'x'.repeat(73)}… |`)
  expect(text.match(/^\| step/gm)).toHaveLength(100)
  expect(text).toContain('And 3 more.')
})
