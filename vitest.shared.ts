import { fileURLToPath } from 'node:url'
import { keptModules } from './test/kept-modules.ts'
import { oneFileWorkers } from './test/one-file-workers.ts'

/**
 * Node files that have a process of their own: they replace modules or the host's own functions, or leave engines that
 * go on. The others share one, where the sources are loaded once.
 */
export const ALONE = [
  'test/adapters/**/*.test.ts',
  'test/engine/**/*.test.ts',
  'test/simulation/**/*.test.ts',
  'test/versions/**/*.test.ts',
]
export const BROWSER = 'test/**/*.browser.test.ts'
export const ENGINE = 'test/**/*.engine.test.ts'
/** Need root and a loop device: `npm run test:powercut` and `test:fulldisk`. */
export const OWN_DISK = ['test/engines/power-cut.engine.test.ts', 'test/engines/full-disk.engine.test.ts']
/** WebKit alone has such a process: `npm run test:engines`. */
export const STORAGE_PROCESS = 'test/engines/storage-process.engine.test.ts'
export const PAGES = ['test/**/*.page.test.ts', 'test/**/*.fault.test.ts']

/** How the tests that run in a browser are served to it, whichever engine it is. */
export const served = {
  plugins: [oneFileWorkers(), keptModules()],
  optimizeDeps: {
    // Vite would otherwise meet these in the middle of a test, bundle them and reload the page under it.
    include: [
      'comlink',
      'dexie',
      'idb',
      'yjs',
      'y-indexeddb',
      'y-protocols/awareness',
      'y-protocols/sync',
      'lib0/decoding',
      'lib0/encoding',
      'fast-check',
      'zod',
      '@automerge/automerge-repo/slim',
      '@automerge/automerge-repo/helpers/tests/storage-adapter-tests.js',
    ],
  },
  resolve: {
    // The examples import the package by its name.
    alias: {
      'holdfast/worker': fileURLToPath(new URL('worker/serve.ts', import.meta.url)),
      'holdfast/opentelemetry': fileURLToPath(
        new URL('src/adapters/opentelemetry/index.ts', import.meta.url),
      ),
      'holdfast/key-value': fileURLToPath(new URL('src/adapters/key-value/index.ts', import.meta.url)),
      'holdfast/yjs': fileURLToPath(new URL('src/adapters/yjs/index.ts', import.meta.url)),
      holdfast: fileURLToPath(new URL('src/index.ts', import.meta.url)),
    },
  },
  // WebKit has no `using`.
  oxc: { target: 'es2023' },
  server: { host: '127.0.0.1' },
}
