import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../../scripts/report.mjs'
import { makeProject } from './project.ts'

test('TO15 a file that leaves the process changed fails, and none finds the databases of another', async () => {
  const project = makeProject()
  const file = (body: string) =>
    `import { expect, test } from 'vitest'\n\ntest('one', async () => {\n${body}\n})\n`
  project.write('test/core/global.test.ts', file("  Object.assign(globalThis, { left: 1, atob: () => '' })"))
  project.write('test/core/variable.test.ts', file("  process.env.LEFT = 'here'"))
  project.write('test/core/database.test.ts', file('  IDBFactory.prototype.cmp = () => 0'))
  project.write(
    'test/core/timers.test.ts',
    file('  for (const ms of [1, 2, 3, 4, 5]) setInterval(() => {}, ms)'),
  )
  const asks = "  expect(await indexedDB.databases()).toEqual([])\n  indexedDB.open('left')"
  for (const name of ['first', 'second', 'third']) project.write(`test/core/${name}.test.ts`, file(asks))

  const { code, output } = await project.node('node_modules/vitest/vitest.mjs', [
    ...['run', '--project', 'node', '--maxWorkers', '1'],
  ])

  expect(code).toBe(1)
  expect(output.replace(/\s+/g, ' ')).toContain('Test Files 4 failed | 3 passed')
  for (const left of ['"left"', '"atob"', '"process.env.LEFT"', '"IDBFactory.cmp"', 'what still waits'])
    expect(output).toContain(left)
})

test('TO15 no module that test files share gives hooks to the first of them alone', () => {
  const shared = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !path.endsWith('.test.ts'),
  )
  const giving = shared.filter((path) =>
    /^(before|after)(Each|All)\(/m.test(readFileSync(join(root, 'test', path), 'utf8')),
  )
  // Those are run anew for each file.
  expect(giving.sort()).toEqual(['engines/leave-out.ts', 'shared-process.ts'])
})
