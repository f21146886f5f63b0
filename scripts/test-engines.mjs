// `npm run test:engines [-- chromium firefox webkit] [-- <file> …]`: the tests of the browser in each engine, one after
// the other. Installs what an engine needs where that needs no question; ends with a line for each.
import { runInEngines } from './engine-runs.mjs'
import { chooseEngines, requireEngines } from './engines.mjs'
import { ensurePackages } from './packages.mjs'

const { engines, rest } = chooseEngines(process.argv.slice(2))
await ensurePackages()
requireEngines(engines)
process.exitCode = (await runInEngines(engines, { words: rest })) ? 0 : 1
