// `npm run test:kill [-- chromium firefox webkit] [--rounds=20]`: the whole browser killed in the middle of writing,
// again and again on one profile.
import { parseArgs } from 'node:util'
import { runInEngines } from './engine-runs.mjs'
import { chooseEngines, requireEngines } from './engines.mjs'
import { ensurePackages } from './packages.mjs'

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '20' } },
  allowPositionals: true,
})
const { engines } = chooseEngines(positionals)
await ensurePackages()
requireEngines(engines)
const passed = await runInEngines(engines, {
  words: ['--project', 'pages', 'test/engines/kill.engine.test.ts'],
  env: { HOLDFAST_ROUNDS: values.rounds },
})
process.exitCode = passed ? 0 : 1
