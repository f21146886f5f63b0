import { configDefaults, defineConfig } from 'vitest/config'
import { isEngineName } from './test/engines/driver/engine.ts'
import { drivenEngine } from './test/engines/provider.ts'
import { EngineReporter } from './test/engines/reporter.ts'
import { BROWSER, ENGINE, OWN_DISK, served } from './vitest.shared.ts'

const engine = process.env.HOLDFAST_ENGINE ?? 'chromium'
if (!isEngineName(engine)) throw new Error(`There is no engine '${engine}'.`)
const ownDisk = process.env.HOLDFAST_OWN_DISK
const rounds = Number(process.env.HOLDFAST_ROUNDS ?? 2)

// One engine a run: two browsers at once would share two cores, and their timeouts.
export default defineConfig({
  test: {
    allowOnly: false,
    reporters: ['default', new EngineReporter(engine, process.env.HOLDFAST_ENGINE_REPORT)],
    projects: [
      {
        ...served,
        test: {
          name: 'browser',
          include: [BROWSER],
          setupFiles: 'test/engines/leave-out.ts',
          provide: { engine },
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            api: { host: '127.0.0.1' },
            provider: drivenEngine(),
            instances: [{ browser: engine }],
          },
        },
      },
      {
        test: {
          name: 'pages',
          environment: 'node',
          include: [ENGINE],
          exclude: [...configDefaults.exclude, ...OWN_DISK],
          setupFiles: 'test/engines/leave-out.ts',
          provide: { engine, rounds },
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'own-disk',
          environment: 'node',
          // One of them, and only when it is asked for: they need root.
          include: OWN_DISK.filter((path) => path.endsWith(`/${ownDisk}.engine.test.ts`)),
          provide: { engine, rounds },
          testTimeout: 300_000,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
