import { expect, test } from 'vitest'
import { SessionReader } from '../../../src/core/analytics/session-reader.ts'
import { clockAt, type EventId, idAt, type WriterId } from '../../../src/core/ids.ts'
import type { TimelineEvent } from '../../../src/core/timeline/event.ts'

const START = 1_700_000_000_000
const idOf = (ms: number) => idAt<EventId>(clockAt(START + ms), '8000-000000000001' as WriterId)

function event(ms: number, type: string, data: object = {}, more: object = {}): TimelineEvent {
  return { id: idOf(ms), type, data, time: START + ms, source: 'local', schema: 1, ...more } as TimelineEvent
}

function metricsOf(events: readonly TimelineEvent[]) {
  const reader = new SessionReader()
  for (const each of events) reader.add(each)
  return reader.figures({ status: 'active' }).tell()
}

test('AN1 how long it was active, without its pauses, whatever order its events come in', () => {
  const life = [
    event(0, 'session.created'),
    event(1_000, 'session.suspended'),
    event(5_000, 'session.resumed'),
    event(7_000, 'session.completed'),
    event(8_000, 'session.archived'),
    event(9_000, 'session.unarchived', { to: 'completed' }),
    event(10_000, 'session.reopened'),
    event(12_000, 'tick'),
  ]
  for (const events of [life, life.toReversed()])
    expect(metricsOf(events)).toMatchObject({
      durationMs: 12_000,
      activeMs: 5_000,
      from: START,
      to: START + 12_000,
    })
  expect(metricsOf(life.slice(2))).toMatchObject({ durationMs: 7_000, activeMs: 4_000 })
})

test('AN1 attempts, outcomes and times of steps, of imported ones by what their source says', () => {
  const metrics = metricsOf([
    event(0, 'step.started', { step: 'tool:a@1' }),
    event(100, 'step.failed', { step: 'tool:a@1', startedId: idOf(0) }),
    event(200, 'step.started', { step: 'tool:a@2', attempt: 2 }),
    event(600, 'step.completed', { step: 'tool:a@2', startedId: idOf(200), usage: { costUsd: 0.1 } }),
    event(700, 'step.started', { step: 'b@1' }),
    event(701, 'step.interrupted', { step: 'b@1', startedId: idOf(700) }),
    event(800, 'step.started', { step: 'c@1' }, { at: 5_000, time: 5_000 }),
    event(801, 'step.completed', { step: 'c@1', startedId: idOf(800) }, { at: 7_000, time: 7_000 }),
  ])
  expect(metrics.steps).toMatchObject({
    started: 4,
    completed: 2,
    failed: 1,
    interrupted: 1,
    successRate: 0.5,
    totalMs: 2_500,
    maxMs: 2_000,
  })
  expect(metrics.stepsByName['tool:a']).toMatchObject({ started: 2, completed: 1, failed: 1, totalMs: 500 })
  expect(metrics.usage.costUsd).toBe(0.1)
  expect(metricsOf([]).steps.successRate).toBeNull()
})

test('AN1 the state that there is, by the newest change of each key', () => {
  const change = (ms: number, ...changes: object[]) => event(ms, 'state.changed', { changes })
  const changes = [
    change(0, { key: 'a', value: 'xxxxxxxxxx' }, { key: 'a', scope: 'agent:x', value: 'x' }),
    change(10, { key: 'a', value: 'x' }),
    change(20, { key: 'gone', value: 1 }),
    change(30, { key: 'gone' }),
    change(40, { key: 'large', aside: { sizeBytes: 5_000 } }),
  ]
  const { sizes, stateWrites } = metricsOf(changes)
  expect(metricsOf(changes.toReversed()).sizes).toEqual(sizes)
  expect(sizes.stateKeys).toBe(3)
  expect(sizes.stateBytes).toBeGreaterThan(5_000)
  expect(sizes.stateBytes).toBeLessThan(5_010)
  expect(stateWrites).toBe(5)
})

test('AN2 a thousand names of steps are told apart', () => {
  const { stepsByName } = metricsOf(
    Array.from({ length: 1_005 }, (_, at) => event(at, 'step.started', { step: `s${at}@1` })),
  )
  expect(Object.keys(stepsByName)).toHaveLength(1_001)
  expect(stepsByName['*']?.started).toBe(5)
})
