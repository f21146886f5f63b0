// Finds what drives Firefox and WebKitGTK, and installs it on Debian. Only Node's own modules.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ensureChromium } from './chromium.mjs'
import { fail } from './report.mjs'

/** @typedef {'chromium' | 'firefox' | 'webkit'} EngineName */

/** @type {readonly EngineName[]} */
const ENGINES = ['chromium', 'firefox', 'webkit']

/** Python is Debian's own: others on the PATH do not see its bindings of WebKitGTK. */
const PROGRAMS = {
  firefox: { variable: 'FIREFOX_BIN', names: ['firefox-esr', 'firefox'] },
  xvfb: { variable: 'XVFB_BIN', names: ['Xvfb'] },
  python: { variable: 'PYTHON_BIN', names: ['/usr/bin/python3'] },
}

/** @type {Readonly<Record<EngineName, readonly string[]>>} */
const PACKAGES = {
  chromium: ['chromium'],
  firefox: ['firefox-esr'],
  webkit: ['xvfb', 'python3-gi', 'gir1.2-webkit2-4.1'],
}

/** The typelib that python needs to see WebKitGTK stands where the machine's architecture says. */
const BINDINGS = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  (machine) => `/usr/lib/${machine}/girepository-1.0/WebKit2-4.1.typelib`,
)

/**
 * The path of a program, or its name where there is none: starting it then says so.
 * @param {keyof typeof PROGRAMS} program
 */
export function findProgram(program) {
  const { variable, names } = PROGRAMS[program]
  return process.env[variable] ?? names.map(pathOf).find((path) => path !== undefined) ?? names[0] ?? program
}

/**
 * The engines that a command names, all of them when it names none; the other words are for somebody else.
 * @param {readonly string[]} words
 */
export function chooseEngines(words) {
  const named = ENGINES.filter((engine) => words.includes(engine))
  // What follows a second `--` would be taken for no file at all.
  const rest = words.filter((word) => word !== '--' && !named.some((engine) => engine === word))
  return { engines: named.length === 0 ? ENGINES : named, rest }
}

/**
 * Ends the command with the one line that installs what is missing.
 * @param {readonly EngineName[]} engines
 */
export function requireEngines(engines) {
  const missing = engines.filter((engine) => !ensureEngine(engine))
  if (missing.length === 0) return
  fail(`This needs ${missing.join(' and ')}. On Debian:\n\n  ${engineInstallCommand(missing)}`)
}

/**
 * Makes sure that an engine can be driven; as root on Debian it installs what is missing.
 * @param {EngineName} engine
 * @returns {boolean}
 */
function ensureEngine(engine) {
  if (engine === 'chromium') return ensureChromium() !== undefined
  if (isPresent(engine)) return true
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  try {
    installPackages(PACKAGES[engine])
  } catch {
    return false
  }
  return isPresent(engine)
}

/**
 * The command that installs engines, to be shown to a person.
 * @param {readonly EngineName[]} engines
 */
function engineInstallCommand(engines) {
  const packages = engines.flatMap((engine) => PACKAGES[engine])
  return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`
}

/** @param {EngineName} engine */
function isPresent(engine) {
  if (engine === 'firefox') return existsSync(findProgram('firefox'))
  const programs = [findProgram('xvfb'), findProgram('python')]
  return programs.every((path) => existsSync(path)) && BINDINGS.some((path) => existsSync(path))
}

/** @param {readonly string[]} packages */
function installPackages(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  // Another apt may be at work: its locks are waited for.
  const apt = (/** @type {readonly string[]} */ args) =>
    execFileSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-qq', ...args], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env,
    })
  retry(() => apt(['update']))
  retry(() => apt(['install', '-y', '--no-install-recommends', ...packages]))
}

/** The lock of the package lists has no timeout of its own: apt fails at once when it is held. */
function retry(/** @type {() => void} */ act, tries = 10) {
  for (let left = tries; ; left -= 1) {
    try {
      act()
      return
    } catch (error) {
      if (left <= 1) throw error
      execFileSync('sleep', ['3'])
    }
  }
}

/** @param {string} name */
function pathOf(name) {
  if (name.startsWith('/')) return existsSync(name) ? name : undefined
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path))
}
