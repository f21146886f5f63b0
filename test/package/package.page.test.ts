import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, createServer, minifySync, type UserConfig } from 'vite'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { root, run } from '../../scripts/report.mjs'
import { checkSizes, loadedWith } from '../../scripts/size.mjs'
import { blocksOf, readDocument } from '../docs/documents.ts'
import { serveFolder } from '../pages/harness/static-server.ts'
import { makeApp, OWN_WORKER, PAGE, type PackagedApp, pageScript } from './app.ts'
import { IMPORT_QUIETLY, TYPED_APP, TYPED_WORKER } from './node-sources.ts'
import { manifestIn, packPackage } from './pack.ts'
import { visitTwice } from './visit.ts'

const PLAIN = { 'index.html': PAGE, 'main.js': pageScript('holdfast') }

const WITH_WORKER = {
  'index.html': PAGE,
  'main.js': pageScript(
    'holdfast',
    "worker: () => new Worker(new URL('./sessions.worker.js', import.meta.url), { type: 'module' })",
  ),
  'sessions.worker.js': OWN_WORKER,
}

/** Building, packing and unpacking, on a busy machine. */
const PACKING_MS = 180_000

const KEPT = ['stored', 'First, dark, kept, refused: nothing']
const GATED = ['stored', 'First, dark, kept, refused: HOOK_CANCELLED']

// The runner says `test`, and Vite then builds what it serves while one develops.
const before = process.env.NODE_ENV
let installed = ''

beforeAll(async () => {
  process.env.NODE_ENV = 'production'
  installed = await packPackage()
}, PACKING_MS)

afterAll(() => {
  process.env.NODE_ENV = before
})

const dist = () => join(installed, 'dist')

test('PK1 the package holds its built files, what is said about it, and nothing of its sources', () => {
  expect(readdirSync(installed).sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'dist',
    'package.json',
  ])
  const files = readdirSync(dist(), { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
  const kinds = new Set(files.map(({ name }) => name.slice(name.indexOf('.'))))
  expect([...kinds].sort()).toEqual(['.d.ts', '.js', '.js.map', '.worker.d.ts'])
})

test('PK1 each export of the package leads to a script and to its types', () => {
  for (const [name, target] of Object.entries(manifestIn(installed).exports)) {
    if (typeof target === 'string') expect(existsSync(join(installed, target)), name).toBe(true)
    else {
      expect(target.types, name).toMatch(/\.d\.ts$/)
      expect(existsSync(join(installed, target.types)), target.types).toBe(true)
      expect(existsSync(join(installed, target.default)), target.default).toBe(true)
    }
  }
})

test('PK2 in an app built by Vite, without configuration, the package keeps what was stored', async () => {
  const { lines, workers } = await visitTwice(await serveBuilt(await makeApp(PLAIN)))

  expect(lines).toEqual(KEPT)
  expect(workers).toEqual([expect.stringMatching(/^\/assets\/worker-[\w-]+\.js$/)])
})

test('PK10 in an app built by Vite whose workers are ES modules, what few sessions need stays in files of its own', async () => {
  const app = await makeApp(PLAIN)
  const { lines } = await visitTwice(await serveBuilt(app, { worker: { format: 'es' } }))

  expect(lines).toEqual(KEPT)
  const files = readdirSync(join(app.folder, 'dist/assets')).filter((file) => file.startsWith('worker-'))
  expect(files.filter((file) => file.startsWith('worker-replay-methods-'))).toHaveLength(1)
})

test("PK2 in Vite's dev server, without configuration, the package keeps what was stored", async () => {
  const { lines, workers } = await visitTwice(await serveWhileDeveloping(await makeApp(PLAIN)))

  expect(lines).toEqual(KEPT)
  expect(workers).toEqual([expect.stringContaining('/node_modules/holdfast/dist/worker.js')])
})

test("PK4 a built app's own worker serves the package with its hooks", async () => {
  const { lines, workers } = await visitTwice(await serveBuilt(await makeApp(WITH_WORKER)))

  expect(lines).toEqual(GATED)
  expect(workers).toEqual([expect.stringMatching(/^\/assets\/sessions\.worker-[\w-]+\.js$/)])
})

test("PK4 an app's own worker serves the package with its hooks in Vite's dev server", async () => {
  const { lines, workers } = await visitTwice(await serveWhileDeveloping(await makeApp(WITH_WORKER)))

  expect(lines).toEqual(GATED)
  expect(workers).toEqual(['/sessions.worker.js'])
})

test('PK3 a page without a bundler keeps what was stored, under a policy of its own scripts alone', async () => {
  const app = await makeApp({
    'index.html': PAGE,
    'main.js': pageScript('./node_modules/holdfast/dist/index.js'),
  })
  const site = await serveFolder(app.folder)
  onTestFinished(() => site[Symbol.asyncDispose]())

  const policy = (await fetch(site.origin)).headers.get('Content-Security-Policy')
  expect(policy?.split('; ')).toEqual(
    expect.arrayContaining(["default-src 'self'", "script-src 'self'", "worker-src 'self'"]),
  )
  const { lines, workers } = await visitTwice(site.origin)

  expect(lines).toEqual(['stored', 'First, dark, kept, refused: nothing'])
  expect(workers).toEqual(['/node_modules/holdfast/dist/worker.js'])
})

test('PK9 the quick start of the readme counts its visits', async () => {
  const [quickStart = ''] = blocksOf(readDocument('README.md'))
  const app = await makeApp({ 'index.html': PAGE.replace('main.js', 'main.ts'), 'main.ts': quickStart })

  const { logs } = await visitTwice(await serveBuilt(app), 'log')

  expect(logs).toEqual(['First session, visit 1', 'First session, visit 2'])
})

test.each(['bundler', 'nodenext'])(
  'PK5 an app that checks all declarations compiles (%s)',
  async (resolution) => {
    const app = await makeApp({
      'app.ts': TYPED_APP,
      'sessions.worker.ts': TYPED_WORKER,
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          module: resolution === 'bundler' ? 'esnext' : 'nodenext',
          moduleResolution: resolution,
          target: 'es2023',
          lib: ['ES2023', 'ESNext.Disposable', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
          types: [],
          strict: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
          noEmit: true,
        },
      }),
    })

    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { code, output } = await run(process.execPath, [tsc, '-p', app.folder])

    expect(output).toBe('')
    expect(code).toBe(0)
  },
)

test.each(['holdfast', 'holdfast/testing'])('PK6 importing %s touches nothing of a browser', async (name) => {
  const app = await makeApp({ 'import.js': IMPORT_QUIETLY })

  const { code, output } = await run(process.execPath, ['import.js', name], { cwd: app.folder })

  expect(output.trim()).toBe('touched: nothing')
  expect(code).toBe(0)
})

test('PK7 the page entry, the handles and the worker are within their limits', () => {
  expect(readdirSync(dist())).toEqual(expect.arrayContaining(['index.js', 'holdfast.js', 'worker.js']))
  expect(checkSizes(dist())).toEqual([])
})

test('PK7 the worker is as small as it can be written', () => {
  for (const file of loadedWith(dist(), 'worker.js', true)) {
    const script = readFileSync(join(dist(), file), 'utf8').replace(/\n\/\/# sourceMappingURL=.*\n$/, '')
    const { code } = minifySync(file, script, { module: true })
    expect(script.length, file).toBeLessThan(code.length * 1.01)
  }
})

test('PK8 what a page loads holds neither Dexie nor Yjs, and the worker holds both', () => {
  const read = (file: string) => readFileSync(join(dist(), file), 'utf8')
  const page = [...loadedWith(dist(), 'index.js'), ...loadedWith(dist(), 'holdfast.js')].map(read).join('\n')

  expect(page).not.toMatch(/dexie|yjs|lib0/i)
  const imported = [...page.matchAll(/^import\b[^;"']*["']([^"']+)["']/gm)].map(([, from]) => from)
  expect(imported.filter((from) => !from?.startsWith('./'))).toEqual([])
  const worker = [...loadedWith(dist(), 'worker.js')].map(read).join('\n')
  expect(worker).toContain('Dexie')
  expect(worker).toContain('Yjs was already imported')
})

/** Built by Vite, without a word of configuration unless one is given, and served under a strict policy. */
async function serveBuilt({ folder }: PackagedApp, config: UserConfig = {}): Promise<string> {
  await build({ root: folder, configFile: false, logLevel: 'warn', ...config })
  const site = await serveFolder(join(folder, 'dist'))
  onTestFinished(() => site[Symbol.asyncDispose]())
  return site.origin
}

async function serveWhileDeveloping({ folder }: PackagedApp): Promise<string> {
  const server = await createServer({
    root: folder,
    configFile: false,
    logLevel: 'warn',
    server: { host: '127.0.0.1', port: 0, watch: null },
  })
  onTestFinished(() => server.close())
  await server.listen()
  const [url] = server.resolvedUrls?.local ?? []
  if (url === undefined) throw new Error('The dev server does not say where it is.')
  return url
}
