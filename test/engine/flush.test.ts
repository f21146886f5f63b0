import 'fake-indexeddb/auto'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startEngine } from './rig.ts'

test('PG108 a flush makes safe what another tab stored, too', async () => {
  const one = await startEngine('flush-of-both')
  const { record } = await one.call('sessions.create', { name: 'one' })
  const other = await startEngine('flush-of-both')
  onTestFinished(async () => {
    await one.engine.close()
    await other.engine.close()
  })
  await other.call('flush', {})
  const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction')
  await one.write(record.id, 'a', 1)
  const strict = () => transaction.mock.calls.filter(([, , options]) => options?.durability === 'strict')
  expect(strict()).toEqual([])
  await other.call('flush', {})
  expect(strict().length).toBe(1)
  transaction.mockRestore()
})
