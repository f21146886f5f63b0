/** Events that fill several calls. */
import 'fake-indexeddb/auto'
import { expect, onTestFinished, test, vi } from 'vitest'
import { defineHook } from '../../src/core/hook/define-hook.ts'
import type { HookDefinition } from '../../src/core/hook/definition.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { startEngine } from './rig.ts'

/** A tab whose hook is done with an event when the test says so. */
async function gatedTab() {
  const name = `appended-${crypto.randomUUID()}`
  const passes = new Map<unknown, () => void>()
  const hook = defineHook({
    id: 'gate',
    version: 1,
    point: 'event:emit',
    stage: 'before',
    run: ({ data }) => new Promise<undefined>((resolve) => passes.set(data, () => resolve(undefined))),
  }) as HookDefinition
  const tab = await startEngine(name, {}, [hook])
  const sessionId = (await tab.call('sessions.create', { name: 'one' })).record.id
  onTestFinished(async () => {
    await tab.engine.close()
    expect(await checkLaws(name)).toEqual([])
  })
  const append = (data: number, follows?: true) =>
    tab.call('timeline.append', {
      sessionId,
      events: [{ type: 'it.was', data }],
      ...(follows && { follows }),
    })
  const pass = async (data: number) => {
    await expect.poll(() => passes.has(data)).toBe(true)
    passes.get(data)?.()
  }
  const stored = async () =>
    (await tab.call('timeline.query', { sessionId, types: ['it.was'] })).items.map(({ data }) => data)
  return { append, pass, stored }
}

test('TI13 events of one turn that fill several calls are stored in their order, whichever is judged first', async () => {
  const { append, pass, stored } = await gatedTab()
  const appended = [append(1), append(2, true), append(3, true)]
  await pass(3)
  await pass(2)
  const alone = append(4)
  await pass(4)
  // What does not follow on them waits for none of them.
  await alone
  await pass(1)
  await Promise.all(appended)
  expect(await stored()).toEqual([4, 1, 2, 3])
})

test('TI13 an event that follows on one that is refused is stored', async () => {
  const { append, pass, stored } = await gatedTab()
  const refused = append(Number.NaN)
  const appended = append(2, true)
  await pass(2)
  expect((await refused).events).toMatchObject([{ error: { code: 'INVALID_VALUE' } }])
  await appended
  expect(await stored()).toEqual([2])
})

test('TI13 what follows waits for no transaction of what is before it', async () => {
  const { append, pass, stored } = await gatedTab()
  const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction')
  const appended = [append(1), append(2, true), append(3, true)]
  for (const data of [3, 2, 1]) await pass(data)
  await Promise.all(appended)
  const storing = transaction.mock.calls.filter(
    ([stores, mode]) => mode === 'readwrite' && [stores].flat().includes('commits'),
  )
  transaction.mockRestore()
  // The first begins at once, those that come meanwhile go together.
  expect(storing.length).toBeLessThan(3)
  expect(await stored()).toEqual([1, 2, 3])
})
