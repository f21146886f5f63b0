// `npm test [-- <category or file> …] [--project node|browser|pages]`
// Straight after a clone: installs what is missing, checks, builds, runs every test, ends with a count.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CATEGORIES, filesOf, testFiles } from './categories.mjs'
import { ensureChromium, findChromium, installCommand } from './chromium.mjs'
import { ensurePackages } from './packages.mjs'
import { fail, root, show } from './report.mjs'

const { values, positionals } = parseArgs({
  options: { project: { type: 'string' } },
  allowPositionals: true,
})
const wholeSuite = positionals.length === 0 && values.project === undefined
const files = positionals.length > 0 ? chooseFiles(positionals) : []

await ensurePackages()
if (needsBrowser()) requireChromium()

const total = { passed: 0, failed: 0 }
if (wholeSuite) await addParts()
await addTests()
console.log(`${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed === 0 ? 0 : 1

/** @returns {string[]} */
function chooseFiles(/** @type {string[]} */ names) {
  const all = testFiles()
  const unknown = names.find((name) => !(name in CATEGORIES) && !name.includes('/'))
  if (unknown !== undefined) {
    fail(
      `There is no test category '${unknown}'. There are: ${Object.keys(CATEGORIES).join(', ')}; or give a path.`,
    )
  }
  const chosen = names.flatMap((name) =>
    name in CATEGORIES
      ? filesOf(name, all)
      : all.filter((path) => path.startsWith(name.replace(/^\.\//, ''))),
  )
  if (chosen.length === 0) fail(`No test file belongs to '${names.join(' ')}' yet.`)
  return [...new Set(chosen)]
}

function needsBrowser() {
  if (values.project) return values.project !== 'node'
  return files.length === 0 || files.some((path) => /\.(browser|page|fault)\.test\.ts$/.test(path))
}

function requireChromium() {
  if (!findChromium()) console.log('Looking for Chromium, which the browser tests drive.')
  if (ensureChromium()) return
  fail(
    `The browser tests need Chromium. Install it with\n\n  ${installCommand()}\n\nor name one in CHROMIUM_BIN. ` +
      'Without it, `npm run test:node` runs the rest.',
  )
}

async function addParts() {
  const { check } = await import('./check.mjs')
  const { checkBuild } = await import('./size.mjs')
  for (const part of [...(await check()), await checkBuild()]) total[part.ok ? 'passed' : 'failed'] += 1
}

async function addTests() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  const report = join(folder, 'report.json')
  const code = await show(process.execPath, [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    // Those of Node are two.
    ...(values.project ? ['--project', `${values.project}*`] : []),
    ...files,
  ])
  count(report, code)
  rmSync(folder, { recursive: true, force: true })
}

/** Adds up the report. What did not run counts as failed: a skipped test, a file that broke, an error outside any test. */
function count(/** @type {string} */ report, /** @type {number} */ code) {
  const before = total.failed
  try {
    const results = JSON.parse(readFileSync(report, 'utf8'))
    const broken = results.testResults.filter(
      (/** @type {{ status: string, assertionResults: unknown[] }} */ file) =>
        file.status === 'failed' && file.assertionResults.length === 0,
    )
    const skipped = results.numPendingTests + results.numTodoTests
    if (skipped > 0) console.log(`${skipped} tests did not run; here that is a failure.`)
    total.passed += results.numPassedTests
    total.failed += results.numFailedTests + broken.length + skipped
  } catch {
    console.log('The test runner ended without a report.')
  }
  if (code !== 0 && total.failed === before) total.failed += 1
}
