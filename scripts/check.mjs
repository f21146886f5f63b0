// `npm run check`: everything that is not a test. The parts run side by side; each says what is wrong with it.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, run } from './report.mjs'
import { checkSpec } from './spec.mjs'

/** @typedef {{ name: string, ok: boolean }} Part */

const bin = (/** @type {string} */ path) => join(root, 'node_modules', path)

const PARTS = [
  { name: 'types and rings', run: () => run(process.execPath, [bin('typescript/bin/tsc'), '-b']) },
  {
    name: 'lint, format and packages of each ring',
    run: () =>
      run(process.execPath, [
        bin('@biomejs/biome/bin/biome'),
        'check',
        '--error-on-warnings',
        '--max-diagnostics=50',
        '.',
      ]),
  },
  { name: 'unused code', run: () => run(process.execPath, [bin('knip/bin/knip.js'), '--no-progress']) },
  { name: 'rules and their tests', run: async () => checkSpec(root) },
]

/**
 * Runs all parts and prints how each went.
 * @returns {Promise<Part[]>}
 */
export async function check() {
  return Promise.all(
    PARTS.map(async ({ name, run }) => {
      const started = performance.now()
      const { code, output } = await run()
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`)
      if (code !== 0) console.log(`${output.trim()}\n`)
      return { name, ok: code === 0 }
    }),
  )
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const parts = await check()
  const failed = parts.filter((part) => !part.ok)
  if (failed.length > 0) console.log(`Failed: ${failed.map((part) => part.name).join('; ')}.`)
  process.exitCode = failed.length === 0 ? 0 : 1
}
