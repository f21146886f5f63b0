import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { isSnapshotOf } from '../../src/context/is-snapshot-of.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { type DatabaseContent, readDatabase } from '../../src/testing/database-content.ts'
import { checkHistory, describe } from './check-history.ts'
import { checkLog } from './check-log.ts'
import type { Strike } from './disk.ts'
import { Machine } from './machine.ts'
import { type Played, playSession } from './scripted-session.ts'
import { DATABASE } from './tab.ts'

/** Plays the session, with one fault or none, and says what is wrong afterwards. */
async function play(strike?: Strike) {
  const machine = new Machine(1)
  const problems: string[] = []
  let played: Played | undefined
  let content: DatabaseContent | undefined
  try {
    const tab = machine.openTab()
    const turn = async (agent: typeof tab.page, what: string, work: () => Promise<unknown>) => {
      let isOver = false
      machine.turn(agent, what, () => {
        work()
          .catch((error: unknown) => problems.push(`${what}: ${describe(error)}`))
          .finally(() => {
            isOver = true
          })
      })
      if (!(await machine.scheduler.runWithHost(() => isOver))) problems.push(`${what} never came to an end.`)
    }
    machine.disk.strike(strike)
    await turn(tab.page, 'the session', async () => {
      played = await playSession(tab)
    })
    const { requests, transactions } = machine.disk.asked
    machine.disk.strike(undefined)
    await turn(machine.scheduler.machine, 'the look', async () => {
      for (const { law, message } of await checkLaws(DATABASE, { isSnapshotOf }))
        problems.push(`${law}: ${message}`)
      content = await readDatabase(DATABASE)
    })
    if (content !== undefined) {
      problems.push(...checkLog(content), ...checkHistory(content, played?.attempts ?? []))
    }
    return { problems, requests, transactions, refusals: played?.refusals ?? [] }
  } finally {
    machine.switchOff()
  }
}

test.each([
  ['request', 'requests'],
  ['transaction', 'transactions'],
  ['connection', 'transactions'],
] as const)(
  'SI6 whichever %s fails, what was acknowledged is there once and a further try succeeds',
  async (what, count) => {
    const clean = await play()
    expect(clean).toMatchObject({ problems: [], refusals: [] })
    expect(clean[count]).toBeGreaterThan(30)
    let refused = 0
    for (let at = 1; at <= clean[count]; at += 1) {
      const { problems, refusals } = await play({ what, at })
      expect(problems, `${what} ${at} of ${clean[count]}`).toEqual([])
      refused += refusals.length
    }
    // Some the engine makes good by itself; not all.
    expect(refused).toBeGreaterThan(0)
  },
  600_000,
)
