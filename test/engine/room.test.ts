import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import type { SessionId } from '../../src/core/ids.ts'
import type { StorageMeter } from '../../src/core/ports.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { startEngine } from './rig.ts'

const MIB = 1_048_576
const ID = 'one' as SessionId

function meterOf(usageBytes: number | null, quotaBytes: number | null): StorageMeter {
  return {
    persisted: async () => false,
    persist: async () => false,
    estimate: async () => ({ usageBytes, quotaBytes }),
  }
}

async function start(meter: StorageMeter) {
  const name = `room-${crypto.randomUUID()}`
  const tab = await startEngine(name, { meter })
  await tab.call('sessions.create', { id: ID, name: 'one' })
  return { ...tab, name }
}

test.each([
  ['bytes', () => new Uint8Array(2 * MIB)],
  ['a blob', () => new Blob([new Uint8Array(2 * MIB)])],
  ['text', () => 'x'.repeat(2 * MIB)],
])(
  'DM10 %s that cannot fit are refused before anything is stored, and what can is stored',
  async (_what, content) => {
    const tab = await start(meterOf(99 * MIB, 100 * MIB))

    const storing = tab.call('artifacts.store', { sessionId: ID, name: 'large', content: content() })
    await expect(storing).rejects.toMatchObject({
      code: 'QUOTA_EXCEEDED',
      details: { neededBytes: 2 * MIB, availableBytes: MIB },
    })
    const small = await tab.call('artifacts.store', { sessionId: ID, name: 'small', content: 'small' })
    expect(small.version).toBe(1)
    const { items } = await tab.call('artifacts.list', { sessionId: ID })
    expect(items.map(({ name }) => name)).toEqual(['small'])
    await tab.engine.close()
    expect(await checkLaws(tab.name)).toEqual([])
  },
)

test('DM10 a transcript that cannot fit is refused before its session is made', async () => {
  const tab = await start(meterOf(100 * MIB, 100 * MIB))
  const source = JSON.stringify([{ role: 'user', content: 'x'.repeat(2 * MIB) }])

  const importing = tab.call('sessions.import', { source, format: 'openai-messages' })
  await expect(importing).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
  expect((await tab.call('sessions.list', {})).items).toHaveLength(1)
  await tab.engine.close()
})

test('DM10 where the browser says nothing of its room, nothing is refused for it', async () => {
  const tab = await start(meterOf(null, null))
  const content = new Uint8Array(2 * MIB)
  expect((await tab.call('artifacts.store', { sessionId: ID, name: 'large', content })).version).toBe(1)
  await tab.engine.close()
})

test.each([
  [79, 100, 'enough'],
  [80, 100, 'low'],
  [95, 100, 'critical'],
  [100, 0, 'unknown'],
  [null, 100, 'unknown'],
  [1, null, 'unknown'],
] as const)('DM11 with %s of %s bytes used the room is %s', async (usage, quota, room) => {
  const tab = await start(meterOf(usage, quota))
  expect(await tab.call('storage.info', {})).toEqual({
    persisted: false,
    usageBytes: usage,
    quotaBytes: quota,
    room,
  })
  await tab.engine.close()
})
