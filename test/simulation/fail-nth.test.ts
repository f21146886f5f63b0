import 'fake-indexeddb/auto'
import { beforeAll, expect, test } from 'vitest'
import { isSnapshotOf } from '../../src/context/is-snapshot-of.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { readDatabase } from '../../src/testing/database-content.ts'
import { checkHistory, describe } from './check-history.ts'
import { checkLog } from './check-log.ts'
import { copyDatabase, type DatabaseCopy, pasteDatabase } from './database-copy.ts'
import type { Strike } from './disk.ts'
import { Machine } from './machine.ts'
import type { Agent } from './scheduler.ts'
import { ACTS, type Played, playAct, type Story } from './scripted-session.ts'
import { DATABASE } from './tab.ts'

/** What stood in the database before an act, and how far the session had come. */
interface Scene {
  readonly act: number
  readonly story: Story
  readonly stored?: DatabaseCopy
}

/** Every act begins later than the one before, and names what it makes otherwise. */
const ACT_MS = 60_000

/** Plays one act of the session, with one fault or none, and says what is wrong afterwards. */
async function play({ act, story, stored }: Scene, strike?: Strike) {
  const machine = new Machine(act + 1)
  const { scheduler, disk } = machine
  scheduler.jump(act * ACT_MS)
  const problems: string[] = []
  let played: Played | undefined
  let left: DatabaseCopy | undefined
  const turn = async (agent: Agent, what: string, work: () => Promise<unknown>) => {
    let isOver = false
    machine.turn(agent, what, () => {
      work()
        .catch((error: unknown) => problems.push(`${what}: ${describe(error)}`))
        .finally(() => {
          isOver = true
        })
    })
    if (!(await scheduler.runWithHost(() => isOver))) problems.push(`${what} never came to an end.`)
  }
  try {
    if (stored !== undefined)
      await turn(scheduler.machine, 'the beginning', () => pasteDatabase(DATABASE, stored))
    const tab = machine.openTab()
    await turn(tab.page, `act ${act}`, async () => {
      played = await playAct(act, tab, story, () => disk.strike(strike))
    })
    const { requests, transactions } = disk.asked
    disk.strike(undefined)
    await turn(scheduler.machine, 'the look', async () => {
      for (const { law, message } of await checkLaws(DATABASE, { isSnapshotOf }))
        problems.push(`${law}: ${message}`)
      const content = await readDatabase(DATABASE)
      problems.push(...checkLog(content), ...checkHistory(content, played?.story.attempts ?? []))
      if (strike === undefined) left = await copyDatabase(DATABASE)
    })
    return { problems, requests, transactions, left, story: played?.story, refusals: played?.refusals ?? [] }
  } finally {
    machine.switchOff()
  }
}

const scenes: (Scene & { readonly requests: number; readonly transactions: number })[] = []

beforeAll(async () => {
  let scene: Scene = { act: 0, story: { attempts: [] } }
  for (const [act, [type]] of ACTS.entries()) {
    const { problems, refusals, requests, transactions, left, story } = await play(scene)
    expect({ problems, refusals }, type).toEqual({ problems: [], refusals: [] })
    scenes.push({ ...scene, requests, transactions })
    if (story === undefined || left === undefined) throw new Error(`Act ${act} left nothing.`)
    scene = { act: act + 1, story, stored: left }
  }
}, 120_000)

test.each([
  ['request', 'requests'],
  ['transaction', 'transactions'],
  ['connection', 'transactions'],
] as const)(
  'SI6 whichever %s fails, what was acknowledged is there once and a further try succeeds',
  async (what, count) => {
    let refused = 0
    for (const scene of scenes) {
      expect(scene[count]).toBeGreaterThan(0)
      for (let at = 1; at <= scene[count]; at += 1) {
        const { problems, refusals } = await play(scene, { what, at })
        const [type] = ACTS[scene.act] ?? []
        expect(problems, `${what} ${at} of ${scene[count]} of ${type} (act ${scene.act})`).toEqual([])
        refused += refusals.length
      }
    }
    // Some the engine makes good by itself; not all.
    expect(refused).toBeGreaterThan(0)
  },
  600_000,
)
