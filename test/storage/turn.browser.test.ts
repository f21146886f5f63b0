import { expect, test } from 'vitest'
import type { HeadKey } from '../../src/core/commit.ts'
import { type SessionId, sessionStream, TURNS_STREAM } from '../../src/core/ids.ts'
import {
  commitWrites,
  createSession,
  eventOf,
  expectLaws,
  increment,
  openBeside,
  openTab,
  operationOf,
  rowsOf,
  SESSION,
  STREAM,
  setState,
  type Tab,
  valuesIn,
} from './rig.ts'

const OTHER = 's2' as SessionId

const CALLS: HeadKey = ['counter', SESSION, 'calls']

/** Changes a head, and has nothing to say in the log but that. */
function shut(tab: Tab) {
  const key: HeadKey = ['counter', SESSION, 'gate']
  return tab.journal.commit(
    operationOf(
      tab.clock,
      () => ({ result: undefined, resultId: '', writes: [], heads: [{ key, value: 'shut' }] }),
      { heads: [key] },
    ),
  )
}

test('JO46 in every engine: tabs that write at once lose nothing, and nothing is stored twice', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  const writes = (of: Tab, at: number) => [increment(of), setState(of, `${of.clock.writer} ${at}`, at)]
  for (let at = 0; at < 15; at += 1) {
    // Together, and one after the other.
    await Promise.all([...writes(tab, at), ...(at % 3 === 0 ? [] : writes(other, at))])
    if (at % 3 === 0) await Promise.all(writes(other, at))
  }
  expect(await tab.tables.head(CALLS)).toBe(30)
  expect(await valuesIn(tab)).toMatchObject({ calls: 30 })
  expect(Object.keys(await valuesIn(tab))).toHaveLength(31)
  const events = (await rowsOf(tab)).flatMap((row) => row.events)
  expect(events).toHaveLength(61)
  await expectLaws(tab)
})

test('JO46 in every engine: of a commit of several rows and a head whose numbers are taken nothing is stored', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  await createSession(tab, OTHER)
  await increment(tab)
  await setState(tab, 'a', 1, { session: OTHER })
  // One row of it, the first, or all.
  for (const [count, meanwhile] of [
    [1, () => shut(other)],
    [3, () => setState(other, 'b', 2)],
  ] as const) {
    await meanwhile()
    await Promise.all([
      increment(tab),
      commitWrites(tab, () =>
        [STREAM, sessionStream(OTHER)].map((stream) => ({
          stream,
          events: [eventOf(tab.clock, 'state.changed', { changes: [{ key: 'c', value: count }] })],
        })),
      ),
    ])
  }
  expect(await tab.tables.head(CALLS)).toBe(3)
  expect(await valuesIn(tab)).toEqual({ calls: 3, b: 2, c: 3 })
  expect(await valuesIn(tab, sessionStream(OTHER))).toEqual({ a: 1, c: 3 })
  expect((await rowsOf(tab, sessionStream(OTHER))).length).toBe(4)
  await expectLaws(tab)
})

test('JO49 in every engine: turns are swept while tabs write in turn, and no number is given twice', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  const frozen = await openBeside(tab)
  await createSession(tab)
  await increment(frozen)
  const turns = async () => (await rowsOf(tab, TURNS_STREAM)).map(({ seq }) => seq)
  const next = ((await rowsOf(tab)).at(-1)?.seq ?? 0) + 1
  for (let at = 0; at < 70; at += 1) await setState(at % 2 === 0 ? other : tab, 'k', at)
  expect(await tab.journal.sweepTurns()).toBeGreaterThan(60)
  expect(await turns()).toContain(next)
  const last = (await rowsOf(tab)).at(-1)?.seq ?? 0
  await increment(frozen)
  await increment(tab)
  expect((await rowsOf(tab)).slice(-2).map(({ seq }) => seq)).toEqual([last + 2, last + 4])
  expect(await valuesIn(tab)).toMatchObject({ calls: 3 })
  await expectLaws(tab)
})
