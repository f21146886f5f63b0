import { describe, expect, test } from 'vitest'
import { type EventId, sessionStream } from '../../../src/core/ids.ts'
import { sessionHeadKey } from '../../../src/core/session/head.ts'
import { makeEvent } from '../../../src/core/timeline/make-event.ts'
import { created, eventsOf, move, openTab, refusal, reopen, storeArtifact, type Tab } from './rig.ts'

/** A session with a history, and its events. */
async function setUp(tab: Tab) {
  const id = await created(tab, { name: 'one', state: { a: 1 } })
  const set = (key: string, value?: number) =>
    tab.sessions.writeState(tab.request(), {
      target: { session: id },
      changes: [value === undefined ? { key } : { key, value }],
    })
  tab.wall.advance(10)
  await set('a', 2)
  const report = await storeArtifact(tab, id, 'report.md', 'first')
  tab.wall.advance(10)
  await tab.artifacts.edit(tab.request(), { id: report.id, changes: { tags: ['checked'] } })
  await move(tab, id, 'suspend')
  await tab.sessions.edit(tab.request(), { id, changes: { name: 'two' } })
  tab.wall.advance(10)
  await move(tab, id, 'resume')
  await set('a')
  await set('b', 3)
  await tab.artifacts.delete(tab.request(), { id: report.id })
  await move(tab, id, 'complete')
  return { id, report, events: await eventsOf(tab, id) }
}

describe('a past moment', () => {
  test('SG17 lists its artifacts in one order, with a mark before it and without', async () => {
    const tab = await openTab()
    const id = await created(tab, { name: 'one' })
    const stored = [
      await storeArtifact(tab, id, 'b.md', 'first'),
      await storeArtifact(tab, id, 'a.md', 'second'),
    ]
    const stream = sessionStream(id)
    await tab.journal.commit({
      requestId: tab.clock.nextId(),
      mayRepeat: false,
      durability: 'relaxed',
      heads: [sessionHeadKey(id)],
      decide: () => {
        const events = Array.from({ length: 1_000 }, (_, line) =>
          makeEvent(tab.clock.nextId(), 'note', { line }, { correlationId: tab.clock.nextId() }),
        )
        return { result: 0, resultId: id, writes: [{ stream, events }] }
      },
    })
    const order = async () => {
      const event = (await eventsOf(tab, id)).at(-1)?.id ?? ('' as EventId)
      return (await tab.sessions.at(tab.request(), { id, event })).artifacts.map((artifact) => artifact.id)
    }
    expect(await order()).toEqual(stored.map((artifact) => artifact.id))
    expect(await tab.journal.mark(stream)).toBe(true)
    await tab.sessions.edit(tab.request(), { id, changes: { name: 'two' } })
    expect(await order()).toEqual(stored.map((artifact) => artifact.id))
  })

  test('SE15 shows record, state and artifacts right after each event, also after a restart', async () => {
    const tab = await openTab()
    const { id, report, events } = await setUp(tab)
    const again = await reopen(tab)
    const moments = []
    for (const event of events) {
      const past = await again.sessions.at(again.request(), { id, event: event.id })
      expect(past.eventId).toBe(event.id)
      expect(past.record.updatedAt).toBe(event.time)
      moments.push([
        event.type,
        past.record.status,
        past.record.name,
        past.state,
        past.artifacts.map((artifact) => [artifact.id === report.id, artifact.tags]),
      ])
    }
    expect(moments).toEqual([
      ['session.created', 'active', 'one', {}, []],
      ['state.changed', 'active', 'one', { a: 1 }, []],
      ['state.changed', 'active', 'one', { a: 2 }, []],
      ['artifact.stored', 'active', 'one', { a: 2 }, [[true, []]]],
      ['artifact.edited', 'active', 'one', { a: 2 }, [[true, ['checked']]]],
      ['session.suspended', 'suspended', 'one', { a: 2 }, [[true, ['checked']]]],
      ['session.edited', 'suspended', 'two', { a: 2 }, [[true, ['checked']]]],
      ['session.resumed', 'active', 'two', { a: 2 }, [[true, ['checked']]]],
      ['state.changed', 'active', 'two', {}, [[true, ['checked']]]],
      ['state.changed', 'active', 'two', { b: 3 }, [[true, ['checked']]]],
      ['artifact.deleted', 'active', 'two', { b: 3 }, []],
      ['session.completed', 'completed', 'two', { b: 3 }, []],
    ])
  })

  test('SE15 the last moment is the session as it is', async () => {
    const tab = await openTab()
    const { id, events } = await setUp(tab)
    const { record } = await tab.sessions.open(tab.request(), { id })
    const last = events.at(-1)?.id as EventId
    expect((await tab.sessions.at(tab.request(), { id, event: last })).record).toEqual(record)
  })

  test('SE15 a moment in a history of many rows is found and complete', async () => {
    const tab = await openTab()
    const id = await created(tab)
    for (let at = 0; at < 700; at++) {
      tab.wall.advance(3)
      await tab.sessions.writeState(tab.request(), {
        target: { session: id },
        changes: [{ key: `k${at}`, value: at }],
      })
    }
    const events = await eventsOf(tab, id)
    expect(events).toHaveLength(701)
    const past = await tab.sessions.at(tab.request(), { id, event: events[650]?.id as EventId })
    expect(Object.keys(past.state)).toHaveLength(650)
    expect(past.record.counters.events).toBe(651)
  })

  test('SE15 an event of another session, or none, is EVENT_NOT_FOUND', async () => {
    const tab = await openTab()
    const { id } = await setUp(tab)
    const [foreign] = await eventsOf(tab, await created(tab))
    const absent = tab.clock.nextId<EventId>()
    for (const event of [foreign?.id, absent, 'x', '', undefined, 7]) {
      const error = await refusal(
        tab.sessions.at(tab.request(), { id, event: event as EventId }),
        'EVENT_NOT_FOUND',
      )
      expect(error.details).toEqual({ id, event })
    }
  })
})
