import { expect, test } from 'vitest'
import type { SessionId } from '../../../src/core/ids.ts'
import { emitEvent } from '../../../src/core/timeline/emit.ts'
import type { TimelineFilter } from '../../../src/core/timeline/query.ts'
import { queryTimeline } from '../../../src/core/timeline/query-timeline.ts'
import { readStatistics } from '../../../src/core/timeline/statistics.ts'
import { created, openTab, refusal, reopen, type Tab } from '../session/rig.ts'

function emit(tab: Tab, sessionId: SessionId, type: string, request = {}) {
  return emitEvent(tab, tab.request(request), { sessionId, type, data: null })
}

async function twoChains() {
  const tab = await openTab()
  const sessionId = await created(tab)
  const start = tab.wall.now()
  const first = await emit(tab, sessionId, 'first')
  tab.wall.advance(1_000)
  const second = await emit(tab, sessionId, 'second', { causeId: first.id })
  await emit(tab, sessionId, 'third', { causeId: second.id })
  const other = await emit(tab, sessionId, 'first', { correlationId: 'own' })
  tab.wall.advance(3_000)
  await emit(tab, sessionId, 'second', { causeId: other.id })
  return { tab: await reopen(tab), sessionId, start, first, other }
}

test('TI19 events, roots, leaves, depth, chains and rate of a session', async () => {
  const { tab, sessionId, start, first, other } = await twoChains()
  expect(await readStatistics(tab.log, { sessionId })).toEqual({
    events: 6,
    correlations: 2,
    from: start,
    to: start + 4_000,
    durationMs: 4_000,
    eventsPerSecond: 1.5,
    roots: 3,
    leaves: 3,
    maxDepth: 2,
    chains: 2,
    longestChains: [
      { root: first.id, events: 3, depth: 2, from: start, to: start + 1_000 },
      { root: other.id, events: 2, depth: 1, from: start + 1_000, to: start + 4_000 },
    ],
    types: { 'session.created': 1, first: 2, second: 2, third: 1 },
  })
})

test('TI17 what an event is said to be caused by beside its first cause has an effect, too', async () => {
  const tab = await openTab()
  const sessionId = await created(tab)
  const one = await emit(tab, sessionId, 'one')
  const two = await emit(tab, sessionId, 'two')
  const links = { causedBy: [two.id] }
  await emitEvent(tab, tab.request({ causeId: one.id }), { sessionId, type: 'both', data: null, links })
  const { items } = await queryTimeline(tab.log, { sessionId, leavesOnly: true })
  expect(items.map(({ type }) => type)).toEqual(['session.created', 'both'])
  expect((await queryTimeline(tab.log, { sessionId, causeId: two.id })).items).toHaveLength(1)
  expect(await readStatistics(tab.log, { sessionId })).toMatchObject({ leaves: 2, roots: 3 })
})

test('TI19 of the events that fit a filter; what is no cause among them is none', async () => {
  const { tab, sessionId, start } = await twoChains()
  const ask = (filter: TimelineFilter) => readStatistics(tab.log, { sessionId, ...filter })
  expect(await ask({ types: ['second', 'third'] })).toMatchObject({
    events: 3,
    roots: 2,
    leaves: 2,
    maxDepth: 1,
    chains: 1,
  })
  expect(await ask({ correlationId: 'own' as never })).toMatchObject({ events: 2, roots: 1, chains: 1 })
  expect(await ask({ from: start + 1_000, to: start + 1_000 })).toMatchObject({
    events: 3,
    durationMs: 0,
    eventsPerSecond: 0,
  })
  const none = await ask({ types: ['nothing'] })
  expect(none).toMatchObject({ events: 0, roots: 0, leaves: 0, chains: 0, longestChains: [], types: {} })
  expect(none).not.toHaveProperty('from')
})

test('TI19 of no session, and by what only pages have, there are none', async () => {
  const { tab, sessionId } = await twoChains()
  await refusal(readStatistics(tab.log, { sessionId: 'none' as never }), 'SESSION_NOT_FOUND')
  const asked = { sessionId, limit: 3 }
  expect(await refusal(readStatistics(tab.log, asked), 'INVALID_ARGUMENT')).toMatchObject({
    details: { path: 'limit' },
  })
})

test('TI19 ten chains are told, and a thousand types', async () => {
  const tab = await openTab()
  const sessionId = await created(tab)
  for (let chain = 0; chain < 12; chain += 1) {
    const root = await emit(tab, sessionId, 'root')
    for (let at = 0; at <= chain; at += 1) await emit(tab, sessionId, 'effect', { causeId: root.id })
  }
  await Promise.all(Array.from({ length: 1_000 }, (_, at) => emit(tab, sessionId, `type.${at}`)))
  const { chains, longestChains, types } = await readStatistics(tab.log, { sessionId })
  expect(chains).toBe(12)
  expect(longestChains.map(({ events }) => events)).toEqual([13, 12, 11, 10, 9, 8, 7, 6, 5, 4])
  expect(Object.keys(types)).toHaveLength(1_001)
  expect(types['*']).toBe(3)
})
