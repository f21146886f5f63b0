// `npm run bench`: builds the bench page, runs it in a real Chromium with a profile on disk, prints ratios, writes JSON.
// `-- --quick` takes fewer rounds; `-- lone-write events` runs only these workloads; `-- --baseline` rewrites the baseline;
// `-- --check` ends with 1 when a must is not met. The libraries measured beside Holdfast are installed at the first run.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { build, preview } from 'vite'
import { CHROMIUM_ARGS, ensureChromium, installCommand } from '../scripts/chromium.mjs'

const root = fileURLToPath(new URL('.', import.meta.url))
const words = process.argv.slice(2)
const quick = words.includes('--quick')
const asked = words.filter((word) => !word.startsWith('--'))

const executablePath = ensureChromium()
if (executablePath === undefined) {
  console.error(`No Chromium was found. Install one and run this again: ${installCommand()}`)
  process.exit(1)
}

const libraries = join(root, 'libraries')
if (!existsSync(join(libraries, 'node_modules'))) {
  console.log('Installing the libraries that are measured beside Holdfast.')
  // Not `npm ci`: where an optional native add-on cannot be had, that refuses the whole lock file.
  execFileSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'], {
    cwd: libraries,
    stdio: 'inherit',
  })
}

const outDir = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
await build({
  root,
  configFile: false,
  logLevel: 'warn',
  worker: { format: 'es' },
  // RxDB brings a Dexie of its own, and two versions do not bear each other on one page.
  resolve: { dedupe: ['dexie'] },
  build: { outDir, emptyOutDir: true, target: 'es2023', chunkSizeWarningLimit: 8_000 },
})
// Cross-origin isolation gives timers of 5 µs instead of 100.
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}
const server = await preview({
  root,
  configFile: false,
  logLevel: 'warn',
  build: { outDir },
  preview: { host: '127.0.0.1', port: 0, headers },
})
const url = server.resolvedUrls?.local[0]
if (url === undefined) throw new Error('The bench page is not served')

const results = []
try {
  for (const workload of await withPage((page) => page.evaluate(() => window.benchWorkloads))) {
    if (asked.length > 0 && !asked.includes(workload)) continue
    // A fresh browser and profile for each: no workload inherits the files of another.
    const measured = await withPage((page) =>
      page.evaluate(([name, fast]) => window.runBench(name, fast), [workload, quick]),
    )
    for (const result of measured) print(result)
    results.push(...measured)
  }
} finally {
  await server.close()
  rmSync(outDir, { recursive: true, force: true })
}

const unmet = results.flatMap(({ workload, rows, musts }) =>
  musts.flatMap((must) => {
    const ratio = rows.find(({ name }) => name === must.row)?.ratio ?? Number.NaN
    return isMet(must, ratio) ? [] : [`${workload}: ${must.row} is ${ratio.toFixed(2)} x, ${wordOf(must)}`]
  }),
)
console.log(unmet.length === 0 ? '\nEvery must is met.' : `\nNot met:\n  ${unmet.join('\n  ')}`)
if (words.includes('--check') && unmet.length > 0) process.exitCode = 1

const report = { date: new Date().toISOString(), quick, results }
writeFileSync(join(root, 'latest.json'), `${JSON.stringify(report, null, 2)}\n`)
if (words.includes('--baseline'))
  writeFileSync(join(root, 'baseline.json'), `${JSON.stringify(report, null, 2)}\n`)

/**
 * @template T
 * @param {(page: import('playwright-core').Page) => Promise<T>} work
 */
async function withPage(work) {
  const profile = mkdtempSync(join(tmpdir(), 'holdfast-bench-profile-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: CHROMIUM_ARGS,
  })
  try {
    const page = await context.newPage()
    page.on('pageerror', (error) => console.error(error))
    await page.goto(/** @type {string} */ (url))
    await page.waitForFunction(() => window.runBench !== undefined)
    return await work(page)
  } finally {
    await context.close()
    rmSync(profile, { recursive: true, force: true })
  }
}

/** @param {import('./result.ts').Result} result */
function print({ workload, limit, quantile, rows, musts }) {
  console.log(`\n${workload} (1 = ${limit}${quantile === 0.5 ? '' : `, p${quantile * 100}`})`)
  for (const row of rows) {
    const times = [row.p50Ms, row.p95Ms, row.p99Ms].map((ms) => ms.toFixed(4).padStart(11)).join('')
    const must = musts.find((one) => one.row === row.name)
    const said = must === undefined ? '' : `  ${wordOf(must)}: ${isMet(must, row.ratio) ? 'met' : 'NOT MET'}`
    console.log(
      `  ${row.name.padEnd(52)} ${row.ratio.toFixed(row.ratio < 0.01 ? 5 : 3).padStart(10)} x   p50 p95 p99 ms ${times}${said}`,
    )
  }
}

/** @param {import('./result.ts').Must} must @param {number} ratio */
function isMet({ atMost = Number.POSITIVE_INFINITY, atLeast = 0 }, ratio) {
  return ratio <= atMost && ratio >= atLeast
}

/** @param {import('./result.ts').Must} must */
function wordOf({ atMost, atLeast }) {
  return atMost === undefined ? `must be at least ${atLeast} x` : `must be at most ${atMost} x`
}
