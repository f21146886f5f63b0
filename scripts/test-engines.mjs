// `npm run test:engines [-- chromium firefox webkit] [-- <file> …]`: the tests of the browser in each engine, one after
// the other. Installs what an engine needs where that needs no question; ends with a line for each.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chooseEngines, requireEngines } from './engines.mjs'
import { ensurePackages } from './packages.mjs'
import { root, show } from './report.mjs'

const { engines, rest } = chooseEngines(process.argv.slice(2))
await ensurePackages()
requireEngines(engines)

const folder = mkdtempSync(join(tmpdir(), 'holdfast-engines-'))
const lines = []
for (const engine of engines) {
  const report = join(folder, engine)
  const code = await show(
    process.execPath,
    [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--config', 'vitest.engines.config.ts', ...rest],
    { env: { ...process.env, HOLDFAST_ENGINE: engine, HOLDFAST_ENGINE_REPORT: report } },
  )
  if (code !== 0) process.exitCode = 1
  lines.push(lineOf(report, engine))
}
rmSync(folder, { recursive: true, force: true })
console.log(`\n${lines.join('\n')}`)

/** @returns {string} */
function lineOf(/** @type {string} */ report, /** @type {string} */ engine) {
  try {
    return readFileSync(report, 'utf8')
  } catch {
    return `${engine}: the test runner ended without a report, 1 failed`
  }
}
