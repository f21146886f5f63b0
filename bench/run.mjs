// `npm run bench`: builds the bench page, runs it in a real Chromium with a profile on disk, prints ratios, writes JSON.
// `-- --quick` takes fewer rounds; `-- lone-write events` runs only these workloads; `-- --baseline` rewrites the baseline.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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

const outDir = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
await build({
  root,
  configFile: false,
  logLevel: 'warn',
  worker: { format: 'es' },
  build: { outDir, emptyOutDir: true, target: 'es2023' },
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
function print({ workload, limit, rows }) {
  console.log(`\n${workload} (1 = ${limit})`)
  for (const row of rows) {
    const times = [row.p50Ms, row.p95Ms, row.p99Ms].map((ms) => ms.toFixed(3).padStart(10)).join('')
    console.log(`  ${row.name.padEnd(52)} ${row.ratio.toFixed(2).padStart(9)} x   p50 p95 p99 ms ${times}`)
  }
}
