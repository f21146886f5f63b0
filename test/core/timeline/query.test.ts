import { describe, expect, test } from 'vitest'
import type { CorrelationId, EventId, SessionId } from '../../../src/core/ids.ts'
import { emitEvent } from '../../../src/core/timeline/emit.ts'
import type { TimelineEvent } from '../../../src/core/timeline/event.ts'
import type { TimelineQuery } from '../../../src/core/timeline/query.ts'
import { queryTimeline } from '../../../src/core/timeline/query-timeline.ts'
import { readCorrelation } from '../../../src/core/timeline/read-events.ts'
import { buildTree } from '../../../src/core/timeline/tree.ts'
import { created, eventsOf, move, openTab, refusal, reopen, type Tab } from '../session/rig.ts'

function emit(tab: Tab, sessionId: SessionId, type: string, more = {}): Promise<TimelineEvent> {
  return emitEvent(tab, tab.request(more), { sessionId, type, data: null })
}

async function typesIn(tab: Tab, query: TimelineQuery): Promise<string> {
  return (await queryTimeline(tab.log, query)).items.map(({ type }) => type).join(' ')
}

/** A session with one event a minute. */
async function setUp() {
  const tab = await openTab()
  const sessionId = await created(tab)
  const start = tab.wall.now()
  for (const type of ['order.placed', 'order.paid', 'parcel.sent', 'parcel.lost', 'order.failed']) {
    tab.wall.advance(60_000)
    await emit(tab, sessionId, type)
  }
  return { tab: await reopen(tab), sessionId, start }
}

describe('timeline query', () => {
  test('TI4 by type pattern, by time, and by both, either way', async () => {
    const { tab, sessionId, start } = await setUp()
    const at = (minutes: number) => start + minutes * 60_000
    const ask = (query: TimelineQuery) => typesIn(tab, { sessionId, ...query })
    expect(await ask({})).toBe('session.created order.placed order.paid parcel.sent parcel.lost order.failed')
    expect(await ask({ types: ['order.*'] })).toBe('order.placed order.paid order.failed')
    expect(await ask({ types: ['*.lost', 'session.created'] })).toBe('session.created parcel.lost')
    expect(await ask({ types: [] })).toBe('')
    expect(await ask({ from: at(3) })).toBe('parcel.sent parcel.lost order.failed')
    expect(await ask({ to: at(1) })).toBe('session.created order.placed')
    expect(await ask({ from: at(2), to: at(4) })).toBe('order.paid parcel.sent parcel.lost')
    expect(await ask({ from: at(2), to: at(4), types: ['parcel.*'] })).toBe('parcel.sent parcel.lost')
    expect(await ask({ from: at(2) + 1, to: at(3) - 1 })).toBe('')
    expect(await ask({ order: 'desc', types: ['order.*'] })).toBe('order.failed order.paid order.placed')
    expect(await ask({ order: 'desc', from: at(4) })).toBe('order.failed parcel.lost')
  })

  test('TI4 by cause: what an event brought about directly', async () => {
    const tab = await openTab()
    const sessionId = await created(tab)
    const cause = await emit(tab, sessionId, 'cause')
    const direct = await emit(tab, sessionId, 'effect.one', { causeId: cause.id })
    await emit(tab, sessionId, 'effect.two', { causeId: cause.id })
    await emit(tab, sessionId, 'indirect', { causeId: direct.id })
    await emit(tab, sessionId, 'apart')
    expect(await typesIn(tab, { sessionId, causeId: cause.id })).toBe('effect.one effect.two')
    expect(await typesIn(tab, { sessionId, causeId: cause.id, types: ['*.two'] })).toBe('effect.two')
    expect(await typesIn(tab, { sessionId, causeId: tab.clock.nextId<EventId>() })).toBe('')
  })

  test('TI4 by correlation: of one session, or wherever it leads', async () => {
    const tab = await openTab()
    const [one, two] = [await created(tab), await created(tab)]
    const mine = { correlationId: 'mine' as CorrelationId }
    await emit(tab, one, 'a', mine)
    await emit(tab, two, 'b', mine)
    await emit(tab, one, 'c')
    expect(await typesIn(tab, mine)).toBe('a b')
    expect(await typesIn(tab, { ...mine, order: 'desc' })).toBe('b a')
    expect(await typesIn(tab, { ...mine, sessionId: one })).toBe('a')
    expect(await typesIn(tab, { ...mine, types: ['b'] })).toBe('b')
    const now = tab.wall.now()
    tab.wall.advance(1_000)
    await emit(tab, one, 'late', mine)
    expect(await typesIn(tab, { ...mine, to: now })).toBe('a b')
    expect(await typesIn(tab, { ...mine, from: now + 1 })).toBe('late')
    const root = (await tab.sessions.open(tab.request(), { id: one })).record.correlationId
    expect(await typesIn(tab, { correlationId: root, sessionId: one })).toBe('session.created c')
    expect(await typesIn(tab, { correlationId: root })).toBe('session.created c')
    expect(
      (await queryTimeline(tab.log, { correlationId: root, sessionId: one, limit: 1 })).items,
    ).toHaveLength(1)
  })

  test("TI4 without a session, the store's own events", async () => {
    const tab = await openTab()
    const id = await created(tab)
    await tab.sessions.delete(tab.request(), { id })
    const { items } = await queryTimeline(tab.log, {})
    expect(items).toMatchObject([{ type: 'session.deleted', data: { id } }])
    expect(items[0]).not.toHaveProperty('sessionId')
  })

  test('TI4 events say their session and the time of their recording', async () => {
    const { tab, sessionId, start } = await setUp()
    const { items } = await queryTimeline(tab.log, { sessionId, limit: 2 })
    expect(items[1]).toMatchObject({ sessionId, time: start + 60_000, source: 'local', schema: 1 })
  })

  test.each(['asc', 'desc'] as const)(
    'TI5 pages %s follow each other by cursor, each event once',
    async (order) => {
      const tab = await openTab()
      const sessionId = await created(tab)
      // Some in one row, some in rows of their own.
      for (let burst = 0; burst < 8; burst++) {
        await Promise.all(Array.from({ length: 5 }, (_, at) => emit(tab, sessionId, `e.${burst}.${at}`)))
        tab.wall.advance(1_500)
      }
      const all = await eventsOf(tab, sessionId)
      expect(all).toHaveLength(41)
      const seen: EventId[] = []
      let cursor: string | undefined
      do {
        const page = await queryTimeline(tab.log, {
          sessionId,
          order,
          limit: 7,
          ...(cursor === undefined ? {} : { cursor }),
        })
        seen.push(...page.items.map(({ id }) => id))
        cursor = page.cursor
      } while (cursor !== undefined)
      const expected = all.map(({ id }) => id)
      expect(seen).toEqual(order === 'asc' ? expected : expected.toReversed())
    },
  )

  test('TI5 a page that holds all has no cursor; one hundred events are given unless told otherwise', async () => {
    const tab = await openTab()
    const sessionId = await created(tab)
    await Promise.all(Array.from({ length: 99 }, (_, at) => emit(tab, sessionId, `e.${at}`)))
    const full = await queryTimeline(tab.log, { sessionId })
    expect(full.items).toHaveLength(100)
    expect(full).not.toHaveProperty('cursor')
    await emit(tab, sessionId, 'one.more')
    const page = await queryTimeline(tab.log, { sessionId })
    expect(page.items).toHaveLength(100)
    expect(page.cursor).toBe(page.items.at(-1)?.id)
    expect((await queryTimeline(tab.log, { sessionId, limit: 10_000 })).items).toHaveLength(101)
  })

  test('TI6 rows of writers that overlap come in clock order, either way', async () => {
    const here = await openTab()
    const sessionId = await created(here)
    const there = await openTab({ name: here.name, wall: here.wall })
    for (let at = 0; at < 40; at++) {
      // Each row spans both writers' clocks: a burst here, events there in between.
      await Promise.all([
        ...[0, 1, 2].map((n) => emit(here, sessionId, `here.${at}.${n}`)),
        ...[0, 1, 2].map((n) => emit(there, sessionId, `there.${at}.${n}`)),
      ])
      if (at % 7 === 0) here.wall.advance(900)
    }
    const { items } = await queryTimeline(here.log, { sessionId, limit: 1_000 })
    expect(items).toHaveLength(241)
    expect(items.map(({ id }) => id)).toEqual(items.map(({ id }) => id).toSorted())
    const back = await queryTimeline(here.log, { sessionId, limit: 1_000, order: 'desc' })
    expect(back.items).toEqual(items.toReversed())
  })

  test.each([
    ['limit', 0],
    ['limit', 10_001],
    ['limit', 2.5],
    ['order', 'up'],
    ['from', 'now'],
    ['to', Number.NaN],
    ['cursor', 'x'],
    ['types', 'step.*'],
    ['types', ['']],
    ['sessionId', 7],
    ['correlationId', 7],
    ['causeId', 7],
    ['type', 'step.*'],
  ])('TI4 with %s as %j the query is refused', async (field, value) => {
    const tab = await openTab()
    const error = await refusal(queryTimeline(tab.log, { [field]: value } as never), 'INVALID_ARGUMENT')
    expect(error.details.path).toBe(field)
  })

  test('TI4 a session that there is not is SESSION_NOT_FOUND, one without a fitting event is not', async () => {
    const { tab, sessionId } = await setUp()
    await refusal(queryTimeline(tab.log, { sessionId: 'nobody' as SessionId }), 'SESSION_NOT_FOUND')
    expect(await queryTimeline(tab.log, { sessionId, types: ['nothing.*'] })).toEqual({ items: [] })
  })
})

describe('correlation', () => {
  test('TI8 all events of a session share its root, and none of another session does (origin 45)', async () => {
    const tab = await openTab()
    const live = async (name: string) => {
      const id = await created(tab, { name, state: { a: 1 } })
      await tab.sessions.writeState(tab.request(), {
        target: { session: id },
        changes: [{ key: 'b', value: 2 }],
      })
      await tab.artifacts.store(tab.request(), { sessionId: id, name: 'a.txt', content: name })
      await emit(tab, id, 'order.placed')
      await tab.sessions.save(tab.request(), { id })
      await tab.sessions.edit(tab.request(), { id, changes: { tags: ['x'] } })
      for (const verb of ['suspend', 'resume', 'complete', 'archive'] as const) await move(tab, id, verb)
      return id
    }
    const ids = await Promise.all(['one', 'two', 'three'].map(live))
    const again = await reopen(tab)
    const roots = new Set<string>()
    for (const id of ids) {
      const events = await eventsOf(again, id)
      expect(events.map(({ type }) => type)).toEqual([
        'session.created',
        'state.changed',
        'state.changed',
        'artifact.stored',
        'order.placed',
        'session.saved',
        'session.edited',
        'session.suspended',
        'session.resumed',
        'session.completed',
        'session.archived',
      ])
      const { record } = await again.sessions.open(again.request(), { id })
      for (const event of events) expect(event.correlationId).toBe(record.correlationId)
      expect(await readCorrelation(again.log, record.correlationId)).toEqual(events)
      roots.add(record.correlationId)
    }
    expect(roots.size).toBe(3)
  })

  test("TI9 an event inherits its cause's correlation, also when only the cause is named", async () => {
    const tab = await openTab()
    const sessionId = await created(tab)
    const cause = await emit(tab, sessionId, 'cause', { correlationId: 'mine' as CorrelationId })
    const inherited = [
      await emit(tab, sessionId, 'effect', { causeId: cause.id }),
      ...(await eventsAfter(tab, sessionId, () =>
        tab.sessions.writeState(tab.request({ causeId: cause.id }), {
          target: { session: sessionId },
          changes: [{ key: 'a', value: 1 }],
        }),
      )),
      ...(await eventsAfter(tab, sessionId, () =>
        tab.sessions.transition(tab.request({ causeId: cause.id }), { id: sessionId, verb: 'suspend' }),
      )),
    ]
    expect(inherited).toHaveLength(3)
    for (const event of inherited) expect(event).toMatchObject({ correlationId: 'mine', causeId: cause.id })
  })

  test('TI9 a cause that the session does not have leaves the root', async () => {
    const tab = await openTab()
    const sessionId = await created(tab)
    const causeId = tab.clock.nextId<EventId>()
    const { correlationId } = (await tab.sessions.open(tab.request(), { id: sessionId })).record
    expect(await emit(tab, sessionId, 'effect', { causeId })).toMatchObject({ correlationId, causeId })
  })

  test('TI9 an effect sorts after its cause, also when another tab with a faster clock recorded that', async () => {
    const here = await openTab()
    const sessionId = await created(here)
    const there = await openTab({ name: here.name, wall: here.wall })
    here.wall.advance(60_000)
    const cause = await emit(here, sessionId, 'cause')
    here.wall.set(here.wall.now() - 60_000)
    const effect = await emit(there, sessionId, 'effect', { causeId: cause.id })
    expect(effect.id > cause.id).toBe(true)
  })

  test('TI8 a session made inside another one begins a correlation of its own', async () => {
    const tab = await openTab()
    const parent = await created(tab)
    const { correlationId, revision } = (await tab.sessions.open(tab.request(), { id: parent })).record
    const request = tab.request({ correlationId, causeId: revision })
    const { record } = await tab.sessions.create(request, { parentId: parent })
    expect(record.correlationId).not.toBe(correlationId)
    expect((await eventsOf(tab, record.id))[0]).toMatchObject({ causeId: revision })
  })

  test('TI7 the tree of one correlation is read from what is stored', async () => {
    const tab = await openTab()
    const sessionId = await created(tab)
    const mine = { correlationId: 'mine' as CorrelationId }
    const root = await emit(tab, sessionId, 'root', mine)
    const child = await emit(tab, sessionId, 'child', { ...mine, causeId: root.id })
    await emit(tab, sessionId, 'grandchild', { ...mine, causeId: child.id })
    await emit(tab, sessionId, 'apart')
    const again = await reopen(tab)
    const [node, ...others] = buildTree(await readCorrelation(again.log, mine.correlationId))
    expect(others).toEqual([])
    expect([
      node?.event.type,
      node?.children[0]?.event.type,
      node?.children[0]?.children[0]?.event.type,
    ]).toEqual(['root', 'child', 'grandchild'])
    expect(await readCorrelation(again.log, 'nobody' as CorrelationId)).toEqual([])
  })
})

async function eventsAfter(tab: Tab, sessionId: SessionId, work: () => Promise<unknown>) {
  const before = new Set((await eventsOf(tab, sessionId)).map(({ id }) => id))
  await work()
  return (await eventsOf(tab, sessionId)).filter(({ id }) => !before.has(id))
}
