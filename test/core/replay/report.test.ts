import { expect, it } from 'vitest'
import type { ReplayReport } from '../../../src/core/replay/report.ts'
import { reportMarkdown } from '../../../src/core/replay/report-markdown.ts'

const report: ReplayReport = {
  mode: 'exact',
  events: 12,
  steps: { rerun: 3, effects: 0, runnable: 0, answered: 1, withheld: 4, unfinished: 2, missing: ['a@1'] },
  hooks: { rerun: 6, answered: 0, withheld: 0, missing: [] },
  divergences: [],
  severities: { info: 0, minor: 0, major: 0, critical: 0 },
  modifications: [],
  modified: [],
  errors: { total: 0, byType: [], bySubject: [], byHook: [], rate: 0, byHour: [] },
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
    severity: 'major',
    got: `line\n| ${'x'.repeat(200)}`,
  } as const
  const text = reportMarkdown({
    ...report,
    verdict: 'diverged',
    severities: { info: 0, minor: 0, major: 102, critical: 1 },
    divergences: Array.from({ length: 103 }, () => divergence),
  })
  expect(text).toContain('## 103 divergences\n\n1 critical, 102 major.\n')
  expect(text).toContain(
    `| step tool:sql@1 | k\\|1 | rows.0 | major | {"a":"\\|"} | line \\| ${'x'.repeat(73)}… |`,
  )
  expect(text.match(/^\| step/gm)).toHaveLength(100)
  expect(text).toContain('And 3 more.')
})

it('RP15 effects, what could be run again, changes and recorded errors are written where there are some', () => {
  const text = reportMarkdown({
    ...report,
    steps: { ...report.steps, effects: 1, runnable: 5 },
    modifications: [
      { path: 'q', step: 'tool:*', key: 'k', applied: 2 },
      { path: '', applied: 0 },
    ],
    errors: {
      ...report.errors,
      total: 3,
      rate: 0.25,
      byType: [{ name: 'TypeError', count: 2 }],
      bySubject: [{ name: 'tool:sql@1', count: 2 }],
      byHook: [{ name: 'limit@1', count: 1 }],
    },
  })
  expect(text).toContain('- steps: 3 run again (1 of them effects), 5 could be run again, 1 answered')
  expect(text).toContain('- modified: q of tool:\\* with key k, 2 times')
  expect(text).toContain('- modified: the whole input of \\*, 0 times')
  expect(text).toContain(
    '- recorded errors: 3, 25.0 % of the steps\n- errors by type: TypeError 2\n- errors by step: tool:sql@1 2\n- errors by hook: limit@1 1\n',
  )
})
