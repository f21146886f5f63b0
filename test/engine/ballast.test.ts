import 'fake-indexeddb/auto'
import { Dexie } from 'dexie'
import { expect, test } from 'vitest'
import { BALLAST_AFTER_MS } from '../../src/engine/upkeep.ts'
import { createEntropy } from '../../src/platform/entropy.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { startEngine } from './rig.ts'

test('JO44 the ballast is stored three seconds after a start, and made only where there is none', async () => {
  const name = `ballast-${crypto.randomUUID()}`
  const entropy = createEntropy()
  const asked: number[] = []
  const randomBytes = (count: number) => {
    asked.push(count)
    return entropy.randomBytes(count)
  }
  const made = () => asked.filter((count) => count > 1_000)
  const start = async () => {
    const wall = fakeClock()
    const tab = await startEngine(name, { wall, entropy: { randomBytes } })
    await tab.call('sessions.create', { name: 'one' })
    wall.advance(BALLAST_AFTER_MS - 1)
    await tab.call('flush', {})
    const before = made().length
    wall.advance(1)
    return { tab, before }
  }

  expect(BALLAST_AFTER_MS).toBe(3_000)
  const first = await start()
  expect(first.before).toBe(0)
  await expect.poll(() => made()).toEqual([4_194_304])
  await expect.poll(() => ballastBytes(name)).toBe(4_194_304)
  await first.tab.engine.close()

  const second = await start()
  await second.tab.call('flush', {})
  await second.tab.engine.close()
  expect(made()).toEqual([4_194_304])
})

async function ballastBytes(name: string): Promise<number | undefined> {
  const db = await new Dexie(name).open()
  const row: { readonly bytes: Uint8Array } | undefined = await db.table('meta').get('ballast')
  db.close()
  return row?.bytes.byteLength
}
