import { availableParallelism } from 'node:os'
import { playwright } from '@vitest/browser-playwright'
import { configDefaults, defineConfig } from 'vitest/config'
import { CHROMIUM_ARGS, findChromium } from './scripts/chromium.mjs'
import { ALONE, BROWSER, ENGINE, OWN_DISK, PAGES, STORAGE_PROCESS, served } from './vitest.shared.ts'

const chromium = findChromium()

// The runner itself would leave one core idle: of two that is half of them.
const maxWorkers = Math.max(2, availableParallelism())

/** All at once: what waits for a browser leaves a core to what computes. */
const sequence = { groupOrder: 1 }

/** What is waited for comes later on a busy machine. */
const expect = { poll: { timeout: 10_000 } }

/** What runs in Node. */
const node = {
  environment: 'node' as const,
  // Those of test/tooling compile and build.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  expect,
  maxWorkers,
  sequence,
}

export default defineConfig({
  test: {
    allowOnly: false,
    projects: [
      {
        test: {
          ...node,
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: [BROWSER, ENGINE, ...PAGES, ...ALONE],
          isolate: false,
          setupFiles: 'test/shared-process.ts',
        },
      },
      {
        test: { ...node, name: 'node-alone', include: ALONE, exclude: [BROWSER, ENGINE, ...PAGES] },
      },
      {
        ...served,
        test: {
          name: 'browser',
          include: [BROWSER],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect,
          maxWorkers,
          sequence,
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
          // Files that share a process share a browser.
          environment: './test/pages/harness/environment.ts',
          isolate: false,
          include: [...PAGES, ENGINE],
          exclude: [...configDefaults.exclude, ...OWN_DISK, STORAGE_PROCESS],
          // In the other engines, and for longer: vitest.engines.config.ts.
          provide: { engine: 'chromium', rounds: 2 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect,
          maxWorkers,
          sequence,
        },
      },
    ],
  },
})
