import { spawn } from 'node:child_process'
import { chmodSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeProject, type Project } from './project.ts'

const FIND = "import('./scripts/chromium.mjs').then((module) => console.log(String(module.findChromium())))"

/** A stand-in for npm that notes how it was called and does what `npm ci` does to the installed lock. */
const NPM = `
import fs from 'node:fs'
fs.appendFileSync('npm-calls', process.argv.slice(2).join(' ') + '\\n')
fs.rmSync('node_modules', { recursive: true, force: true })
fs.mkdirSync('node_modules')
fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json')
`

test('TO11 the commands install the packages when they are missing or other than locked, and only then', async () => {
  const project = makeProject()
  rmSync(join(project.folder, 'node_modules'), { recursive: true })
  project.write('npm.js', NPM)
  const start = () => project.node('scripts/start.mjs')

  await start()
  await start()
  expect(npmCalls(project)).toEqual(['ci'])

  const lock = readFileSync(join(project.folder, 'package-lock.json'), 'utf8')
  project.write(
    'package-lock.json',
    lock.replace(/(?<="node_modules\/dexie": \{\s*"version": ")[^"]+/, '99.0.0'),
  )
  await start()
  expect(npmCalls(project)).toEqual(['ci', 'ci'])
})

test('TO11 a failed install ends in a sentence', async () => {
  const project = makeProject()
  rmSync(join(project.folder, 'node_modules'), { recursive: true })

  const { code, output } = await project.node('scripts/test.mjs')

  expect(code).toBe(1)
  expect(output).toContain('The packages could not be installed: run `npm ci` and read what it says.')
})

test('TO12 Chromium is what CHROMIUM_BIN names, else what the PATH holds', async () => {
  const project = makeProject()
  project.write('bin/chromium', '')
  chmodSync(join(project.folder, 'bin/chromium'), 0o755)
  project.write('other/google-chrome', 'not executable')
  const bin = join(project.folder, 'bin')
  const find = async (env: NodeJS.ProcessEnv) => (await project.node('-e', [FIND], env)).output.trim()

  const path = [join(project.folder, 'other'), bin].join(delimiter)
  expect(await find({ PATH: path, CHROMIUM_BIN: '/opt/mine' })).toBe('/opt/mine')
  expect(await find({ PATH: path, CHROMIUM_BIN: '' })).toBe(join(bin, 'chromium'))
})

test('TO13 npm start serves the demo on this machine alone, on a free port, and says where', async () => {
  const project = makeProject()
  project.write(
    'demo/index.html',
    '<!doctype html><title>Demo</title><script type="module" src="./main.ts"></script>\n',
  )
  project.write('demo/main.ts', "document.title = 'ready' satisfies string\n")
  const taken = await listen()

  const url = await startDemo(project, taken)

  expect(new URL(url).hostname).toMatch(/^(localhost|127\.0\.0\.1)$/)
  expect(new URL(url).port).not.toBe(String(taken))
  expect(await (await fetch(url)).text()).toContain('<title>Demo</title>')
  // Another address of the loopback network: a server that listens on every address answers here too.
  await expect(fetch(`http://127.0.0.2:${new URL(url).port}`)).rejects.toThrow()
})

test('TO13 without a demo npm start says so', async () => {
  const { code, output } = await makeProject().node('scripts/start.mjs')

  expect(code).toBe(1)
  expect(output.trim()).toBe('There is no demo to start: demo/index.html is missing.')
})

const npmCalls = (project: Project) =>
  readFileSync(join(project.folder, 'npm-calls'), 'utf8').trim().split('\n')

/** A port of this machine that is in use until the test ends. */
async function listen(): Promise<number> {
  const server = createServer()
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** Starts the demo and resolves to the address that it prints. */
function startDemo(project: Project, port: number): Promise<string> {
  const child = spawn(process.execPath, ['scripts/start.mjs'], {
    cwd: project.folder,
    env: {
      ...process.env,
      PORT: String(port),
      NODE_ENV: 'production',
      npm_execpath: join(project.folder, 'npm.js'),
    },
  })
  onTestFinished(() => void child.kill())
  return new Promise((resolve, reject) => {
    let output = ''
    const read = (chunk: Buffer) => {
      output += chunk
      const url = /runs at (\S+)/.exec(output)?.[1]
      if (url) resolve(url)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.on('close', () => reject(new Error(output)))
  })
}
