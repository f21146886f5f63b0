// `npm run test:powercut [-- chromium firefox webkit] [--rounds=3]`: the power cut in the middle of writing, as a browser
// sees it that finds its disk as it was at that moment. Needs root and a loop device.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { runInEngines } from './engine-runs.mjs'
import { chooseEngines, requireEngines } from './engines.mjs'
import { ensurePackages } from './packages.mjs'

/** Neither passed nor failed: this machine cannot do it. */
const CANNOT = 77

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '3' } },
  allowPositionals: true,
})
const lack = whatIsLacking()
if (lack !== undefined) {
  console.error(`A power cut cannot be tried here: ${lack}.`)
  process.exit(CANNOT)
}
const { engines } = chooseEngines(positionals)
await ensurePackages()
requireEngines(engines)
const passed = await runInEngines(engines, {
  words: ['--project', 'power-cut'],
  env: { HOLDFAST_ROUNDS: values.rounds, HOLDFAST_POWER_CUT: 'yes' },
  // Mounts of its own: they go with the last process, however it ends.
  before: ['unshare', '--mount'],
})
process.exitCode = passed ? 0 : 1

/** @returns {string | undefined} */
function whatIsLacking() {
  if (process.platform !== 'linux') return 'it takes Linux, with ext4 in a loop device'
  if (process.getuid?.() !== 0) return 'it takes root, to mount a file as a disk'
  if (!existsSync('/dev/loop-control')) return 'there are no loop devices (/dev/loop-control)'
  const missing = ['unshare', 'losetup', 'mkfs.ext4', 'mount'].find((program) => !runs(program))
  if (missing !== undefined) return `there is no ${missing}`
  try {
    execFileSync('losetup', ['--find'], { stdio: 'ignore' })
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' })
  } catch {
    return 'this container may neither use loop devices nor mount'
  }
  return undefined
}

function runs(/** @type {string} */ program) {
  try {
    execFileSync('which', [program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
