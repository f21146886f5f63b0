import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import type { FoundDamage } from '../../src/core/damage/damage.ts'
import { repairIndexes } from '../../src/core/damage/repair.ts'
import type { Journal, Log } from '../../src/core/ports.ts'
import { createRepairing } from '../../src/engine/repairing.ts'
import { raiseSuspicion } from '../../src/storage/suspicion.ts'
import { createSession, eventOf, openTab, SESSION, STREAM, setState, type Tab } from '../storage/rig.ts'

/** A tab, the repair of its steward, and whether the index row of its session is there. */
async function rig({
  log,
  journal,
}: {
  log?: (tab: Tab) => Partial<Log>
  journal?: (tab: Tab) => Partial<Journal>
} = {}) {
  const tab = await openTab()
  await createSession(tab)
  await setState(tab, 'a', 1)
  await tab.journal.flush()
  const fence = await tab.journal.takeStewardship()
  const repairing = createRepairing({
    journal: { ...tab.journal, ...journal?.(tab) },
    log: { ...tab.log, ...log?.(tab) },
    tables: tab.tables,
    damage: { note: (_found: FoundDamage) => {}, recorded: async () => {} },
  })
  return {
    tab,
    repairing,
    run: () => repairing.chore.run(fence),
    lose: () => tab.connection.db.sessions.delete(SESSION),
    isThere: async () => (await tab.tables.session(SESSION)) !== undefined,
    isNews: async () => {
      const { found, settled } = await tab.tables.suspicion()
      return found !== settled
    },
  }
}

async function raise(tab: Tab): Promise<void> {
  await raiseSuspicion(tab.connection.transaction(['meta'], 'readwrite'))
}

test('DM20 a repair that rows kept from being done is not taken for one', async () => {
  let isWriting = true
  const { run, lose, isThere, isNews } = await rig({
    log: (tab) => ({
      async tail(...range) {
        const rows = await tab.log.tail(...range)
        if (isWriting) await setState(tab, 'b', 1)
        return rows
      },
    }),
  })
  await lose()
  await run()
  expect([await isThere(), await isNews()]).toEqual([false, true])
  isWriting = false
  await run()
  expect([await isThere(), await isNews()]).toEqual([true, false])
})

test('DM20 a count of names that rows kept from being done is not taken for one', async () => {
  let isWriting = true
  let counted = 0
  const { run, lose, isThere, isNews } = await rig({
    log: (tab) => ({
      async lastArrival() {
        const last = await tab.log.lastArrival()
        if (isWriting) await setState(tab, 'b', 1)
        return last
      },
    }),
    journal: (tab) => ({
      async recount(...counts) {
        const differing = await tab.journal.recount(...counts)
        if (differing !== undefined) counted += 1
        return differing
      },
    }),
  })
  await lose()
  await run()
  // Nothing shows any more that it is to be counted, and it is all the same.
  expect([await isThere(), await isNews(), counted]).toEqual([true, false, 0])
  isWriting = false
  await run()
  expect(counted).toBe(1)
  await run()
  expect(counted).toBe(1)
})

test('DM12 a repair that rows kept from being done to the end says so', async () => {
  const { tab } = await rig()
  const damage = { note: () => {}, recorded: async () => {} }
  const { journal, log } = tab
  const busy: Pick<Log, 'lastArrival'> = {
    async lastArrival() {
      const last = await log.lastArrival()
      await setState(tab, 'b', 1)
      return last
    },
  }
  const repaired = await repairIndexes({ journal, log: { ...log, ...busy }, damage })
  expect(repaired).toHaveProperty('isComplete', false)
})

test('DM20 a repair that failed is tried again at once, and then less and less often', async () => {
  let tries = 0
  let isFailing = true
  const { run, lose, isThere, isNews } = await rig({
    log: (tab) => ({
      async streams() {
        tries += 1
        if (isFailing) throw new Error('The disk is busy.')
        return tab.log.streams()
      },
    }),
  })
  await lose()
  const at: number[] = []
  for (let turn = 1; turn <= 12; turn += 1) {
    const before = tries
    await run().catch(() => {})
    if (tries > before) at.push(turn)
  }
  expect(at).toEqual([1, 2, 5, 12])
  isFailing = false
  for (let turn = 1; turn <= 16 && !(await isThere()); turn += 1) await run()
  expect([await isThere(), await isNews()]).toEqual([true, false])
})

test('DM20 a deletion between the repair and its note is a reason to repair again', async () => {
  let isDeleting = true
  const { tab, run, isNews } = await rig({
    journal: (tab) => ({
      async recount(...counts) {
        const counted = await tab.journal.recount(...counts)
        if (isDeleting) await raise(tab)
        return counted
      },
    }),
  })
  // Also where one was the reason already.
  await raise(tab)
  await run()
  expect(await isNews()).toBe(true)
  isDeleting = false
  await run()
  expect(await isNews()).toBe(false)
})

test('DM20 damage that is told of while a repair goes on is looked at by the next one', async () => {
  const told = { times: 0 }
  const { tab, repairing, run, isNews } = await rig({
    journal: (tab) => ({
      async recount(...counts) {
        const counted = await tab.journal.recount(...counts)
        if (told.times === 0) tell(tab)
        told.times += 1
        return counted
      },
    }),
  })
  function tell({ clock }: Tab): void {
    const reason = 'It is not what was stored.'
    const damage = { id: 'one', what: 'session', stream: STREAM, foundAt: 0, reason } as const
    repairing.noteRows([{ events: [eventOf(clock, 'session.damaged', damage)] }])
  }
  await raise(tab)
  await run()
  expect(await isNews()).toBe(true)
  await run()
  expect([told.times, await isNews()]).toEqual([2, false])
  // Once it is done it is not done again.
  await raise(tab)
  await run()
  expect(told.times).toBe(2)
})
