import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { TestModule } from 'vitest/node'
import { testFiles } from '../../scripts/categories.mjs'
import { root } from '../../scripts/report.mjs'
import { LACKS } from './lacks.ts'
import { EngineReporter } from './reporter.ts'

test('EG7 each test that an engine is said to lack is there, with a reason', () => {
  const sources = testFiles()
    .filter((path) => /\.(browser|engine)\.test\.ts$/.test(path))
    .map((path) => readFileSync(join(root, path), 'utf8'))

  const unknown = LACKS.filter(({ test: name }) => !sources.some((source) => source.includes(`'${name}'`)))
  expect(unknown).toEqual([])
  expect(LACKS.filter(({ reason }) => reason.length < 20)).toEqual([])
})

test('EG7 what did not run counts as failed unless the table says why; then it is shown and counted', () => {
  const [lack] = LACKS
  if (lack === undefined) throw new Error('The table is empty.')
  const ran = [
    { name: 'XX1 one that passed', state: 'passed' },
    { name: 'XX2 one that nobody explained', state: 'skipped' },
    { name: lack.test, state: 'skipped' },
  ]

  const { lines, exitCode } = reportOf(lack.engine, ran)

  expect(lines.at(-1)).toBe(`${lack.engine}: 1 passed, 1 failed, 1 left out`)
  expect(lines.join('\n')).toContain(lack.reason)
  expect(lines.join('\n')).toContain('nothing says why: XX2 one that nobody explained')
  expect(exitCode).toBe(1)
  expect(reportOf(lack.engine, ran.slice(0, 1))).toEqual({
    lines: [`${lack.engine}: 1 passed, 0 failed`],
    exitCode: undefined,
  })
})

interface Ran {
  readonly name: string
  readonly state: string
}

function reportOf(engine: (typeof LACKS)[number]['engine'], ran: readonly Ran[]) {
  const before = process.exitCode
  const log = vi.spyOn(console, 'log').mockImplementation(() => {})
  onTestFinished(() => log.mockRestore())
  log.mockClear()
  const tests = ran.map(({ name, state }) => ({ name, result: () => ({ state }) }))
  const module = { children: { allTests: () => tests }, state: () => 'passed', errors: () => [] }
  process.exitCode = undefined
  try {
    new EngineReporter(engine, undefined).onTestRunEnd([module as unknown as TestModule], [])
    return { lines: log.mock.calls.map(([line]) => String(line)), exitCode: process.exitCode }
  } finally {
    process.exitCode = before
  }
}
