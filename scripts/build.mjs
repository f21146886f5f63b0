// `npm run build`: dist/ as it is published.
//   index.js    the page's entry; it knows the worker by URL alone
//   holdfast.js the handles, which the entry loads while the worker starts; what both need is in a file between them
//   worker.js   the packaged worker, without an import map or a bundler: it starts worker-engine.js, which loads the other
//               worker-*.js when they are asked for
//   serve.js    for workers of an app's own: `serveHoldfast`
//   yjs.js      live documents for editors; Yjs itself is the app's
//   key-value.js bytes under keys; it imports the page's entry
//   opentelemetry.js a timeline as spans; it imports nothing
//   testing.js  contract suites and fake ports
//   types/      declarations, in the folders of the sources
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, minifySync } from 'vite'
import { fail, root, run } from './report.mjs'

const ENTRY_IN_SOURCE = /(?:^|\/)\.\.\/index\.ts$|src\/index\.ts$/

/** Published file to source. The worker is minified: a page without a bundler loads it as it is. */
const ENTRIES = [
  { name: 'index', source: 'src/index.ts', minify: false, chunks: '[name].js' },
  { name: 'worker', source: 'worker/session.worker.ts', minify: true, chunks: 'worker-[name]-[hash].js' },
  { name: 'serve', source: 'worker/serve.ts', minify: false },
  {
    name: 'yjs',
    source: 'src/adapters/yjs/index.ts',
    minify: false,
    external: [/^yjs$/, /^y-protocols\//, /^lib0\//],
  },
  {
    name: 'key-value',
    source: 'src/adapters/key-value/index.ts',
    minify: false,
    // The errors it throws are those that the page knows.
    external: [ENTRY_IN_SOURCE],
  },
  {
    name: 'opentelemetry',
    source: 'src/adapters/opentelemetry/index.ts',
    minify: false,
    external: [ENTRY_IN_SOURCE],
  },
  { name: 'testing', source: 'src/testing/index.ts', minify: false, chunks: 'testing-[name].js' },
]

/** Packages as they are taken into workers: the same, without what no worker of ours uses. */
const LIGHTER = [
  // Without the helpers for browsers that have no classes; the package's own entry has no other way to this file.
  { find: /^dexie$/, replacement: join(root, 'node_modules/dexie/dist/modern/dexie.min.mjs') },
  // Yjs logs two warnings; lib0 brings a printer of styled text and the DOM for them.
  { find: /^lib0\/logging$/, replacement: join(root, 'worker/plain-logging.ts') },
]

/** The chunk of all that a worker needs to start. */
const ENGINE = 'engine'

const WORKER_IN_SOURCE =
  /new URL\(\s*(['"])(?:\.\.\/)+worker\/session\.worker\.ts\1\s*,\s*import\.meta\.url\s*,?\s*\)/g

const PLACEHOLDER = '__HOLDFAST_WORKER_URL__'

/** The text that every bundler knows as a worker beside this file. */
const WORKER_IN_DIST = 'new URL("./worker.js", import.meta.url)'

/**
 * Keeps the worker's URL a plain relative one. Vite would resolve it at build time, inline the worker or wrap the URL in
 * a call that no other bundler recognises (vitejs/vite#21422).
 * @returns {import('vite').Plugin}
 */
function keepWorkerUrl() {
  return {
    name: 'holdfast:keep-worker-url',
    enforce: 'pre',
    transform: (code) =>
      code.search(WORKER_IN_SOURCE) < 0
        ? null
        : { code: code.replace(WORKER_IN_SOURCE, PLACEHOLDER), map: null },
    renderChunk: (code) =>
      code.includes(PLACEHOLDER) ? { code: code.replaceAll(PLACEHOLDER, WORKER_IN_DIST), map: null } : null,
  }
}

/**
 * Vite leaves the whitespace of an ES library alone; the packaged worker goes to pages as it is. Not in renderChunk: what
 * that hook returns is printed anew.
 * @returns {import('vite').Plugin}
 */
function minifyChunk() {
  return {
    name: 'holdfast:minify',
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue
        const { code, map } = minifySync(chunk.fileName, chunk.code, {
          module: true,
          sourcemap: true,
          ...(chunk.map && { inputMap: chunk.map }),
        })
        const mapFile = bundle[`${chunk.fileName}.map`]
        if (map !== undefined && mapFile?.type === 'asset') mapFile.source = JSON.stringify(map)
        chunk.code = `${code}\n//# sourceMappingURL=${chunk.fileName}.map\n`
      }
    },
  }
}

/**
 * Builds dist/, or the same in another folder.
 * @throws an Error whose message is a sentence for the person who builds
 */
export async function buildPackage(dist = join(root, 'dist')) {
  const missing = ENTRIES.filter(({ source }) => !existsSync(join(root, source)))
  if (missing.length > 0)
    throw new Error(`Cannot build without ${missing.map(({ source }) => source).join(', ')}.`)
  rmSync(dist, { recursive: true, force: true })
  await Promise.all([...ENTRIES.map((entry) => bundle(entry, dist)), declare(dist)])
}

/**
 * @param {(typeof ENTRIES)[number]} entry
 * @param {string} dist
 */
async function bundle({ name, source, minify, chunks, external = [] }, dist) {
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    plugins: minify ? [keepWorkerUrl(), minifyChunk()] : [keepWorkerUrl()],
    resolve: { alias: source.startsWith('worker/') ? LIGHTER : [] },
    build: {
      target: 'es2023',
      outDir: dist,
      emptyOutDir: false,
      sourcemap: true,
      minify: false,
      lib: { entry: join(root, source), formats: ['es'], fileName: () => `${name}.js` },
      rolldownOptions: {
        external: ['vitest', ...external],
        // What stands in one file loads nothing late.
        ...(chunks ? {} : { checks: { ineffectiveDynamicImport: false } }),
        output: {
          ...(chunks ? { chunkFileNames: chunks } : { codeSplitting: false }),
          ...(minify && { codeSplitting: { groups: [{ name: chunkOf, debugName: ENGINE }] } }),
          paths: (id) => (ENTRY_IN_SOURCE.test(id) ? './index.js' : id),
        },
      },
    },
  })
}

/**
 * All that a worker needs to start stands in one chunk of its own, not in the entry, which an app may serve under a name
 * of its choice: what is loaded later finds that chunk beside itself and no second copy of it.
 * @param {string} id
 * @param {{ getModuleInfo(id: string): import('vite').Rolldown.ModuleInfo | null }} context
 * @returns {string | null}
 */
function chunkOf(id, context) {
  const seen = new Set()
  /** @type {(id: string) => boolean} */
  const isNeededAtStart = (id) => {
    if (seen.has(id)) return false
    seen.add(id)
    const info = context.getModuleInfo(id)
    return info !== null && (info.isEntry || isStarted(info) || info.importers.some(isNeededAtStart))
  }
  /** What the entry loads first of all. */
  const isStarted = (/** @type {import('vite').Rolldown.ModuleInfo} */ info) =>
    info.dynamicImporters.some((one) => context.getModuleInfo(one)?.isEntry === true)
  return context.getModuleInfo(id)?.isEntry !== true && isNeededAtStart(id) ? ENGINE : null
}

/** Declarations by the compiler; relative imports get the extension that a published package has. */
async function declare(/** @type {string} */ dist) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { code, output } = await run(process.execPath, [
    tsc,
    '-b',
    'src',
    'worker',
    'src/adapters',
    'src/testing',
  ])
  if (code !== 0) throw new Error(`Cannot build: the types do not hold.\n\n${output}`)
  for (const folder of ['src', 'worker']) {
    const types = join(dist, 'types', folder)
    cpSync(join(root, '.types', folder), types, {
      recursive: true,
      filter: (path) => !path.endsWith('.tsbuildinfo') && hasSource(path),
    })
    for (const path of readdirSync(types, { recursive: true, encoding: 'utf8' })) {
      if (path.endsWith('.d.ts')) rewriteExtensions(join(types, path))
    }
  }
}

/** Whether the source of a declaration still stands; `.types` keeps those of deleted files. */
function hasSource(/** @type {string} */ path) {
  if (!path.endsWith('.d.ts')) return true
  return existsSync(path.replace(join(root, '.types'), root).replace(/\.d\.ts$/, '.ts'))
}

function rewriteExtensions(/** @type {string} */ path) {
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, text.replace(/((?:from|import\()\s*['"]\.{1,2}\/[^'"]*)\.ts(['"])/g, '$1.js$2'))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const started = performance.now()
  await buildPackage().catch((error) => fail(error.message))
  console.log(`Built dist/ in ${((performance.now() - started) / 1000).toFixed(1)} s.`)
}
