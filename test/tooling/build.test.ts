import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeProject, type Project } from './project.ts'

test('TO9 the published entry names its worker in the words that bundlers know', async () => {
  const project = makeBuildable()

  expect((await project.node('scripts/build.mjs')).code).toBe(0)

  expect(dist(project, 'index.js')).toContain('new Worker(new URL("./worker.js", import.meta.url), {')
})

test("TO9 the published worker needs only files beside it, under any name, and bytes under keys need the page's entry", async () => {
  const project = makeBuildable()

  await project.node('scripts/build.mjs')

  const files = readdirSync(join(project.folder, 'dist')).filter((name) => /^worker.*\.js$/.test(name))
  expect(files).toHaveLength(3)
  for (const file of files) {
    const imported = [...dist(project, file).matchAll(/(?:\bimport\s*\(?|\}\s*from)\s*["'`]([^"'`]+)["'`]/g)]
    // None of them the entry: under another name it would be another copy of it.
    for (const [, from] of imported) expect(from).toMatch(/^\.\/worker-[\w-]+\.js$/)
  }
  const late = files.find((name) => name.startsWith('worker-start-')) ?? ''
  expect(dist(project, late)).toContain('Dexie')
  // Classes of errors are one: a second copy would be no instance of the page's.
  expect(dist(project, 'key-value.js')).toMatch(/from "\.\/index\.js"/)
})

test('TO9 published declarations import each other by the extension of a script', async () => {
  const project = makeBuildable()

  await project.node('scripts/build.mjs')

  const types = join(project.folder, 'dist/types')
  const declarations = readdirSync(types, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.d.ts'),
  )
  expect(declarations).toContain(join('src', 'index.d.ts'))
  const text = declarations.map((path) => readFileSync(join(types, path), 'utf8')).join('\n')
  expect(text).toContain("from './client/spawn.js'")
  expect(text).not.toMatch(/from '[^']*\.ts'/)
})

test('TO10 a size above its limit, or an entry without its worker, fails', async () => {
  const project = makeBuildable()
  await project.node('scripts/build.mjs')

  expect((await project.node('scripts/size.mjs')).code).toBe(0)
  const noise = Array.from({ length: 9000 }, (_, at) => `'${(at * 2654435761).toString(36)}'`).join(',')
  project.write('dist/index.js', `export const noise = [${noise}]\n`)
  const { code, output } = await project.node('scripts/size.mjs')

  expect(code).toBe(1)
  expect(output).toMatch(/The page entry is [\d.]+ KB gzip; its limit is [\d.]+ KB\./)
  expect(output).toContain('bundlers will not find the worker')
})

test('TO10 a build without one of its entries says which', async () => {
  const { code, output } = await makeProject().node('scripts/build.mjs')

  expect(code).toBe(1)
  expect(output.trim()).toBe(
    'Cannot build without src/index.ts, worker/session.worker.ts, worker/serve.ts, src/adapters/yjs/index.ts, src/adapters/key-value/index.ts, src/adapters/opentelemetry/index.ts, src/testing/index.ts.',
  )
})

/** The least that has a page's entry, a worker with a package in it, and the other entries. */
function makeBuildable(): Project {
  const project = makeProject()
  project.write('src/index.ts', "export { spawn } from './client/spawn.ts'\n")
  project.write(
    'src/client/spawn.ts',
    `export function spawn(name: string): Worker {
  return new Worker(new URL('../../worker/session.worker.ts', import.meta.url), { type: 'module', name })
}
`,
  )
  project.write(
    'src/storage/open.ts',
    "import Dexie from 'dexie'\n\nexport const open = (name: string): Dexie => new Dexie(name)\n",
  )
  project.write('src/engine/start.ts', "export { open } from '../storage/open.ts'\n")
  project.write('src/adapters/yjs/index.ts', "export type { spawn } from '../../index.ts'\n")
  project.write('src/adapters/key-value/index.ts', "export { spawn } from '../../index.ts'\n")
  project.write('src/adapters/opentelemetry/index.ts', "export type { spawn } from '../../index.ts'\n")
  project.write('src/testing/index.ts', "export { stub } from '../core/stub.ts'\n")
  project.write(
    'worker/serve.ts',
    "export async function serve(): Promise<void> {\n  const { open } = await import('../src/engine/start.ts')\n  open('sessions')\n}\n",
  )
  project.write('worker/session.worker.ts', "import { serve } from './serve.ts'\n\nserve()\n")
  return project
}

const dist = (project: Project, file: string) => readFileSync(join(project.folder, 'dist', file), 'utf8')
