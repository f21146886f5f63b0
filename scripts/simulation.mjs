// `npm run test:simulation`: 10,000 seeds, on every core. `-- --seeds 500 --from 20000` takes others; `-- --seed 123`
// replays one and tells what happened in it.
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ensurePackages } from './packages.mjs'
import { root, show } from './report.mjs'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '10000' },
    from: { type: 'string', default: '1' },
  },
})

await ensurePackages()
const codes = values.seed === undefined ? await runAll() : [await runSeeds(Number(values.seed), 1, 1)]
process.exitCode = Math.max(...codes)

/** Each core takes every so many-th seed. */
function runAll() {
  const cores = availableParallelism()
  const count = Math.ceil(Number(values.seeds) / cores)
  return Promise.all(
    Array.from({ length: cores }, (_, core) => runSeeds(Number(values.from) + core, count, cores)),
  )
}

/**
 * @param {number} first
 * @param {number} count
 * @param {number} stride
 */
function runSeeds(first, count, stride) {
  return show(
    process.execPath,
    [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--config', 'test/simulation/vitest.config.ts'],
    { env: { ...process.env, SIMULATION_SEEDS: [first, count, stride].join(',') } },
  )
}
