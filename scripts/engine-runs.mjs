// Runs tests in one engine after the other, and keeps the line that each ends with.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, show } from './report.mjs'

/**
 * @param {readonly import('./engines.mjs').EngineName[]} engines
 * @param {{ words: readonly string[], env?: Readonly<Record<string, string>>, before?: readonly string[] }} run
 *   `words` are for the test runner, `before` is a program that starts it
 * @returns {Promise<boolean>} whether all of them passed
 */
export async function runInEngines(engines, { words, env = {}, before = [] }) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-engines-'))
  const lines = []
  let allPassed = true
  for (const engine of engines) {
    const report = join(folder, engine)
    const vitest = [
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--config',
      'vitest.engines.config.ts',
    ]
    const [program = process.execPath, ...args] = [...before, process.execPath, ...vitest, ...words]
    const code = await show(program, args, {
      env: { ...process.env, ...env, HOLDFAST_ENGINE: engine, HOLDFAST_ENGINE_REPORT: report },
    })
    if (code !== 0) allPassed = false
    lines.push(lineOf(report, engine))
  }
  rmSync(folder, { recursive: true, force: true })
  console.log(`\n${lines.join('\n')}`)
  return allPassed
}

/** @returns {string} */
function lineOf(/** @type {string} */ report, /** @type {string} */ engine) {
  try {
    return readFileSync(report, 'utf8')
  } catch {
    return `${engine}: the test runner ended without a report, 1 failed`
  }
}
