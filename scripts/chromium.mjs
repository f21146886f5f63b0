// Finds a Chromium that the browser tests can drive. Only Node's own modules: it runs before `npm ci`.
import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'chromium-headless-shell',
]

const PLACES = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ...['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) => {
    const folder = process.env[name]
    return folder ? [join(folder, 'Google/Chrome/Application/chrome.exe')] : []
  }),
]

/** The path of a Chromium on this machine, or undefined. `CHROMIUM_BIN` comes first and is taken as it is. */
export function findChromium() {
  if (process.env.CHROMIUM_BIN) return process.env.CHROMIUM_BIN
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  const suffix = process.platform === 'win32' ? '.exe' : ''
  const candidates = NAMES.flatMap((name) => folders.map((folder) => join(folder, name + suffix)))
  return [...candidates, ...PLACES].find(isExecutable)
}

/** The command that installs a Chromium here, to be shown to a person. */
export function installCommand() {
  if (process.platform === 'darwin') return 'brew install --cask chromium'
  if (process.platform === 'win32') return 'winget install Google.Chrome'
  return 'sudo apt-get update && sudo apt-get install -y --no-install-recommends chromium'
}

/**
 * Finds Chromium, installing Debian's where that needs no question (root, with apt-get).
 * @returns the path, or undefined when a person has to run `installCommand()`
 */
export function ensureChromium() {
  const found = findChromium()
  if (found || process.platform !== 'linux' || process.getuid?.() !== 0) return found
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  try {
    const run = (/** @type {string[]} */ args) =>
      execFileSync('apt-get', args, { stdio: ['ignore', 'inherit', 'inherit'], env })
    run(['-o', 'DPkg::Lock::Timeout=120', 'update', '-qq'])
    run(['-o', 'DPkg::Lock::Timeout=120', 'install', '-y', '-qq', '--no-install-recommends', 'chromium'])
  } catch {
    return undefined
  }
  return findChromium()
}

/** Pages of the address bar, which Chromium starts a process for with every window: half of what a start computes. */
const ADDRESS_BAR = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup']

/** Playwright's own. Chromium takes one list, the last, so ours has to repeat them. */
const PLAYWRIGHT = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'TcpPortRandomizationWin',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
]

/**
 * What every test browser starts with. No sandbox: root has none. The rest keeps Chromium from calling home,
 * which fails noisily on a closed network, and from the small /dev/shm of containers.
 */
export const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  `--disable-features=${[...ADDRESS_BAR, ...PLAYWRIGHT].join(',')}`,
]

function isExecutable(/** @type {string} */ path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
