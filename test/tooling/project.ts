import { spawn } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { root } from '../../scripts/report.mjs'

/** Every ring, and the rings it may import: the table of CONTRIBUTING.md. */
export const RINGS: Readonly<Record<string, readonly string[]>> = {
  'src/core': [],
  'src/protocol': ['src/core'],
  'src/storage': ['src/core'],
  'src/context': ['src/core'],
  'src/sync': ['src/core', 'src/context'],
  'src/platform': ['src/core'],
  'src/engine': ['src/core', 'src/protocol', 'src/storage', 'src/context', 'src/sync', 'src/platform'],
  'src/client': ['src/core', 'src/protocol'],
  'src/testing': ['src/core', 'src/storage', 'src/context'],
  // They import the published entry alone.
  'src/adapters': [],
  worker: ['src/core', 'src/protocol', 'src/engine', 'src/platform'],
}

/** What the page's entry may import; it is one file, `src/index.ts`. */
export const ENTRY_RINGS = ['src/client', 'src/core', 'src/protocol']

export interface Project {
  readonly folder: string
  write(path: string, text: string): void
  /** Runs a program of node_modules, or a script of the project, with Node. Its npm is `npm.js`, which refuses. */
  node(script: string, args?: readonly string[], env?: NodeJS.ProcessEnv): Promise<Outcome>
}

export interface Outcome {
  readonly code: number
  readonly output: string
}

const CONFIGS = [
  '.gitignore',
  'package.json',
  'package-lock.json',
  'biome.json',
  'knip.json',
  'vitest.config.ts',
  'vitest.shared.ts',
  'tsconfig.json',
  'tsconfig.base.json',
  'src/tsconfig.json',
  'test/tsconfig.json',
  'test/kept-modules.ts',
  'test/one-file-workers.ts',
  'test/shared-process.ts',
  'scripts',
  'demo/tsconfig.json',
  'demo/vite.config.ts',
  'demo/build',
  'docs/examples/tsconfig.json',
  'bench/tsconfig.json',
  'bench/worker/tsconfig.json',
  ...Object.keys(RINGS).map((ring) => `${ring}/tsconfig.json`),
]

/** A copy of the project's configuration around rings that hold one stub each. Removed after the test. */
export function makeProject(): Project {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-tooling-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const project: Project = {
    folder,
    write(path, text) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    },
    node: (script, args = [], env = {}) => runNode(folder, script, args, env),
  }
  for (const path of CONFIGS) cpSync(join(root, path), join(folder, path), { recursive: true })
  linkPackages(folder)
  project.write('npm.js', "console.error('A test asked npm for packages.')\nprocess.exit(1)\n")
  project.write('src/core/ambient.d.ts', 'export {}\n')
  project.write('demo/src/main.tsx', 'export {}\n')
  for (const file of ['docs/examples/example.ts', 'bench/page.ts', 'bench/worker/timed.worker.ts']) {
    project.write(file, 'export {}\n')
  }
  for (const ring of Object.keys(RINGS)) project.write(`${ring}/stub.ts`, STUB)
  return project
}

/**
 * The packages of the real project, each by a link of its own. Never one link for node_modules: what empties that folder
 * in the copy, as `npm ci` does, would empty the real one.
 */
function linkPackages(folder: string) {
  mkdirSync(join(folder, 'node_modules'))
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name === '.package-lock.json')
      cpSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
    else if (!name.startsWith('.'))
      symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name), 'junction')
  }
}

/** A name and a type to import from each ring. */
const STUB = 'export const stub: number = 1\n\nexport type Stub = number\n'

/** The path from one ring's folder to another's stub. */
export function pathToStub(from: string, to: string): string {
  const up = '../'.repeat(from.split('/').length)
  return `${up}${to}/stub.ts`
}

function runNode(
  cwd: string,
  script: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd,
      env: { ...ownEnvironment(), npm_execpath: join(cwd, 'npm.js'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      output += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

/** The environment without what the runner of this very test has put into it. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|NODE_ENV$|TEST$|FORCE_COLOR$)/.test(name),
  )
  return { ...Object.fromEntries(own), NO_COLOR: '1' }
}
