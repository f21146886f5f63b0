import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { repairStream } from '../../src/core/damage/repair.ts'
import { clockOfId, type EventId, type SessionId } from '../../src/core/ids.ts'
import type { Log } from '../../src/core/ports.ts'
import { keepRecord, unpackKept } from '../../src/core/session/kept-record.ts'
import { unpackPast } from '../../src/core/session/packed-past.ts'
import { packedSessionAt, sessionAt } from '../../src/core/session/past.ts'
import { unpackEntries } from '../../src/core/state/packed-entries.ts'
import { createMarking } from '../../src/engine/marking.ts'
import { MAX_MARKS } from '../../src/storage/mark-rows.ts'
import type { StoredHead, StoredSegment, StoredSession, StoredView } from '../../src/storage/schema.ts'
import { bringUpToDate } from '../../src/storage/session-rows.ts'
import { TailReader } from '../../src/storage/tail-reader.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { alterRow } from './alter.ts'
import { failCommits } from './faults.ts'
import {
  createSession,
  eventOf,
  expectLaws,
  headOf,
  openBeside,
  openTab,
  operationOf,
  rowsOf,
  SESSION,
  STREAM,
  setState,
  type Tab,
} from './rig.ts'

/** Many events in one row. */
function write(tab: Tab, from: number, count: number, session: SessionId = SESSION) {
  return tab.journal.commit(
    operationOf(
      tab.clock,
      () => {
        const events = Array.from({ length: count }, (_, at) =>
          eventOf(tab.clock, 'state.changed', {
            changes: [{ key: `k${(from + at) % 7}`, value: from + at }],
          }),
        )
        return { result: 0, resultId: '', writes: [{ stream: STREAM, events }] }
      },
      { heads: [headOf(session)] },
    ),
  )
}

/** As an archived session is. */
async function squeezeWhole(tab: Tab): Promise<void> {
  await tab.journal.snapshot(STREAM)
  await tab.journal.pack(STREAM, { whole: true })
  await tab.journal.squeeze(STREAM)
}

const unmarked = (log: Log): Log => ({ ...log, mark: async () => undefined })

async function eventIds(tab: Tab): Promise<readonly EventId[]> {
  return (await rowsOf(tab)).flatMap(({ events }) => events.map(({ id }) => id)).toSorted()
}

test('SG17 a past moment is folded from the mark before it, and is the same as from the first event', async () => {
  const tab = await openTab()
  await createSession(tab)
  for (let at = 0; at < 5; at += 1) {
    await write(tab, at * 400, 400)
    await tab.journal.mark(STREAM)
  }
  const clocks = (await tab.connection.db.marks.toArray()).map(({ hlc }) => hlc)
  expect(clocks).toHaveLength(1)
  await write(tab, 2_000, 999)
  expect(await tab.journal.mark(STREAM)).toBe(true)
  await write(tab, 3_000, 5)
  const ids = await eventIds(tab)
  let from: number | undefined
  const watched: Log = {
    ...tab.log,
    range: (stream, range) => {
      from ??= range.from ?? 0
      return tab.log.range(stream, range)
    },
  }
  for (const at of [0, 1, 700, 1_200, 1_201, 1_202, 1_900, 2_999, 3_000, ids.length - 1]) {
    const id = ids[at] as EventId
    from = undefined
    const past = await sessionAt(watched, SESSION, id)
    expect(past).toEqual(await sessionAt(unmarked(tab.log), SESSION, id))
    const mark = await tab.log.mark(STREAM, id)
    // Nothing from before it is read, and nothing at all of what a mark ends with.
    const begins = mark?.last === id ? undefined : (mark?.clock ?? -1) + 1
    expect(from).toBe(begins)
    expect(mark === undefined).toBe(at < 1_200)
  }
  const none = tab.clock.nextId<EventId>()
  await expect(sessionAt(tab.log, SESSION, none)).rejects.toMatchObject({ code: 'EVENT_NOT_FOUND' })
})

test('SG27 of a past moment what a mark holds stays packed, beside what was changed and deleted since', async () => {
  const tab = await openTab()
  await createSession(tab)
  await write(tab, 0, 1_100)
  await tab.journal.mark(STREAM)
  await setState(tab, 'later', 1)
  await tab.journal.commit(
    operationOf(
      tab.clock,
      () => {
        const event = eventOf(tab.clock, 'state.changed', { changes: [{ key: 'k3' }] })
        return { result: 0, resultId: '', writes: [{ stream: STREAM, events: [event] }] }
      },
      { heads: [headOf()] },
    ),
  )
  const ids = await eventIds(tab)
  const last = ids.at(-1) as EventId
  const past = await packedSessionAt(tab.log, SESSION, last)
  expect(past).toMatchObject({ state: { later: 1 }, gone: ['k3'] })
  expect(past.packed?.bytes).toBeInstanceOf(Uint8Array)
  const whole = await sessionAt(unmarked(tab.log), SESSION, last)
  expect(unpackPast(past)).toEqual(whole)
  expect(whole.state).toHaveProperty('k2')
  expect(whole.state).not.toHaveProperty('k3')
})

test('SG25 the last event before a mark is a moment that the mark alone tells', async () => {
  const tab = await openTab()
  await createSession(tab)
  await write(tab, 0, 1_100)
  expect(await tab.journal.mark(STREAM)).toBe(true)
  await write(tab, 1_100, 5)
  const ids = await eventIds(tab)
  const ended = ids[1_100] as EventId
  const silent: Log = { ...tab.log, range: () => Promise.reject(new Error('read')) }
  const past = await sessionAt(silent, SESSION, ended)
  expect(past).toEqual(await sessionAt(unmarked(tab.log), SESSION, ended))
  await expect(sessionAt(silent, SESSION, ids[1_101] as EventId)).rejects.toThrow('read')
  await expectLaws(tab)
})

test('SG26 where a mark was seen before, the rows after it are asked for before it was read', async () => {
  const { tab, ids } = await marked()
  let isMarkRead = false
  const asked: boolean[] = []
  const watched: Log = {
    ...tab.log,
    mark: (...moment) => tab.log.mark(...moment).finally(() => (isMarkRead = true)),
    range: (...range) => {
      asked.push(isMarkRead)
      return tab.log.range(...range)
    },
  }
  for (const at of [1_500, 1_600, 2_200, 2_300]) {
    isMarkRead = false
    await sessionAt(watched, SESSION, ids[at] as EventId)
  }
  // The first of an interval finds where it is; the last one of an interval needs no rows; after the last mark others may come.
  expect(asked).toEqual([true, false, true])
})

test.each([700, 1_500, 2_200, 2_300])(
  'SG26 a mark that was seen and that came or went since changes no moment, here after event %i',
  async (at) => {
    const { tab, ids } = await marked()
    const event = ids[at] as EventId
    const past = () => sessionAt(tab.log, SESSION, event)
    const wanted = await sessionAt(unmarked(tab.log), SESSION, event)
    await past()
    expect(await past()).toEqual(wanted)
    const marks = await tab.connection.db.marks.toArray()
    for (const { hlc } of marks.toReversed()) {
      await tab.connection.db.marks.delete([STREAM, hlc])
      expect(await past()).toEqual(wanted)
    }
    for (const mark of marks) {
      await tab.connection.db.marks.put(mark)
      expect(await past()).toEqual(wanted)
    }
  },
)

/** Counts what is asked of the database. */
function counting() {
  const asked: string[] = []
  const stop = (['get', 'getAll', 'getAllKeys', 'getKey', 'openCursor', 'openKeyCursor'] as const).flatMap(
    (name) =>
      [IDBObjectStore, IDBIndex].map(({ prototype }) => {
        const methods = prototype as unknown as Record<string, (...given: unknown[]) => unknown>
        const before = methods[name]
        methods[name] = function (this: IDBObjectStore, ...given) {
          asked.push(`${name} of ${this.name}`)
          return before?.apply(this, given)
        }
        return () => Object.assign(methods, { [name]: before })
      }),
  )
  return {
    asked,
    [Symbol.dispose]() {
      for (const restore of stop) restore()
    },
  }
}

test('SG30 a moment of a stretch between marks that was read is told by one key', async () => {
  const { tab, ids } = await marked()
  const at = (place: number) => sessionAt(tab.log, SESSION, ids[place] as EventId)
  const wanted = (place: number) => sessionAt(unmarked(tab.log), SESSION, ids[place] as EventId)
  const places = [1_000, 1_500, 1_100, 2_200]
  const expected = await Promise.all(places.map(wanted))
  // The first of each stretch finds where it is, the second reads it.
  for (const place of [...places, ...places, 2_100]) await at(place)
  using counted = counting()
  for (const [index, place] of places.entries()) {
    counted.asked.length = 0
    expect(await at(place)).toEqual(expected[index])
    expect(counted.asked).toEqual(['getKey of marks'])
  }
  // Any other moment that lies before the last one that was read.
  counted.asked.length = 0
  const earlier = await at(1_400)
  expect(counted.asked).toEqual(['getKey of marks'])
  expect(earlier).toEqual(await wanted(1_400))
  counted.asked.length = 0
  const known = ids[1_400] as string
  const none = `${known.slice(0, -1)}${known.endsWith('0') ? '1' : '0'}` as EventId
  await expect(sessionAt(tab.log, SESSION, none)).rejects.toMatchObject({ code: 'EVENT_NOT_FOUND' })
  expect(counted.asked[0]).toBe('getKey of marks')
})

test('SG30 what another tab deleted is told by no memory of it', async () => {
  const { tab, ids } = await marked()
  const at = () => sessionAt(tab.log, SESSION, ids[1_500] as EventId)
  for (let times = 0; times < 3; times += 1) await at()
  const erased = () => ({
    result: 0,
    resultId: '',
    writes: [],
    heads: [{ key: headOf(), value: undefined }],
    erase: [STREAM],
  })
  const other = await openBeside(tab)
  await other.journal.commit(operationOf(other.clock, erased, { durability: 'strict', heads: [headOf()] }))
  await expect(at()).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' })
  await expect(at()).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' })
})

/** A session with marks after 1,101 and 2,201 of its events. */
async function marked() {
  const tab = await openTab()
  await createSession(tab)
  for (const from of [0, 1_100]) {
    await write(tab, from, 1_100)
    expect(await tab.journal.mark(STREAM)).toBe(true)
  }
  await write(tab, 3_000, 300)
  return { tab, ids: await eventIds(tab) }
}

test('SG17 the steward marks a session whose events pass 1,000, and not one that is no session', async () => {
  const tab = await openTab()
  const marking = createMarking(tab)
  tab.journal.onStored(marking.noteRows)
  const fence = await tab.journal.takeStewardship()
  await createSession(tab)
  await write(tab, 0, 100)
  await marking.chore.run(fence)
  expect(await tab.connection.db.marks.count()).toBe(0)
  await write(tab, 100, 1_000)
  await marking.chore.run(fence)
  expect(await tab.connection.db.marks.count()).toBe(1)
  expect(await tab.journal.mark('/store' as typeof STREAM)).toBe(false)
})

test('SG17 a session is marked when more was written than a mark of it holds, however few events', async () => {
  const tab = await openTab()
  const marking = createMarking(tab)
  tab.journal.onStored(marking.noteRows)
  const fence = await tab.journal.takeStewardship()
  await createSession(tab)
  const marks = async () => {
    await marking.chore.run(fence)
    return tab.connection.db.marks.count()
  }
  const value = 'x'.repeat(20_000)
  await setState(tab, 'a', value)
  expect(await marks()).toBe(1)
  await setState(tab, 'b', 1)
  expect(await marks()).toBe(1)
  await setState(tab, 'a', value)
  await setState(tab, 'a', `${value}, again`)
  expect(await marks()).toBe(2)
  await expectLaws(tab)
})

const damaged = {
  'an index row': (tab: Tab) =>
    alterRow<StoredSession>(tab, 'sessions', SESSION, (row) => ({
      ...row,
      record: keepRecord({ ...unpackKept(row.record, row.id), name: 'another' }),
    })),
  'the end of an index row': (tab: Tab) =>
    alterRow<StoredSession>(tab, 'sessions', SESSION, (row) => ({ ...row, upTo: row.upTo + 1 })),
  'a view': (tab: Tab) =>
    alterRow<StoredView>(tab, 'views', STREAM, (row) => ({
      ...row,
      entries: unpackEntries(row.entries).slice(1),
    })),
}

test.each(Object.entries(damaged))(
  'SG17 no mark is made where %s is not what was stored, and squeezed segments keep it from being made anew',
  async (_what, damage) => {
    const tab = await openTab()
    await createSession(tab)
    await write(tab, 0, 1_000)
    await squeezeWhole(tab)
    {
      await using _damaged = await damage(tab)
      expect(await tab.journal.mark(STREAM)).toBe(false)
      expect(await tab.connection.db.marks.count()).toBe(0)
    }
    expect(await tab.journal.mark(STREAM)).toBe(true)
  },
)

test('SG17 a last segment that is not what was stored does not say how late a mark has to be', async () => {
  const tab = await openTab()
  await createSession(tab)
  await write(tab, 0, 1_000)
  await tab.journal.pack(STREAM, { whole: true })
  const segment = (await tab.connection.db.segments.toArray()).at(-1)
  if (segment === undefined) throw new Error('nothing was packed')
  const damage = (row: StoredSegment) => ({ ...row, reach: row.reach / 2 })
  {
    await using _damaged = await alterRow(tab, 'segments', [STREAM, segment.lastSeq], damage)
    expect(await tab.journal.mark(STREAM)).toBe(false)
  }
  expect(await tab.journal.mark(STREAM)).toBe(true)
})

test('SG17 an index row that is not what was stored holds no row for certain', async () => {
  const tab = await openTab()
  await createSession(tab)
  await write(tab, 0, 10)
  await squeezeWhole(tab)
  const damage = (row: StoredSession) => ({ ...row, upTo: 99 })
  await using _damaged = await alterRow(tab, 'sessions', SESSION, damage)
  const transaction = tab.connection.transaction(['sessions', 'segments', 'commits'], 'readwrite')
  const tails = new TailReader(transaction, tab.connection.damage)
  expect(await bringUpToDate(tails, STREAM, undefined)).toBe(0)
})

test('SG18 what another tab had decided before a mark is decided again, with later clocks', async () => {
  const tab = await openTab()
  const other = await openBeside(tab)
  await createSession(tab)
  // This tab knows the head and is far behind with its clock.
  await setState(other, 'known', 1)
  tab.wall.advance(60_000)
  await write(tab, 0, 1_100)
  tab.wall.set(tab.wall.now() - 60_000)
  expect(await tab.journal.mark(STREAM)).toBe(true)
  const [mark] = await tab.connection.db.marks.toArray()
  await setState(other, 'late', 1)
  const last = (await rowsOf(tab)).at(-1)?.events[0]
  expect(clockOfId(last?.id ?? '')).toBeGreaterThan(mark?.hlc ?? 0)
  await expectLaws(tab)
})

test('SG18 what a tab decides that was opened after a mark has a later clock, however far its own lags', async () => {
  const tab = await openTab()
  await createSession(tab)
  const lagging = fakeClock()
  lagging.set(tab.wall.now())
  tab.wall.advance(60_000)
  await write(tab, 0, 1_100)
  expect(await tab.journal.mark(STREAM)).toBe(true)
  const [mark] = await tab.connection.db.marks.toArray()
  await setState(await openTab(tab.name, lagging), 'late', 1)
  const last = (await rowsOf(tab)).at(-1)?.events[0]
  expect(clockOfId(last?.id ?? '')).toBeGreaterThan(mark?.hlc ?? 0)
  await expectLaws(tab)
})

test('SG18 what is decided on a head that a repair put anew has a later clock than marks', async () => {
  const tab = await openTab()
  await createSession(tab)
  const lagging = fakeClock()
  lagging.set(tab.wall.now())
  tab.wall.advance(60_000)
  await write(tab, 0, 1_100)
  expect(await tab.journal.mark(STREAM)).toBe(true)
  await tab.journal.flush()
  const late = await openTab(tab.name, lagging)
  await alterRow<StoredHead>(tab, 'heads', [...headOf()], () => undefined)
  const damage = { note: () => {}, recorded: async () => {} }
  expect(await repairStream({ ...late, damage }, STREAM)).toBe(1)
  await setState(await openTab(tab.name, lagging), 'late', 1)
  const [mark] = await tab.connection.db.marks.toArray()
  const last = (await rowsOf(tab)).at(-1)?.events[0]
  expect(clockOfId(last?.id ?? '')).toBeGreaterThan(mark?.hlc ?? 0)
  await expectLaws(tab)
})

test('SG18 what this tab had decided before its own mark is decided again', async () => {
  const tab = await openTab()
  await createSession(tab)
  await write(tab, 0, 1_100)
  const marking = tab.journal.mark(STREAM)
  const writes = Promise.all([setState(tab, 'a', 1), setState(tab, 'b', 2)])
  expect(await marking).toBe(true)
  await writes
  await expectLaws(tab)
})

test('SG19 old marks are thinned out', async () => {
  const tab = await openTab()
  await createSession(tab)
  await write(tab, 0, 1_000)
  await tab.journal.mark(STREAM)
  const [mark] = await tab.connection.db.marks.toArray()
  if (mark === undefined) throw new Error('no mark')
  const older = Array.from({ length: MAX_MARKS - 1 }, (_, at) => ({
    ...mark,
    hlc: (at + 1) as typeof mark.hlc,
  }))
  await tab.connection.db.marks.bulkPut(older)
  await write(tab, 1_000, 1_000)
  await tab.journal.mark(STREAM)
  const clocks = (await tab.connection.db.marks.toArray()).map(({ hlc }) => hlc)
  expect(clocks).toHaveLength(MAX_MARKS + 1 - MAX_MARKS / 4)
  expect(clocks.slice(0, 4)).toEqual([1, 3, 5, 7])
  await tab.connection.db.marks.bulkDelete(older.map(({ hlc }) => [STREAM, hlc]))
})

test('SG19 a mark that fails leaves none, and a write goes on', async () => {
  const tab = await openTab()
  await createSession(tab)
  await write(tab, 0, 1_000)
  const restore = failCommits(tab, () => true)
  await expect(tab.journal.mark(STREAM)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  restore()
  expect(await tab.connection.db.marks.count()).toBe(0)
  await setState(tab, 'a', 1)
  expect(await tab.journal.mark(STREAM)).toBe(true)
})

/** The chore over a journal that answers each asking for a mark. */
function markingOver(answer: (grownBytes: number) => boolean) {
  const asked: number[] = []
  const marking = createMarking({
    journal: {
      mark: async (_stream, { grownBytes = 0 } = {}) => {
        asked.push(grownBytes)
        return answer(grownBytes)
      },
    },
    log: { unpacked: async () => [] },
  })
  const write = (bytes: number) =>
    marking.noteRows([{ stream: STREAM, events: [], update: new Uint8Array(bytes) }])
  return { marking, asked, write }
}

test('SG17 a session that gets no mark is tried again only when twice as much was written', async () => {
  const { marking, asked, write } = markingOver(() => false)
  write(20_000)
  for (let round = 0; round < 10; round += 1) await marking.chore.run(1)
  expect(asked).toEqual([20_000])
  write(20_000)
  for (let round = 0; round < 10; round += 1) await marking.chore.run(1)
  expect(asked).toEqual([20_000, 40_000])
})

test('SG17 what is written while a mark is made counts for the next one', async () => {
  const { marking, asked, write } = markingOver(() => {
    if (asked.length === 1) write(15_000)
    return true
  })
  write(20_000)
  await marking.chore.run(1)
  write(2_000)
  await marking.chore.run(1)
  expect(asked).toEqual([20_000, 17_000])
})
