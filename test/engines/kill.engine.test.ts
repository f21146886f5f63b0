import { expect, inject, test } from 'vitest'
import { openRig } from './rig.ts'
import { findMissing, type Receipt, startWriters } from './writers.ts'

/** Long enough for a few of each kind of write, in the slowest engine. */
const MIN_RECEIPTS = 40

const MAX_DELAY_MS = 400

test('EG8 the whole browser killed at a random moment, again and again on one profile: what was acknowledged is there, nothing is torn', {
  timeout: 60_000 * inject('rounds'),
}, async () => {
  const receipts: Receipt[] = []
  await using rig = await openRig({ receive: (text) => receipts.push(JSON.parse(text)) })

  for (let round = 0; round < inject('rounds'); round += 1) {
    const before = receipts.length
    const tab = await rig.openTab()
    await tab.evaluate(startWriters, 'killed', round)
    await expect.poll(() => receipts.length, { timeout: 40_000 }).toBeGreaterThan(before + MIN_RECEIPTS)
    await new Promise((resolve) => setTimeout(resolve, Math.random() * MAX_DELAY_MS))
    await rig.engine.kill()

    await rig.start()
    const seen = await (await rig.openTab()).evaluate(findMissing, 'killed', receipts)
    const kinds = new Set(receipts.slice(before).map(({ kind }) => kind))
    console.log(
      `${rig.engine.name} ${rig.engine.version}, round ${round + 1}: ${receipts.length - before} acknowledged, ` +
        `${seen.missing.length} missing, ${seen.torn.length} torn, ${seen.violations.length} violations`,
    )
    expect(seen).toEqual({ missing: [], torn: [], violations: [] })
    expect(kinds).toEqual(new Set(['state', 'event', 'artifact', 'life']))
  }
})
