// `npm run size`: what a page downloads, minified and gzipped, against its limits.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { minifySync } from 'vite'
import { buildPackage } from './build.mjs'
import { fail, root } from './report.mjs'

/** A file stands for itself and all it imports at once; `after` was loaded before it; `all`: what it may load later too. */
const LIMITS = [
  { file: 'index.js', what: 'page entry', limitKb: 7.9 },
  { file: 'holdfast.js', what: 'handles', limitKb: 33.6, after: 'index.js' },
  { file: 'yjs.js', what: 'editors', limitKb: 4 },
  { file: 'key-value.js', what: 'key-value', limitKb: 2, after: 'index.js' },
  { file: 'opentelemetry.js', what: 'telemetry', limitKb: 4 },
  { file: 'worker.js', what: 'worker', limitKb: 145.7 },
  { file: 'worker.js', what: 'whole worker', limitKb: 228.1, all: true },
]

/** Builds the package and looks at it: the sizes, the worker's URL, what publint says of package.json. */
export async function checkBuild() {
  const complaints = await buildPackage()
    .then(async () => [...checkSizes(), ...checkWorkerUrl(), ...(await checkPackage())])
    .catch((error) => [error.message])
  console.log(`${complaints.length === 0 ? 'ok    ' : 'FAILED'} build and size`)
  for (const complaint of complaints) console.log(complaint)
  return { name: 'build and size', ok: complaints.length === 0 }
}

/** Prints each size. @returns {string[]} a sentence for each file over its limit */
export function checkSizes(dist = join(root, 'dist')) {
  return LIMITS.filter(({ file }) => existsSync(join(dist, file))).flatMap((limit) => {
    const { file, what, limitKb, after, all } = limit
    const known = after === undefined ? new Set() : loadedWith(dist, after)
    const kb = [...loadedWith(dist, file, all)]
      .filter((each) => !known.has(each))
      .reduce((sum, each) => sum + kbOf(dist, each), 0)
    console.log(
      `${what.padEnd(12)} dist/${file.padEnd(10)} ${kb.toFixed(1).padStart(6)} of ${limitKb} KB gzip`,
    )
    return kb <= limitKb ? [] : [`The ${what} is ${kb.toFixed(1)} KB gzip; its limit is ${limitKb} KB.`]
  })
}

/** It loads what it starts with, so that it is imported by nothing. */
const WORKER_ENTRY = 'worker.js'

const IMPORT = /(?:^|;)import\b[^;()]*?["']\.\/([^"']+)["']/gm
const LATE_IMPORT = /\bimport\(\s*["'`]\.\/([^"'`]+)["'`]\s*\)/g

/**
 * The file and what it imports.
 * @param {string} dist
 * @param {string} file
 * @param {boolean} [all] also what it imports later
 * @param {Set<string>} [found]
 * @returns {Set<string>}
 */
export function loadedWith(dist, file, all = false, found = new Set()) {
  if (found.has(file)) return found
  found.add(file)
  const code = readFileSync(join(dist, file), 'utf8')
  const loads = all || file === WORKER_ENTRY
  const next = [...code.matchAll(IMPORT), ...(loads ? code.matchAll(LATE_IMPORT) : [])]
  for (const [, name] of next) loadedWith(dist, name ?? '', all, found)
  return found
}

function kbOf(/** @type {string} */ dist, /** @type {string} */ file) {
  const { code } = minifySync(file, readFileSync(join(dist, file), 'utf8'), { module: true })
  return gzipSync(code, { level: 9 }).length / 1000
}

/** @returns {string[]} */
function checkWorkerUrl() {
  const dist = join(root, 'dist')
  const isNamed = [...loadedWith(dist, 'index.js')].some((file) => {
    const code = readFileSync(join(dist, file), 'utf8')
    return /new Worker\(\s*new URL\("\.\/worker\.js", import\.meta\.url\)/.test(code)
  })
  if (isNamed) return []
  return [
    'dist/index.js and what it imports do not say new Worker(new URL("./worker.js", import.meta.url)): bundlers will not find the worker.',
  ]
}

/** @returns {Promise<string[]>} */
async function checkPackage() {
  const { messages, pkg } = await publint({ pkgDir: root, level: 'warning', strict: true })
  return messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (!existsSync(join(root, 'dist'))) await buildPackage().catch((error) => fail(error.message))
  const complaints = [...checkSizes(), ...checkWorkerUrl()]
  for (const complaint of complaints) console.log(complaint)
  process.exitCode = complaints.length === 0 ? 0 : 1
}
