import { describe, expect, test } from 'vitest'
import type { CommitRow } from '../../../src/core/commit.ts'
import {
  type ArtifactId,
  type Clock,
  type CommitId,
  type CorrelationId,
  clockAt,
  clockOfId,
  documentStream,
  type EventId,
  idAt,
  type SessionId,
  STORE_STREAM,
  type StreamId,
  sessionStream,
  type WriterId,
} from '../../../src/core/ids.ts'
import { foldSession, foldSessionEvents, isHidden, mustRefold } from '../../../src/core/session/fold.ts'
import { STATUSES } from '../../../src/core/session/status.ts'
import { type StoredEvent, toTimelineEvent } from '../../../src/core/timeline/event.ts'
import { type DataOf, makeEvent } from '../../../src/core/timeline/make-event.ts'

const SESSION = 's1' as SessionId
const STREAM = sessionStream(SESSION)
const ROOT = 'root' as CorrelationId
const START = Date.UTC(2026, 0, 1)
const FIELDS = { name: 'one', description: '', tags: ['t'], metadata: {}, limits: {} }

let ticks = 0

function tick(): number {
  ticks += 1
  return ticks
}

function event<Type extends string>(type: Type, data: DataOf<Type>, atMs = tick()): StoredEvent {
  return makeEvent(idAt<EventId>(clockAt(START + atMs), '8000-000000000001' as WriterId), type, data, {
    correlationId: ROOT,
  })
}

function row(events: readonly StoredEvent[], stream: StreamId = STREAM, seq = 1): CommitRow {
  const hlc = clockOfId(events[0]?.id ?? '') as Clock
  return {
    seq,
    stream,
    hlc,
    commitId: 'c' as CommitId,
    writer: 'w' as WriterId,
    n: seq,
    requests: {},
    events,
  }
}

const created = (atMs?: number) => event('session.created', FIELDS, atMs)

function fold(events: readonly StoredEvent[]) {
  const record = foldSession(undefined, STREAM, [row(events)])
  if (record === undefined) throw new Error('no session')
  return record
}

describe("a session's record", () => {
  test('SE19 is what its events say', () => {
    const birth = event('session.created', {
      ...FIELDS,
      template: 'analysis',
      parentId: 's0' as SessionId,
      createdBy: { id: 'ada' },
      retention: { days: 2 },
    })
    const edit = event('session.edited', { name: 'two', tags: [], limits: { maxTokens: 1 } })
    expect(fold([birth, edit])).toEqual({
      id: SESSION,
      status: 'active',
      name: 'two',
      description: '',
      tags: [],
      metadata: {},
      limits: { maxTokens: 1 },
      template: 'analysis',
      parentId: 's0',
      createdBy: { id: 'ada' },
      createdAt: START + ticks - 1,
      updatedAt: START + ticks,
      retention: { days: 2 },
      expiresAt: START + ticks + 2 * 86_400_000,
      counters: {
        events: 2,
        artifacts: 0,
        artifactBytes: 0,
        steps: 0,
        stepsFailed: 0,
        usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0 },
      },
      correlationId: ROOT,
      revision: edit.id,
    })
  })

  test('SE19 is the same row by row as at once, and in any order of a whole fold', () => {
    const events = [
      created(),
      event('session.suspended', {}),
      event('session.edited', { name: 'two' }),
      event('session.resumed', {}),
      event('step.completed', {
        step: 'a@1',
        key: 'k',
        startedId: 'e' as EventId,
        result: { inline: 1 },
        artifactIds: [],
        usage: { inputTokens: 3, costUsd: 0.1 },
      }),
      event('message.added', { role: 'user', content: 'x', usage: { costUsd: 0.2 } }),
      event('session.completed', {}),
    ]
    const whole = fold(events)
    let record = foldSession(undefined, STREAM, [])
    for (const one of events) record = foldSession(record, STREAM, [row([one])])
    expect(record).toEqual(whole)
    expect(fold(events.toReversed())).toEqual(whole)
    expect(whole.counters.usage.costUsd).toBe(0.3)
    expect(
      foldSessionEvents(
        undefined,
        events.map((one) => toTimelineEvent(STREAM, one)),
      ),
    ).toEqual(whole)
  })

  test('SE19 does not exist before session.created', () => {
    expect(foldSession(undefined, STREAM, [row([event('session.suspended', {})])])).toBeUndefined()
    expect(foldSessionEvents(undefined, [])).toBeUndefined()
  })

  test('SE19 takes nothing from other streams', () => {
    const record = fold([created()])
    const other = event('session.suspended', {})
    for (const stream of [STORE_STREAM, documentStream(SESSION, 'notes'), 's2' as StreamId]) {
      expect(foldSession(record, stream, [row([other], stream)])).toBe(record)
      expect(foldSession(record, STREAM, [row([other], stream)])).toBe(record)
    }
  })

  test('SE19 has the original time of an imported session as its birth', () => {
    const birth = { ...created(), at: 1_000 }
    expect(fold([birth])).toMatchObject({ createdAt: 1_000, updatedAt: START + ticks })
  })

  test('TR3 ends when it is completed or failed, and no more after reopen', () => {
    const done = [created(), event('session.completed', {})]
    expect(fold(done)).toMatchObject({ status: 'completed', endedAt: START + ticks })
    const failed = [created(), event('session.failed', { reason: 'no key' })]
    expect(fold(failed)).toMatchObject({ status: 'failed', endedAt: START + ticks, failure: 'no key' })
    const reopened = fold([...failed, event('session.reopened', { reason: 'key found' })])
    expect(reopened.status).toBe('active')
    expect(reopened).not.toHaveProperty('endedAt')
    expect(reopened).not.toHaveProperty('failure')
  })

  test('TR4 remembers the status before its archive, as the fold knows it', () => {
    const archived = [
      created(),
      event('session.suspended', {}),
      event('session.archived', { from: 'active' }),
    ]
    expect(fold(archived)).toMatchObject({ status: 'archived', archivedFrom: 'suspended' })
    const back = fold([...archived, event('session.unarchived', { to: 'active' })])
    expect(back.status).toBe('suspended')
    expect(back).not.toHaveProperty('archivedFrom')
  })

  test('TR6 skips a transition that the status before does not allow, and keeps what came with it', () => {
    const events = [
      created(),
      event('session.completed', {}),
      event('session.suspended', {}),
      event('session.failed', { reason: 'late' }),
      event('session.resumed', {}),
      event('session.edited', { name: 'kept' }),
    ]
    const record = fold(events)
    expect(record).toMatchObject({ status: 'completed', name: 'kept' })
    expect(record).not.toHaveProperty('failure')
    expect(record.counters.events).toBe(6)
  })

  test('TR6 follows the clock, whatever order the rows came in', () => {
    const [first, second] = [event('session.suspended', {}, 500), event('session.completed', {}, 600)]
    expect(fold([created(400), second, first]).status).toBe('completed')
  })

  test('TR6 a session event older than the record asks for a fold from the start', () => {
    const record = fold([created(1_000), event('session.completed', {}, 2_000)])
    expect(mustRefold(record, [row([event('session.suspended', {}, 1_500)])])).toBe(true)
    expect(mustRefold(record, [row([event('session.edited', { name: 'x' }, 1_500)])])).toBe(true)
    expect(mustRefold(record, [row([event('state.changed', { changes: [] }, 1_500)])])).toBe(false)
    expect(mustRefold(record, [row([event('session.saved', { checkpointId: 'c' as never }, 1_500)])])).toBe(
      false,
    )
    expect(mustRefold(record, [row([event('session.archived', { from: 'completed' }, 2_500)])])).toBe(false)
    expect(mustRefold(undefined, [row([created(1)])])).toBe(false)
  })

  test('SE19 an event that was folded in already changes no field', () => {
    const birth = created()
    const edit = event('session.edited', { name: 'two' })
    const record = fold([birth, edit, event('session.edited', { name: 'three' })])
    expect(foldSession(record, STREAM, [row([edit])])?.name).toBe('three')
  })

  test('LI3 is hidden until its import has finished', () => {
    const birth = event('session.created', { ...FIELDS, hidden: true })
    const started = fold([birth, event('import.started', { format: 'pi-session' })])
    expect(isHidden(started)).toBe(true)
    const finished = foldSession(started, STREAM, [
      row([event('import.finished', { entries: 1, skipped: [] })]),
    ])
    expect(finished).not.toHaveProperty('hidden')
    expect(isHidden(finished ?? started)).toBe(false)
  })

  test('SE10 retention counts from the last event of any type, and null removes it', () => {
    const birth = event('session.created', { ...FIELDS, retention: { days: 1 } })
    const used = fold([birth, event('state.changed', { changes: [] })])
    expect(used.expiresAt).toBe(START + ticks + 86_400_000)
    const record = fold([birth, event('session.edited', { retention: null })])
    expect(record).not.toHaveProperty('retention')
    expect(record).not.toHaveProperty('expiresAt')
  })

  test('SE14 loses its parent when that is deleted', () => {
    const birth = event('session.created', { ...FIELDS, parentId: 's0' as SessionId })
    expect(fold([birth])).toMatchObject({ parentId: 's0' })
    expect(fold([birth, event('session.edited', { orphaned: true })])).not.toHaveProperty('parentId')
    expect(fold([birth, event('session.edited', { name: 'x' })])).toHaveProperty('parentId')
  })

  test('SE20 counts artifacts, bytes, steps by their first attempt, failures and usage', () => {
    const artifact = (sizeBytes: number) => ({ id: 'a' as ArtifactId, sizeBytes }) as never
    const step = { step: 'a@1', key: 'k', input: { inline: null }, purity: 'pure' as const }
    const failed = {
      step: 'a@1',
      key: 'k',
      startedId: 'e' as EventId,
      error: { name: 'E', message: '' },
      artifactIds: [],
    }
    const { counters } = fold([
      created(),
      event('artifact.stored', { artifact: artifact(10) }),
      event('artifact.stored', { artifact: artifact(32) }),
      event('artifact.deleted', { id: 'a' as ArtifactId, name: 'a', version: 1, sizeBytes: 10 }),
      event('step.started', { ...step, attempt: 1 }),
      event('step.started', { ...step, attempt: 2 }),
      event('step.failed', failed),
      event('message.added', {
        role: 'user',
        content: '',
        usage: { inputTokens: 1, outputTokens: 2, cacheReadTokens: 3, cacheWriteTokens: 4 },
      }),
    ])
    expect(counters).toEqual({
      events: 8,
      artifacts: 1,
      artifactBytes: 32,
      steps: 1,
      stepsFailed: 1,
      usage: { inputTokens: 1, outputTokens: 2, cacheReadTokens: 3, cacheWriteTokens: 4, costUsd: 0 },
    })
  })

  test.each([
    null,
    'text',
    { usage: 'much' },
    { usage: { inputTokens: '7', costUsd: Number.NaN } },
    { usage: { inputTokens: -1 } },
  ])('SE20 usage that is no amount counts as none: %j', (data) => {
    const { usage } = fold([created(), event('message.added', data as never)]).counters
    expect(Object.values(usage)).toEqual([0, 0, 0, 0, 0])
  })

  test('SE20 costs sum to the same in any order', () => {
    const costs = [0.1, 0.2, 0.3, 1e-9, 12.345678901].map((costUsd) =>
      event('message.added', { role: 'user', content: '', usage: { costUsd } }),
    )
    const sum = (events: readonly StoredEvent[]) => fold([created(1), ...events]).counters.usage.costUsd
    expect(sum(costs)).toBe(12.945678902)
    expect(sum(costs.toReversed())).toBe(sum(costs))
    // Tenths and thirds of a cent, whose plain sum differs by the order.
    const odd = Array.from({ length: 60 }, (_, at) =>
      event('message.added', { role: 'user', content: '', usage: { costUsd: 1 / (11 + at) } }),
    )
    expect(sum(odd.toReversed())).toBe(sum(odd))
  })

  test('TR1 every status can be reached by events', () => {
    const seen = new Set([
      fold([created()]).status,
      fold([created(), event('session.suspended', {})]).status,
      fold([created(), event('session.completed', {})]).status,
      fold([created(), event('session.failed', { reason: 'x' })]).status,
      fold([created(), event('session.archived', { from: 'active' })]).status,
    ])
    expect([...seen].sort()).toEqual([...STATUSES].sort())
  })
})
