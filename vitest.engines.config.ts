import { configDefaults, defineConfig } from 'vitest/config'
import { isEngineName } from './test/engines/driver/engine.ts'
import { drivenEngine } from './test/engines/provider.ts'
import { EngineReporter } from './test/engines/reporter.ts'
import { BROWSER, ENGINE, POWER_CUT, served } from './vitest.shared.ts'

const engine = process.env.HOLDFAST_ENGINE ?? 'chromium'
if (!isEngineName(engine)) throw new Error(`There is no engine '${engine}'.`)
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
          exclude: [...configDefaults.exclude, POWER_CUT],
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
          name: 'power-cut',
          environment: 'node',
          // Only when it is asked for: it needs root.
          include: process.env.HOLDFAST_POWER_CUT === undefined ? [] : [POWER_CUT],
          provide: { engine, rounds },
          testTimeout: 300_000,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
