import { expect, onTestFinished, test, vi } from 'vitest'
import { type OpenOptions, openConnection } from '../../src/storage/open-connection.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { seededEntropy } from '../../src/testing/seeded-entropy.ts'
import { freshName } from './rig.ts'

const NEW_LOG = /^holdfast-new-log-/

async function open(options: Partial<OpenOptions> = {}): Promise<void> {
  const connection = await openConnection({
    name: freshName(),
    wall: fakeClock(),
    entropy: seededEntropy(1),
    ...options,
  })
  connection.close()
}

/** Whether this engine keeps a log that it has to be made to begin anew. */
const isChromium = () => navigator.userAgent.includes('Chrome/')

test('ST25 in Chromium an opening that is told to makes and deletes a database beside, which leaves nothing', async () => {
  const deleting = vi.spyOn(indexedDB, 'deleteDatabase')
  onTestFinished(() => deleting.mockRestore())
  await open()
  expect(deleting).not.toHaveBeenCalled()
  await open({ renewsLog: true })
  const deleted = deleting.mock.calls.map(([name]) => name).filter((name) => NEW_LOG.test(name))
  expect(deleted).toHaveLength(isChromium() ? 1 : 0)
  const left = (await indexedDB.databases()).map(({ name }) => name ?? '')
  expect(left.filter((name) => deleted.includes(name))).toEqual([])
})

test('ST25 where that fails nothing is handed out: what would be written might be lost', async () => {
  const plain = indexedDB.deleteDatabase.bind(indexedDB)
  const deleting = vi.spyOn(indexedDB, 'deleteDatabase').mockImplementation((name) => {
    if (NEW_LOG.test(name)) throw new DOMException('The disk is full.', 'QuotaExceededError')
    return plain(name)
  })
  onTestFinished(() => deleting.mockRestore())
  const outcome = await open({ renewsLog: true }).then(
    () => 'open',
    ({ code }) => code,
  )
  expect(outcome).toBe(isChromium() ? 'QUOTA_EXCEEDED' : 'open')
})
