// `npm run check:node`: a clean install and the Node tests under each supported Node. Slow: some minutes.
// It works in a copy of the project, so that the tree at hand keeps its packages.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fail, root, run, show } from './report.mjs'

const VERSIONS = ['20.19', '22', '24']

const folder = mkdtempSync(join(tmpdir(), 'holdfast-node-'))
const copy = join(folder, 'project')

process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

await copyProject()
for (const version of VERSIONS) await checkUnder(version)
console.log(`The Node tests pass under Node ${VERSIONS.join(', ')}.`)

/** What git knows or would add: no packages, no build. */
async function copyProject() {
  const { output } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard'])
  for (const path of output.split('\n').filter(Boolean))
    cpSync(join(root, path), join(copy, path), { recursive: true })
}

/** Node itself comes as a package from the npm registry. */
async function checkUnder(/** @type {string} */ version) {
  const home = join(folder, version)
  mkdirSync(home)
  if ((await show('npm', ['install', '--prefix', home, '--no-save', '--silent', `node@${version}`])) !== 0) {
    fail(`Node ${version} could not be installed.`)
  }
  const node = join(home, 'node_modules/node/bin/node')
  console.log(`\nNode ${(await run(node, ['--version'])).output.trim()}`)
  const options = { cwd: copy, env: { ...process.env, PATH: dirname(node) + delimiter + process.env.PATH } }
  rmSync(join(copy, 'node_modules'), { recursive: true, force: true })
  if ((await show('npm', ['ci', '--silent'], options)) !== 0) fail(`npm ci fails under Node ${version}.`)
  if ((await show(node, ['scripts/test.mjs', '--project', 'node'], options)) !== 0) {
    fail(`The Node tests fail under Node ${version}.`)
  }
}
