import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { PLAIN_DOMAIN } from '../../src/core/artifact/references.ts'
import type { RowChange } from '../../src/core/commit.ts'
import type { ContentId, SessionId } from '../../src/core/ids.ts'
import { LARGE_ROW_BYTES } from '../../src/storage/large-rows.ts'
import { watchTransactions } from './faults.ts'
import { createSession, openTab, STREAM, setState, type Tab } from './rig.ts'

const OTHER = 's2' as SessionId

const text = (bytes: number) => 'x'.repeat(bytes)

async function durabilitiesOf(tab: Tab, act: () => Promise<unknown>): Promise<readonly string[]> {
  const transactions = watchTransactions(tab)
  await act()
  return transactions.map(({ durability }) => durability)
}

test('JO32 a relaxed write is stored strictly when its row may be large', async () => {
  const tab = await openTab()
  await createSession(tab)

  const small = await durabilitiesOf(tab, () => setState(tab, 'a', text(LARGE_ROW_BYTES - 1_000)))
  const large = await durabilitiesOf(tab, () => setState(tab, 'b', text(LARGE_ROW_BYTES)))

  expect([small, large]).toEqual([['relaxed'], ['strict']])
})

test('JO32 writes that share a row are taken together, those of two streams apart', async () => {
  const tab = await openTab()
  await createSession(tab)
  await createSession(tab, OTHER)
  const half = text(LARGE_ROW_BYTES / 2)

  const shared = await durabilitiesOf(tab, () =>
    Promise.all([setState(tab, 'a', half), setState(tab, 'b', half)]),
  )
  const apart = await durabilitiesOf(tab, () =>
    Promise.all([setState(tab, 'a', half), setState(tab, 'b', half, { session: OTHER })]),
  )

  expect([shared, apart]).toEqual([['strict'], ['relaxed']])
})

test('JO32 the bytes of an artifact are stored strictly before the commit that names them, a pin alone is not', async () => {
  const tab = await openTab()
  const hash = 'a'.repeat(64) as ContentId
  const pin: RowChange = {
    table: 'meta',
    put: { key: ['intake', 'one'], at: tab.wall.now(), domain: PLAIN_DOMAIN, chunks: [hash] },
  }
  const bytes = new Uint8Array(100_000)
  const chunk: RowChange = {
    table: 'chunks',
    key: [PLAIN_DOMAIN, hash],
    ensure: { domain: PLAIN_DOMAIN, hash, bytes },
  }

  const pinned = await durabilitiesOf(tab, () => tab.journal.putRows([pin]))
  const stored = await durabilitiesOf(tab, () => tab.journal.putRows([pin, chunk]))

  expect([pinned, stored]).toEqual([['relaxed'], ['strict']])
})

test('JO32 packing, snapshots and the ballast are strict: each puts a large row', async () => {
  const tab = await openTab()
  await createSession(tab)
  for (let turn = 0; turn < 20; turn += 1) await setState(tab, `key-${turn}`, turn)
  await tab.journal.flush()

  const packed = await durabilitiesOf(tab, () => tab.journal.pack(STREAM, { whole: true }))
  const ballast = await durabilitiesOf(tab, () => tab.journal.keepBallast(() => new Uint8Array(100_000)))

  expect(new Set([...packed, ...ballast])).toEqual(new Set(['strict']))
})
