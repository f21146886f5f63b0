import { expect, test } from 'vitest'
import { checkSpec } from '../../scripts/spec.mjs'
import { makeProject } from './project.ts'

const SPEC = '# Rules\n\n- **SE1** A session begins active.\n- **SE2** A session ends once.\n'

/** The complaints about a project with this SPEC and this one test file. */
function complaints(spec: string, source: string, path = 'test/core/session.test.ts'): string[] {
  const project = makeProject()
  project.write('docs/SPEC.md', spec)
  project.write(path, source)
  const { code, output } = checkSpec(project.folder)
  expect(code).toBe(output === '' ? 0 : 1)
  return output.split('\n').filter(Boolean)
}

test('TO6 a rule without a test is named', () => {
  expect(complaints(SPEC, "test('SE1 begins active', () => {})")).toEqual(['rule SE2 has no test'])
})

test('TO6 a test that names an unknown rule, or none, is named with its file', () => {
  const source =
    "test('SE1, SE2: lives', f)\ntest('SE3 flies', f)\nit('SE1swims', f)\ntest.concurrent('walks', f)\ntest(title, f)"
  expect(complaints(SPEC, source)).toEqual([
    "test/core/session.test.ts: the test 'SE3 flies' names rule SE3, which docs/SPEC.md lacks",
    "test/core/session.test.ts: the test 'SE1swims' names no rule",
    "test/core/session.test.ts: the test 'walks' names no rule",
    "test/core/session.test.ts: the test '' names no rule",
  ])
})

test('TO6 a rule that stands twice is named', () => {
  const twice = `${SPEC}- **SE1** A session begins again.\n`
  expect(complaints(twice, "test('SE1, SE2: lives', f)")).toEqual(['rule SE1 stands twice in docs/SPEC.md'])
})

test.each([
  ['test(`SE1, SE2: ${kind} lives`, f)'],
  ["test.each([1, 2])('SE1, SE2: lives %i times', f)"],
  ["test.each`a\n${1}`('SE1, SE2: lives', f)"],
  ["it.for(table)('SE1, SE2: lives', f)"],
  ["describe('a session', () => { test.concurrent.each(table)('SE1, SE2: lives', f) })"],
  ["const own = test.extend({}); pattern.test('SE9'); test('SE1, SE2: lives', f)"],
])('TO6 the name is found in %s', (source) => {
  expect(complaints(SPEC, source)).toEqual([])
})

test.each(['src/testing/journal.ts', 'test/core/session.test-d.ts', 'test/session.fault.test.ts'])(
  'TO6 the tests of %s count',
  (path) => {
    expect(complaints(SPEC, "test('SE1, SE2: lives', f)", path)).toEqual([])
  },
)
