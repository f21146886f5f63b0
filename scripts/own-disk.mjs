// Tests that need a disk of their own: a file that is mounted, which takes root and a loop device.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { runInEngines } from './engine-runs.mjs'
import { chooseEngines, requireEngines } from './engines.mjs'
import { ensurePackages } from './packages.mjs'

/** Neither passed nor failed: this machine cannot do it. */
const CANNOT = 77

/**
 * Runs `test/engines/<file>.engine.test.ts`, and sets the exit code.
 * @param {{ file: string, what: string, words: readonly string[], rounds: string }} run `what` is tried, for a sentence
 */
export async function runOnOwnDisk({ file, what, words, rounds }) {
  const lack = whatIsLacking()
  if (lack !== undefined) {
    console.error(`${what} cannot be tried here: ${lack}.`)
    process.exit(CANNOT)
  }
  const { engines } = chooseEngines(words)
  await ensurePackages()
  requireEngines(engines)
  const passed = await runInEngines(engines, {
    words: ['--project', 'own-disk'],
    env: { HOLDFAST_ROUNDS: rounds, HOLDFAST_OWN_DISK: file },
    // Mounts of its own: they go with the last process, however it ends.
    before: ['unshare', '--mount'],
  })
  process.exitCode = passed ? 0 : 1
}

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
