import { fileURLToPath } from 'node:url'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { CHROMIUM_ARGS, findChromium } from './scripts/chromium.mjs'

const BROWSER = 'test/**/*.browser.test.ts'
const PAGES = ['test/**/*.page.test.ts', 'test/**/*.fault.test.ts']

const chromium = findChromium()

// Vite would otherwise meet these in the middle of a test, bundle them and reload the page under it.
const bundledFirst = ['comlink', 'dexie', 'idb', 'yjs', 'y-indexeddb', 'fast-check', 'zod']

// The examples import the package by its name.
const published = {
  'holdfast/worker': fileURLToPath(new URL('worker/serve.ts', import.meta.url)),
  holdfast: fileURLToPath(new URL('src/index.ts', import.meta.url)),
}

export default defineConfig({
  test: {
    allowOnly: false,
    projects: [
      {
        test: {
          name: 'node',
          environment: 'node',
          include: ['test/**/*.test.ts'],
          exclude: [BROWSER, ...PAGES],
          // Those of test/tooling compile and build.
          testTimeout: 20_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        optimizeDeps: { include: bundledFirst },
        resolve: { alias: published },
        server: { host: '127.0.0.1' },
        test: {
          name: 'browser',
          include: [BROWSER],
          testTimeout: 20_000,
          hookTimeout: 20_000,
          sequence: { groupOrder: 2 },
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            api: { host: '127.0.0.1' },
            provider: playwright({
              launchOptions: { ...(chromium ? { executablePath: chromium } : {}), args: CHROMIUM_ARGS },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      {
        test: {
          name: 'pages',
          environment: 'node',
          include: PAGES,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Each file drives a browser of its own: two at once is what two cores bear.
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
