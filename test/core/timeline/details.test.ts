import { describe, expect, test } from 'vitest'
import { clockAt, type EventId, idAt, type SessionId, type WriterId } from '../../../src/core/ids.ts'
import { emitEvent, emitEvents } from '../../../src/core/timeline/emit.ts'
import type { TimelineEvent } from '../../../src/core/timeline/event.ts'
import type { TimelineQuery } from '../../../src/core/timeline/query.ts'
import { queryTimeline } from '../../../src/core/timeline/query-timeline.ts'
import { created, eventsOf, openTab, refusal, reopen, type Tab } from '../session/rig.ts'

function emit(tab: Tab, sessionId: SessionId, type: string, more: object = {}, request = {}) {
  return emitEvent(tab, tab.request(request), { sessionId, type, data: null, ...more })
}

async function typesIn(tab: Tab, query: TimelineQuery): Promise<string> {
  return (await queryTimeline(tab.log, query)).items.map(({ type }) => type).join(' ')
}

describe('what an event says of itself', () => {
  test('TI14 links, tags and target are stored with the event, and are there after a restart', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const asked = await emit(tab, id, 'asked')
    const links = { responseTo: [asked.id], partOf: [asked.id, asked.id] }
    const answered = await emit(tab, id, 'answered', { links, tags: ['x', 'é', 'x'], target: 'ada' })
    expect(answered).toMatchObject({
      links: { responseTo: [asked.id], partOf: [asked.id] },
      tags: ['x', 'é'],
      target: 'ada',
    })
    const plain = await emit(tab, id, 'plain', { links: { partOf: [] }, tags: [] })
    expect(plain).not.toHaveProperty('links')
    expect(plain).not.toHaveProperty('tags')
    const again = await reopen(tab)
    expect((await eventsOf(again, id)).slice(1)).toEqual([asked, answered, plain])
  })

  test('TI14 an event sorts after those that it names', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const ahead = idAt<EventId>(clockAt(tab.wall.now() + 60_000), '8000-00000000000f' as WriterId)
    expect((await emit(tab, id, 'late', { links: { followsFrom: [ahead] } })).id > ahead).toBe(true)
  })

  test.each([
    [{ links: { becauseOf: [] } }, 'links.becauseOf'],
    [{ links: { partOf: 'x' } }, 'links.partOf'],
    [{ links: { partOf: ['no id'] } }, 'links.partOf'],
    [{ links: [] }, 'links'],
    [
      {
        links: {
          partOf: Array.from({ length: 65 }, (_, at) => idAt(clockAt(at), '8000-00000000000f' as WriterId)),
        },
      },
      'links',
    ],
    [{ tags: 'x' }, 'tags'],
    [{ tags: ['x'.repeat(65)] }, 'tags.0'],
    [{ target: '' }, 'target'],
    [{ target: 7 }, 'target'],
    [{ target: 'x'.repeat(256) }, 'target'],
  ])(
    'TI14 %# details that are none are refused by their path, and nothing is stored',
    async (details, path) => {
      const tab = await openTab()
      const id = await created(tab)
      const error = await refusal(emit(tab, id, 'a', details), 'INVALID_ARGUMENT')
      expect(error).toMatchObject({ details: { path } })
      expect(await eventsOf(tab, id)).toHaveLength(1)
    },
  )

  test('TI16 events are found by links, tags, target, actor, source and correlation', async () => {
    const tab = await openTab()
    const sessionId = await created(tab)
    const one = await emit(tab, sessionId, 'one', { tags: ['a', 'b'] }, { actor: { id: 'ada' } })
    const two = await emit(tab, sessionId, 'two', { tags: ['b'], target: 'bob' }, { causeId: one.id })
    await emit(tab, sessionId, 'three', { links: { responseTo: [one.id], causedBy: [two.id] } })
    await emit(tab, sessionId, 'four', { links: { partOf: [two.id] } }, { correlationId: 'own' })
    const again = await reopen(tab)
    const ask = (query: TimelineQuery) =>
      typesIn(again, { sessionId, types: ['one', 'two', 'three', 'four'], ...query })
    expect(await typesIn(again, { sessionId })).toBe('session.created one two three four')

    expect(await ask({ tags: ['a', 'z'] })).toBe('one')
    expect(await ask({ tags: ['b'] })).toBe('one two')
    expect(await ask({ targets: ['bob'] })).toBe('two')
    expect(await ask({ actors: ['ada'] })).toBe('one')
    expect(await ask({ sources: ['local'] })).toBe('one two three four')
    expect(await ask({ sources: ['import', 'device'] })).toBe('')
    expect(await ask({ links: ['causedBy'] })).toBe('two three')
    expect(await ask({ links: ['partOf', 'responseTo'] })).toBe('three four')
    expect(await ask({ linkedTo: one.id })).toBe('two three')
    expect(await ask({ linkedTo: one.id, links: ['responseTo'] })).toBe('three')
    expect(await ask({ linkedTo: two.id, links: ['causedBy'] })).toBe('three')
    expect(await ask({ causeId: two.id })).toBe('three')
    expect(await ask({ correlationIds: ['own' as never] })).toBe('four')
    expect(await ask({ correlationIds: ['own' as never, one.correlationId] })).toBe('one two three four')
    expect(await typesIn(again, { correlationIds: ['own' as never] })).toBe('four')
    expect(await ask({ tags: [] })).toBe('')
  })

  test.each([
    [{ links: ['becauseOf'] }, 'links'],
    [{ tags: 'x' }, 'tags'],
    [{ sources: ['mars'] }, 'sources'],
    [{ minDepth: -1 }, 'minDepth'],
    [{ rootsOnly: 1 }, 'rootsOnly'],
    [{ sortBy: 'name' }, 'sortBy'],
    [{ sortBy: 'depth', cursor: 'x' }, 'cursor'],
    [{ tag: ['x'] }, 'tag'],
  ])('TI4 %j cannot be asked for', async (query, path) => {
    const tab = await openTab()
    const sessionId = await created(tab)
    const error = await refusal(
      queryTimeline(tab.log, { sessionId, ...(query as object) }),
      'INVALID_ARGUMENT',
    )
    expect(error).toMatchObject({ details: { path } })
  })
})

/** 2 of depth 0, of which one has 3 effects, of which one has 1; one of another correlation. */
async function family(): Promise<{ tab: Tab; sessionId: SessionId; root: TimelineEvent }> {
  const tab = await openTab()
  const sessionId = await created(tab)
  const root = await emit(tab, sessionId, 'root')
  tab.wall.advance(1_000)
  await emit(tab, sessionId, 'left', {}, { causeId: root.id })
  const right = await emit(tab, sessionId, 'right', {}, { causeId: root.id })
  await emit(tab, sessionId, 'apart', {}, { correlationId: 'own' })
  tab.wall.advance(1_000)
  await emit(tab, sessionId, 'deep', {}, { causeId: right.id })
  await emit(tab, sessionId, 'last', {}, { causeId: root.id })
  return { tab: await reopen(tab), sessionId, root }
}

describe('how events hang together', () => {
  test('TI17 by depth, roots, leaves and the size of their correlation, among all events of the session', async () => {
    const { tab, sessionId, root } = await family()
    const ask = (query: TimelineQuery) => typesIn(tab, { sessionId, ...query })
    expect(await ask({ rootsOnly: true })).toBe('session.created root apart')
    expect(await ask({ leavesOnly: true })).toBe('session.created left apart deep last')
    expect(await ask({ minDepth: 1 })).toBe('left right deep last')
    expect(await ask({ maxDepth: 1, minDepth: 1 })).toBe('left right last')
    expect(await ask({ minDepth: 2 })).toBe('deep')
    expect(await ask({ minDepth: 1, leavesOnly: true, order: 'desc' })).toBe('last deep left')
    expect(await ask({ maxInCorrelation: 1 })).toBe('apart')
    expect(await ask({ minInCorrelation: 6 })).toBe('session.created root left right deep last')
    expect(await ask({ minInCorrelation: 7 })).toBe('')
    expect(await ask({ rootsOnly: true, types: ['root', 'left'] })).toBe('root')
    expect(await typesIn(tab, { correlationId: root.correlationId, minDepth: 2 })).toBe('deep')
  })

  test('TI17 what was stored since the last question counts', async () => {
    const { tab, sessionId, root } = await family()
    expect(await typesIn(tab, { sessionId, minDepth: 2 })).toBe('deep')
    const more = await emit(tab, sessionId, 'more', {}, { causeId: root.id })
    await emit(tab, sessionId, 'most', {}, { causeId: more.id })
    expect(await typesIn(tab, { sessionId, minDepth: 2 })).toBe('deep most')
  })

  test('TI18 sorted by depth or correlation, equal ones in clock order', async () => {
    const { tab, sessionId } = await family()
    const ask = (query: TimelineQuery) => typesIn(tab, { sessionId, ...query })
    expect(await ask({ sortBy: 'depth' })).toBe('session.created root apart left right last deep')
    expect(await ask({ sortBy: 'depth', order: 'desc' })).toBe(
      'deep last right left apart root session.created',
    )
    const byCorrelation = await queryTimeline(tab.log, { sessionId, sortBy: 'correlation' })
    const keys = byCorrelation.items.map(({ correlationId, id }) => `${correlationId} ${id}`)
    expect(keys).toEqual(keys.toSorted())
  })

  test('TI5, TI18 a large log is paged in any order, each event once', async () => {
    const tab = await openTab()
    const sessionId = await created(tab)
    let cause = await emit(tab, sessionId, 'e.0')
    for (let burst = 0; burst < 12; burst += 1) {
      for (const request of [{}, { causeId: cause.id }]) {
        const events = Array.from({ length: 500 }, (_, at) => ({ type: `e.${at % 7}`, data: null }))
        await emitEvents(tab, tab.request(request), { sessionId, events })
      }
      cause = await emit(tab, sessionId, 'next', {}, { causeId: cause.id })
    }
    const expected = (await eventsOf(tab, sessionId)).length
    expect(expected).toBe(12_014)
    for (const query of [
      {},
      { order: 'desc' },
      { sortBy: 'depth' },
      { sortBy: 'correlation', order: 'desc' },
    ] as const) {
      const seen = new Set<string>()
      let cursor: string | undefined
      do {
        const page = await queryTimeline(tab.log, {
          sessionId,
          limit: 1_999,
          ...query,
          ...(cursor === undefined ? {} : { cursor }),
        })
        for (const { id } of page.items) seen.add(id)
        cursor = page.cursor
      } while (cursor !== undefined)
      expect(seen.size).toBe(expected)
    }
    const deep = await queryTimeline(tab.log, { sessionId, minDepth: 12, limit: 10_000 })
    expect(deep.items.map(({ type }) => type)).toContain('next')
  }, 60_000)
})
