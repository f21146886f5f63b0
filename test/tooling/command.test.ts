import { expect, test } from 'vitest'
import { makeProject, type Project } from './project.ts'

const PASSES = "import { expect, test } from 'vitest'\n\ntest('one', () => expect(1).toBe(1))\n"

const runTests = (project: Project, ...args: string[]) =>
  project.node('scripts/test.mjs', [...args, '--project', 'node'])

const lastLine = (output: string) => output.trimEnd().split('\n').at(-1)

test('TO7 a category runs the files whose path has one of its words', async () => {
  const project = makeProject()
  project.write('test/core/run/owner.test.ts', PASSES)
  project.write('test/engine/resume-run.test.ts', PASSES)
  project.write('test/core/runner.test.ts', "throw new Error('not in the category')\n")

  const { code, output } = await runTests(project, 'run')

  expect({ code, last: lastLine(output) }).toEqual({ code: 0, last: '2 passed, 0 failed' })
})

test('TO7 a path runs what lies under it', async () => {
  const project = makeProject()
  project.write('test/core/run/owner.test.ts', PASSES)
  project.write('test/core/session.test.ts', "throw new Error('not under the path')\n")

  const { output } = await runTests(project, './test/core/run/')

  expect(lastLine(output)).toBe('1 passed, 0 failed')
})

test('TO7 an unknown category is answered with the list, an empty one with a sentence', async () => {
  const project = makeProject()
  project.write('test/core/session.test.ts', PASSES)

  const unknown = await runTests(project, 'sesion')
  const empty = await runTests(project, 'replay')

  expect(unknown.code).toBe(1)
  expect(lastLine(unknown.output)).toBe(
    "There is no test category 'sesion'. There are: session, artifact, context, hook, event, run, replay, policy, storage, wire; or give a path.",
  )
  expect(empty.code).toBe(1)
  expect(lastLine(empty.output)).toBe("No test file belongs to 'replay' yet.")
})

test.each([
  ['a failing test', "test('two', () => expect(1).toBe(2))", '1 passed, 1 failed'],
  ['a skipped test', "test.skip('two', () => {})", '1 passed, 1 failed'],
  ['an unwritten test', "test.todo('two')", '1 passed, 1 failed'],
  ['an error outside any test', "Promise.reject(new Error('nobody waits for me'))", '1 passed, 1 failed'],
])('TO8 %s counts as failed on the last line', async (_, source, expected) => {
  const project = makeProject()
  project.write('test/core/session.test.ts', `${PASSES}${source}\n`)

  const { code, output } = await runTests(project)

  expect({ code, last: lastLine(output) }).toEqual({ code: 1, last: expected })
})

test('TO8 each file that does not load counts as failed on the last line', async () => {
  const project = makeProject()
  project.write('test/core/session.test.ts', PASSES)
  for (const file of ['clock', 'ids'])
    project.write(`test/core/${file}.test.ts`, "throw new Error('broken')\n")

  const { code, output } = await runTests(project)

  expect({ code, last: lastLine(output) }).toEqual({ code: 1, last: '1 passed, 2 failed' })
})
