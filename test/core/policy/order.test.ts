import { expect, test } from 'vitest'
import { entriesOf } from '../../../src/core/state/packed-entries.ts'
import { startTab } from './tab.ts'

test('PO21 writes to a session with limits keep their order, also while the first of them finds that there are any', async () => {
  const tab = await startTab()
  const { id } = (await tab.call('sessions.create', { limits: { maxOperations: 1_000 } })).record
  for (let round = 0; round < 5; round += 1) {
    const again = await startTab({ name: tab.name, wall: tab.wall })
    const writes = Array.from({ length: 30 }, async (_, at) => {
      // Some come in later turns, when the first have been refused and are on their way again.
      for (let turn = 0; turn < at; turn += 1) await new Promise(setImmediate)
      return again.call('state.write', {
        target: { session: id },
        changes: [{ key: 'last', value: round * 100 + at }],
      })
    })
    const stamps = (await Promise.all(writes)).map(({ at }) => at)
    expect(stamps).toEqual(stamps.toSorted())
  }
  const entries = entriesOf(await tab.call('state.open', { session: id }))
  expect(entries.find(({ key }) => key === 'last')?.value).toBe(429)
})
