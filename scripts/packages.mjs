// Installs the packages where they are missing or older than the lock file. Only Node's own modules.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail, root, show } from './report.mjs'

/** @typedef {Record<string, { version?: string, optional?: boolean }>} Packages */

/** Runs `npm ci` unless what stands in node_modules is what the lock file says. */
export async function ensurePackages() {
  requireNode()
  if (isInstalled()) return
  console.log('Installing the packages (npm ci).')
  const npm = process.env.npm_execpath
  const code = npm?.endsWith('.js')
    ? await show(process.execPath, [npm, 'ci'])
    : await show('npm', ['ci'], { shell: process.platform === 'win32' })
  if (code !== 0) fail('The packages could not be installed: run `npm ci` and read what it says.')
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Holdfast is built with Node 20.19 or newer; this is ${process.versions.node}.`)
  }
}

function isInstalled() {
  const wanted = readPackages('package-lock.json')
  const present = readPackages('node_modules/.package-lock.json')
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || present[path]?.version === version,
  )
}

/** @returns {Packages} */
function readPackages(/** @type {string} */ file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages
  } catch {
    return {}
  }
}
