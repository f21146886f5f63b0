import { expect, onTestFinished, test } from 'vitest'
import { seeded } from '../../seeded.ts'
import { buildFixture } from '../harness/fixture.ts'
import { openContext } from '../harness/shared-chromium.ts'
import { serveFolder } from '../harness/static-server.ts'
import { runChaos } from './chaos.ts'
import { checkHistory } from './history.ts'

/** Two minutes by `npm run test:soak`. */
const seconds = Number(process.env.HOLDFAST_CHAOS_SECONDS ?? 10)

test('TA12 tabs that are opened and closed at random: what was acknowledged is there, once, and in the same order for all', {
  timeout: 120_000 + seconds * 2_000,
}, async () => {
  const site = await serveFolder(await buildFixture('plain'))
  const context = await openContext()
  onTestFinished(async () => {
    await context.close()
    await site[Symbol.asyncDispose]()
  })
  const seed = Number(process.env.HOLDFAST_CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 32))
  const chaos = await runChaos({
    context,
    address: site.origin,
    database: 'chaos',
    durationMs: seconds * 1_000,
    tabs: 2,
    random: seeded(seed),
  })

  const { operations, opened, closed, lastedMs, violations } = chaos
  const acknowledged = operations.filter(({ outcome }) => outcome.kind === 'acknowledged').length
  const perSecond = (acknowledged * 1_000) / lastedMs
  console.log(
    `chaos: ${opened} tabs opened, ${acknowledged} operations acknowledged in ${Math.round(lastedMs)} ms, ${perSecond.toFixed(0)} a second; seed ${seed}`,
  )
  expect(checkHistory(chaos)).toEqual([])
  expect(violations).toEqual([])
  expect(closed).toBe(opened)
  // A short run is mostly tabs that load.
  expect(perSecond).toBeGreaterThan(seconds < 60 ? 10 : 50)
})
