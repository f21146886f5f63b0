import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import type { RequestId } from '../../src/core/ids.ts'
import { fenceRow } from '../../src/core/steward.ts'
import { openBeside, openTab, type Tab } from './rig.ts'

/** A content that nobody names, which a sweep removes. */
async function putUnnamed(tab: Tab, hash: string): Promise<void> {
  await tab.journal.putRows([
    { table: 'contents', put: { domain: '', hash, sizeBytes: 1, chunks: [], references: 0 } as never },
  ])
}

test('SW1 each worker that takes the stewardship raises the stored epoch and is named in it', async () => {
  const one = await openTab()
  const other = await openBeside(one)
  expect(await one.journal.takeStewardship()).toBe(1)
  expect(await other.journal.takeStewardship()).toBe(2)
  expect(await one.journal.takeStewardship()).toBe(3)
  expect(await one.connection.db.meta.get('steward')).toEqual({
    key: 'steward',
    epoch: 3,
    writer: one.journal.writer,
  })
})

test('SW2 a chore of a former steward is STEWARD_FENCED and removes nothing; the present one does it', async () => {
  const one = await openTab()
  const other = await openBeside(one)
  await putUnnamed(one, 'sha256:a')
  const contents = [{ domain: '', hash: 'sha256:a' }]
  const fence = await one.journal.takeStewardship()
  const present = await other.journal.takeStewardship()

  await expect(one.journal.sweep(contents, [], fence)).rejects.toMatchObject({
    code: 'STEWARD_FENCED',
    details: { epoch: present, fence },
  })
  expect(await one.tables.content('', 'sha256:a')).toBeDefined()
  await other.journal.sweep(contents, [], present)
  expect(await one.tables.content('', 'sha256:a')).toBeUndefined()
})

test('SW2 a commit behind the fence of a former steward is refused whole', async () => {
  const one = await openTab()
  const other = await openBeside(one)
  const chore = (tab: Tab, fence: number) =>
    tab.journal.commit({
      requestId: tab.clock.nextId<RequestId>(),
      mayRepeat: false,
      durability: 'relaxed',
      heads: [],
      decide: () => ({
        result: undefined,
        resultId: '',
        writes: [],
        rows: [{ table: 'meta', put: { key: 'done', value: fence } }, fenceRow(fence)],
      }),
    })
  const fence = await one.journal.takeStewardship()
  await chore(one, fence)
  const present = await other.journal.takeStewardship()

  await expect(chore(one, fence)).rejects.toMatchObject({ code: 'STEWARD_FENCED' })
  expect(await one.connection.db.meta.get('done')).toMatchObject({ value: fence })
  await chore(other, present)
  expect(await one.connection.db.meta.get('done')).toMatchObject({ value: present })
  expect(await one.connection.db.meta.get('steward')).toMatchObject({ epoch: present })
})

test('SW2 where nobody ever was the steward, every fence is refused', async () => {
  const tab = await openTab()
  await expect(tab.journal.sweep([], [], 1)).rejects.toMatchObject({ code: 'STEWARD_FENCED' })
})
