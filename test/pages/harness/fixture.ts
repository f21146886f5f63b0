import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { offline } from '../../../demo/build/offline.ts'
import { root } from '../../../scripts/report.mjs'

const CACHE = join(root, 'node_modules/.cache/holdfast-pages')

const HOUR_MS = 3_600_000

/** What a built page is made of, beside its own folder. */
const SOURCES = ['src', 'worker', 'demo/build', 'package-lock.json']

/**
 * Builds the page `test/pages/fixtures/<name>` and returns the folder of the result. Unchanged sources are built once,
 * by whichever test file comes first.
 */
export function buildFixture(name: string): Promise<string> {
  const folder = join(root, 'test/pages/fixtures', name)
  return buildOnce(`fixture-${name}`, [...SOURCES, `test/pages/fixtures/${name}`], (outDir) =>
    build({
      root: folder,
      configFile: false,
      logLevel: 'error',
      base: './',
      plugins: [offline()],
      worker: { format: 'es' },
      build: { outDir, emptyOutDir: true, target: 'es2023', minify: false, sourcemap: true },
    }),
  )
}

/** Builds the demo as `npm start` does. */
export function buildDemo(): Promise<string> {
  return buildOnce('demo', [...SOURCES, 'demo'], (outDir) =>
    build({ root: join(root, 'demo'), logLevel: 'error', build: { outDir, emptyOutDir: true } }),
  )
}

type BuildInto = (outDir: string) => Promise<unknown>

/** What this process has built: its tests see one version, also while somebody edits the sources. */
const builds = new Map<string, Promise<string>>()

/**
 * Builds into an empty folder, and keeps it for as long as the sources stay as they are.
 * @returns the finished folder
 */
export function buildOnce(name: string, sources: readonly string[], buildInto: BuildInto): Promise<string> {
  const known = builds.get(name)
  if (known !== undefined) return known
  const building = findOrBuild(name, sources, buildInto)
  builds.set(name, building)
  return building
}

async function findOrBuild(name: string, sources: readonly string[], buildInto: BuildInto): Promise<string> {
  const all = [...sources, 'test/pages/harness/fixture.ts']
  const hash = hashOf(all)
  const finished = join(CACHE, `${name}-${hash}`)
  if (existsSync(finished)) return finished
  mkdirSync(CACHE, { recursive: true })
  removeOlder(name)
  const outDir = mkdtempSync(join(CACHE, `${name}-building-`))
  await asForPeople(() => buildInto(outDir))
  // Sources that were edited meanwhile are not what the name says: this build is for this process alone.
  if (hashOf(all) !== hash) return outDir
  moveInto(outDir, finished)
  return finished
}

/** The runner says `test` in NODE_ENV, and Vite then builds what it serves while one develops. */
async function asForPeople(buildIt: () => Promise<unknown>): Promise<void> {
  const before = process.env.NODE_ENV
  process.env.NODE_ENV = 'production'
  try {
    await buildIt()
  } finally {
    process.env.NODE_ENV = before
  }
}

/** Another test file may have built the same in the meantime; then this one's copy goes. */
function moveInto(outDir: string, finished: string): void {
  try {
    renameSync(outDir, finished)
  } catch (error) {
    if (!existsSync(finished)) throw error
    rmSync(outDir, { recursive: true, force: true })
  }
}

/** Builds of former sources, but for the fresh ones, which a test of another process may still serve. */
function removeOlder(name: string): void {
  const former = readdirSync(CACHE).filter((entry) => entry.startsWith(`${name}-`))
  for (const path of former.map((entry) => join(CACHE, entry))) {
    if (statSync(path).mtimeMs < Date.now() - HOUR_MS) rmSync(path, { recursive: true, force: true })
  }
}

function hashOf(sources: readonly string[]): string {
  const hash = createHash('sha256')
  for (const path of sources.flatMap(filesOf)) hash.update(path).update(readFileSync(join(root, path)))
  return hash.digest('hex').slice(0, 16)
}

function filesOf(source: string): readonly string[] {
  const path = join(root, source)
  if (!existsSync(path)) return []
  if (statSync(path).isFile()) return [source]
  const entries = readdirSync(path, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((file) => !file.includes('/dist/'))
    .sort()
}
