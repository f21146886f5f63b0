import { describe, expect, test } from 'vitest'
import type {
  ArtifactId,
  CheckpointId,
  ContentId,
  CorrelationId,
  EventId,
  SessionId,
} from '../../../src/core/ids.ts'
import { artifactIdsOf, deltasOf, EntryMap, foldEntries, valuesOf } from '../../../src/core/state/fold.ts'
import type { EventDataByType, EventType } from '../../../src/core/timeline/catalog.ts'
import type { StoredEvent } from '../../../src/core/timeline/event.ts'

const at = (tick: number) => `00000000-0000-7000-8000-${String(tick).padStart(12, '0')}` as EventId

function event<Type extends EventType>(type: Type, data: EventDataByType[Type], tick = 1): StoredEvent {
  return { id: at(tick), type, data, correlationId: 'c' as CorrelationId, source: 'local', schema: 1 }
}

const artifactId = 'artifact-1' as ArtifactId
const artifact = {
  id: artifactId,
  sessionId: 's' as SessionId,
  name: 'sales.csv',
  version: 1,
  kind: 'user_input',
  mime: 'text/csv',
  description: '',
  tags: [],
  metadata: {},
  correlationId: 'c' as CorrelationId,
  createdAt: 1,
  sizeBytes: 10,
  contentId: 'sha256:0' as ContentId,
} as const

describe('what an event writes', () => {
  test('SF3 state changes, values and deletions, are stamped with the event', () => {
    const changes = [{ key: 'a', value: 1 }, { key: 'b' }]
    const deltas = [
      { map: 'state', key: 'a', value: 1, at: at(7) },
      { map: 'state', key: 'b', at: at(7) },
    ]
    expect(deltasOf(event('state.changed', { changes }, 7))).toStrictEqual(deltas)
    const restored = event('session.restored', { checkpointId: 'p' as CheckpointId, changes }, 7)
    expect(deltasOf(restored)).toStrictEqual(deltas)
  })

  test('SF3 of several changes of one key the last counts', () => {
    const changes = [{ key: 'a', value: 1 }, { key: 'b', value: 2 }, { key: 'a' }]
    const deltas = deltasOf(event('state.changed', { changes }))
    expect(valuesOf(foldEntries([], deltas, 'state'))).toEqual({ b: 2 })
    expect(deltas).toHaveLength(2)
  })

  test('SF4 a created session writes its meta, an edited one what it changes', () => {
    const data = { name: 'Q4', description: 'd', tags: ['x'], metadata: { n: 1 }, limits: { maxTokens: 1 } }
    const created = deltasOf(event('session.created', data, 1))
    const edited = deltasOf(event('session.edited', { tags: [], limits: {}, retention: null }, 2))
    expect(edited).toStrictEqual([{ map: 'meta', key: 'tags', value: [], at: at(2) }])
    expect(valuesOf(foldEntries([], [...edited, ...created], 'meta'))).toEqual({
      name: 'Q4',
      description: 'd',
      tags: [],
      metadata: { n: 1 },
    })
  })

  test('SF5 an artifact is one small value, and a field of its own for each thing that may be edited', () => {
    const stored = deltasOf(event('artifact.stored', { artifact: { ...artifact, tags: ['raw'] } }))
    expect(valuesOf(foldEntries([], stored, 'artifacts'))).toEqual({
      [artifactId]: {
        name: 'sales.csv',
        version: 1,
        kind: 'user_input',
        mime: 'text/csv',
        sizeBytes: 10,
        contentId: 'sha256:0',
      },
      [`${artifactId}/tags`]: ['raw'],
    })
  })

  test('SF5 a field that says something is stored with the artifact', () => {
    const described = { ...artifact, description: 'raw', metadata: { n: 1 } }
    const stored = deltasOf(event('artifact.stored', { artifact: described }))
    expect(valuesOf(foldEntries([], stored, 'artifacts'))).toMatchObject({
      [`${artifactId}/description`]: 'raw',
      [`${artifactId}/metadata`]: { n: 1 },
    })
    expect(stored).toHaveLength(3)
  })

  test('SF5 two devices edit different fields, and both edits stay', () => {
    const stored = deltasOf(event('artifact.stored', { artifact }, 1))
    const here = deltasOf(event('artifact.edited', { id: artifactId, description: 'here' }, 2))
    const there = deltasOf(
      event('artifact.edited', { id: artifactId, tags: ['there'], metadata: { n: 1 } }, 3),
    )
    const values = valuesOf(foldEntries([], [...there, ...stored, ...here], 'artifacts'))
    expect(values).toMatchObject({
      [artifactId]: { name: 'sales.csv' },
      [`${artifactId}/description`]: 'here',
      [`${artifactId}/tags`]: ['there'],
      [`${artifactId}/metadata`]: { n: 1 },
    })
  })

  test('SF5 a deleted artifact leaves no value, whatever older edit comes late', () => {
    const deltas = [
      ...deltasOf(
        event('artifact.deleted', { id: artifactId, name: 'sales.csv', version: 1, sizeBytes: 10 }, 3),
      ),
      ...deltasOf(
        event('artifact.stored', { artifact: { ...artifact, description: 'd', metadata: { n: 1 } } }, 1),
      ),
      ...deltasOf(event('artifact.edited', { id: artifactId, tags: ['late'] }, 2)),
    ]
    const entries = foldEntries([], deltas, 'artifacts')
    expect([valuesOf(entries), artifactIdsOf(entries)]).toEqual([{}, []])
  })

  test('SF5 the ids of the artifacts are those of the values that are not fields, sorted', () => {
    const stored = ['b', 'a'].flatMap((id) =>
      deltasOf(event('artifact.stored', { artifact: { ...artifact, id: id as ArtifactId, tags: ['t'] } })),
    )
    expect(artifactIdsOf(foldEntries([], stored, 'artifacts'))).toEqual(['a', 'b'])
  })

  test('SF6 any other event writes nothing', () => {
    expect(deltasOf(event('session.suspended', {}))).toEqual([])
    expect(
      deltasOf({
        ...event('session.suspended', {}),
        type: 'order.placed',
        data: { changes: [{ key: 'a' }] },
      }),
    ).toEqual([])
  })
})

describe('the fold', () => {
  test('SF1 the greatest stamp stands; older ones and repeats change nothing', () => {
    const entries = new EntryMap()
    expect(entries.put({ key: 'a', value: 2, at: at(2) })).toBe(true)
    expect(entries.put({ key: 'a', value: 1, at: at(1) })).toBe(false)
    expect(entries.put({ key: 'a', value: 'other', at: at(2) })).toBe(false)
    expect(entries.put({ key: 'a', value: 3, at: at(3) })).toBe(true)
    expect([...entries.entries()]).toStrictEqual([{ key: 'a', value: 3, at: at(3) }])
  })

  test('SF1 a fold starts from entries, takes those of its own map, and leaves its input alone', () => {
    const before = Object.freeze([{ key: 'a', value: 1, at: at(1) }])
    const deltas = [
      { map: 'state', key: 'a', value: 2, at: at(2) },
      { map: 'meta', key: 'a', value: 3, at: at(3) },
    ] as const
    expect(foldEntries(before, deltas, 'state')).toStrictEqual([{ key: 'a', value: 2, at: at(2) }])
    expect(before[0]?.value).toBe(1)
  })

  test('SF2 a deletion stays as an entry without value and beats what is older', () => {
    const entries = new EntryMap([{ key: 'a', at: at(5) }])
    expect(entries.put({ key: 'a', value: 1, at: at(4) })).toBe(false)
    expect([entries.get('a'), entries.size, valuesOf(entries.entries())]).toStrictEqual([
      { key: 'a', at: at(5) },
      1,
      {},
    ])
    entries.put({ key: 'a', value: 1, at: at(6) })
    expect(valuesOf(entries.entries())).toEqual({ a: 1 })
  })

  test('SF1 a key named __proto__, which only a foreign entry can have, stays a key', () => {
    const values = valuesOf([{ key: '__proto__', value: { polluted: true }, at: at(1) }])
    expect(Object.keys(values)).toEqual(['__proto__'])
    expect(Reflect.get(values, 'polluted')).toBeUndefined()
  })
})
