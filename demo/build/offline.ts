import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'vite'

/** A file the service worker keeps. Without a revision its name changes with its content. */
interface PrecacheEntry {
  readonly url: string
  readonly revision: string | null
}

/** Folder of the files that Vite names by their content. */
const HASHED = 'assets/'

/**
 * Builds `sw.js` beside the finished page: a service worker that keeps every file of it, so that the page opens with the
 * network off after its first load.
 */
export function offline(): Plugin {
  let outDir = ''
  let failed = false
  return {
    name: 'offline',
    apply: 'build',
    // A worker's bundle is a build of its own inside this one and has no page to keep.
    applyToEnvironment: (environment) => environment.name === 'client',
    configResolved: (config) => {
      outDir = resolve(config.root, config.build.outDir)
    },
    buildEnd(error) {
      failed = error !== undefined
    },
    closeBundle: {
      order: 'post',
      sequential: true,
      // Called after a failed build too, whose own error must not be hidden by another one.
      handler: () => (failed ? undefined : buildServiceWorker(outDir)),
    },
  }
}

async function buildServiceWorker(outDir: string): Promise<void> {
  await build({
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    define: {
      PRECACHE: JSON.stringify(listFiles(outDir)),
      'process.env.NODE_ENV': '"production"',
    },
    build: {
      outDir,
      emptyOutDir: false,
      lib: {
        entry: fileURLToPath(new URL('service-worker/service-worker.ts', import.meta.url)),
        formats: ['es'],
        fileName: () => 'sw.js',
      },
    },
  })
}

function listFiles(outDir: string): readonly PrecacheEntry[] {
  return readdirSync(outDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.map') && entry.name !== 'sw.js')
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => entryOf(path, path.slice(outDir.length + 1).replaceAll('\\', '/')))
    .sort((a, b) => (a.url < b.url ? -1 : 1))
}

function entryOf(path: string, url: string): PrecacheEntry {
  if (url.startsWith(HASHED)) return { url, revision: null }
  return { url, revision: createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16) }
}
