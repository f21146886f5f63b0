import { describe, expect, test } from 'vitest'
import { isMadeId, type SessionId, timeOfId } from '../../../src/core/ids.ts'
import { valuesOf } from '../../../src/core/state/fold.ts'
import { countCommits } from '../../storage/rig.ts'
import { created, eventsOf, openTab, refusal, reopen, typesOf } from './rig.ts'

const FULL = {
  id: 'quarter:4',
  name: 'Q4 sales',
  description: 'Numbers\nand words',
  tags: ['sales', 'board'],
  metadata: { ticket: 4711, nested: { bytes: new Uint8Array([1, 2]) } },
  limits: { maxTokens: 200_000, maxCostUsd: 1.5 },
  retention: { days: 30 },
}

describe('create', () => {
  test('SE1 a new session is active and has what it was given, also after a restart', async () => {
    const tab = await openTab()
    const request = tab.request({ actor: { id: 'ada', name: 'Ada' } })
    const { record, entries } = await tab.sessions.create(request, FULL)
    expect(record).toMatchObject({ ...FULL, status: 'active', createdBy: { id: 'ada', name: 'Ada' } })
    expect(record).toMatchObject({ createdAt: tab.wall.now(), updatedAt: tab.wall.now() })
    expect(record.expiresAt).toBe(tab.wall.now() + 30 * 86_400_000)
    expect(entries).toEqual([])

    const again = await reopen(tab)
    expect((await again.sessions.open(again.request(), { id: record.id })).record).toEqual(record)
    expect(await again.sessions.get(again.request(), { id: record.id })).toEqual(record)
  })

  test('SE1 a session of nothing has empty fields and an id of its own', async () => {
    const tab = await openTab()
    const { record } = await tab.sessions.create(tab.request(), {})
    expect(record).toMatchObject({ name: '', description: '', tags: [], metadata: {}, limits: {} })
    expect(isMadeId(record.id)).toBe(true)
    expect(timeOfId(record.id)).toBe(tab.wall.now())
    for (const absent of [
      'createdBy',
      'parentId',
      'template',
      'retention',
      'expiresAt',
      'endedAt',
      'hidden',
    ]) {
      expect(record).not.toHaveProperty(absent)
    }
  })

  test('SE2 a hundred made ids are a hundred ids', async () => {
    const tab = await openTab()
    const ids = await Promise.all(Array.from({ length: 100 }, () => created(tab)))
    expect(new Set(ids).size).toBe(100)
    expect(ids.every(isMadeId)).toBe(true)
  })

  test.each(['a', '0', 'A.b_c:d-e', 'x'.repeat(128)])('SE2 the id %s can be chosen', async (id) => {
    const tab = await openTab()
    expect(await created(tab, { id })).toBe(id)
  })

  const HOSTILE = [
    '',
    'x'.repeat(129),
    '.hidden',
    '-dash',
    '__proto__',
    'a/b',
    'a b',
    'ä',
    'a\u0000',
    '../../etc/passwd',
    '..\\..\\windows',
    'C:\\temp',
    'file:///etc/passwd',
    '%2e%2e%2f',
    '....//....//',
    7,
    null,
    {},
  ]

  test.each(HOSTILE)('SE2 the id %j is refused and nothing is stored', async (id) => {
    const tab = await openTab()
    const error = await refusal(tab.sessions.create(tab.request(), { id: id as string }), 'INVALID_ARGUMENT')
    expect(error.details.path).toBe('id')
    expect(await countCommits(tab)).toBe(0)
  })

  test('SE4 a chosen id that is taken is refused, and the first session stays as it was', async () => {
    const tab = await openTab()
    await created(tab, { id: 'one', name: 'first' })
    const error = await refusal(
      tab.sessions.create(tab.request(), { id: 'one', name: 'second' }),
      'SESSION_EXISTS',
    )
    expect(error.details.id).toBe('one')
    expect(await tab.sessions.get(tab.request(), { id: 'one' as SessionId })).toMatchObject({ name: 'first' })
  })

  test('SE4 of two tabs that choose one id at once, one gets it', async () => {
    const here = await openTab()
    const there = await openTab({ name: here.name, wall: here.wall })
    const results = await Promise.allSettled([
      here.sessions.create(here.request(), { id: 'one', name: 'here' }),
      there.sessions.create(there.request(), { id: 'one', name: 'there' }),
    ])
    const refused = results.filter((result) => result.status === 'rejected')
    expect(refused.map(({ reason }) => reason.code)).toEqual(['SESSION_EXISTS'])
    const winner = results[0]?.status === 'fulfilled' ? 'here' : 'there'
    expect(await here.sessions.get(here.request(), { id: 'one' as SessionId })).toMatchObject({
      name: winner,
    })
  })

  test('SE5 a name is kept in composed form', async () => {
    const tab = await openTab()
    const { record } = await tab.sessions.create(tab.request(), { name: 'Cafe\u0301' })
    expect(record.name).toBe('Caf\u00e9')
  })

  test.each(['', 'x'.repeat(255), '🦀 <b>"; DROP TABLE', 'a/../b'])(
    'SE5 the name %j is kept as it is',
    async (name) => {
      const tab = await openTab()
      expect((await tab.sessions.create(tab.request(), { name })).record.name).toBe(name)
    },
  )

  test.each(['x'.repeat(256), 'a\nb', 'a\u0000', 'a\u0085', 'a\ud800', 7])(
    'SE5 the name %j is refused',
    async (name) => {
      const tab = await openTab()
      const error = await refusal(
        tab.sessions.create(tab.request(), { name: name as string }),
        'INVALID_NAME',
      )
      expect(error.details.path).toBe('name')
      expect(await tab.connection.db.sessions.count()).toBe(0)
    },
  )

  test('SE6 tags are composed and kept once each, in the order given', async () => {
    const tab = await openTab()
    const { record } = await tab.sessions.create(tab.request(), {
      tags: ['b', 'a', 'b', 'e\u0301', '\u00e9'],
    })
    expect(record.tags).toEqual(['b', 'a', '\u00e9'])
  })

  const WRONG: readonly (readonly [field: string, value: unknown, path: string])[] = [
    ['tags', 'sales', 'tags'],
    ['tags', ['ok', ''], 'tags.1'],
    ['tags', ['x'.repeat(65)], 'tags.0'],
    ['tags', [1], 'tags.0'],
    ['tags', Array.from({ length: 65 }, (_, at) => `t${at}`), 'tags'],
    ['description', 7, 'description'],
    ['description', 'x'.repeat(4_097), 'description'],
    ['description', 'half \ud800', 'description'],
    ['tags', ['\udc00'], 'tags.0'],
    ['metadata', [], 'metadata'],
    ['metadata', 'text', 'metadata'],
    ['limits', { maxTokens: -1 }, 'limits.maxTokens'],
    ['limits', { maxCostUsd: Number.NaN }, 'limits.maxCostUsd'],
    ['limits', { maxToken: 1 }, 'maxToken'],
    ['retention', { days: 0 }, 'retention.days'],
    ['retention', { days: Number.POSITIVE_INFINITY }, 'retention.days'],
    ['retention', 30, 'retention'],
    ['state', [], 'state'],
    ['tag', ['sales'], 'tag'],
    ['template', 7, 'template'],
    ['parentId', 'a b', 'parentId'],
  ]

  test.each(WRONG)('SE6 with %s as %j it is refused, naming %s', async (field, value, path) => {
    const tab = await openTab()
    const error = await refusal(tab.sessions.create(tab.request(), { [field]: value }), 'INVALID_ARGUMENT')
    expect(error.details.path).toBe(path)
    expect(await countCommits(tab)).toBe(0)
  })

  test('SE6 metadata holds what state can hold, up to 16 KiB', async () => {
    const tab = await openTab()
    const invalid = tab.sessions.create(tab.request(), { metadata: { when: new Date() as never } })
    expect((await refusal(invalid, 'INVALID_VALUE')).details.path).toBe('metadata.when')
    const large = tab.sessions.create(tab.request(), { metadata: { text: 'x'.repeat(16_384) } })
    expect((await refusal(large, 'VALUE_TOO_LARGE')).details.path).toBe('metadata')
    expect(await created(tab, { metadata: { text: 'x'.repeat(16_300) } })).toBeDefined()
  })

  test('SE7 a template is copied, its name recorded, and what was given goes on top', async () => {
    const analysis = {
      name: 'Analysis',
      description: 'of numbers',
      tags: ['analysis', 'x'],
      metadata: { kind: 'a', team: 'red' },
      limits: { maxTokens: 10, maxBytes: 5 },
      retention: { days: 7 },
      state: { step: 0, mode: 'fast' },
    }
    const tab = await openTab({ templates: { analysis } })
    const bare = await tab.sessions.create(tab.request(), { template: 'analysis' })
    const { state, ...fields } = analysis
    expect(bare.record).toMatchObject({ ...fields, template: 'analysis' })
    expect(valuesOf(bare.entries)).toEqual(state)

    const { record, entries } = await tab.sessions.create(tab.request(), {
      template: 'analysis',
      name: 'Mine',
      tags: ['x', 'y'],
      metadata: { team: 'blue' },
      limits: { maxTokens: 20 },
      retention: { days: 1 },
      state: { mode: 'slow' },
    })
    expect(record).toMatchObject({
      name: 'Mine',
      description: 'of numbers',
      tags: ['analysis', 'x', 'y'],
      metadata: { kind: 'a', team: 'blue' },
      limits: { maxTokens: 20, maxBytes: 5 },
      retention: { days: 1 },
    })
    expect(valuesOf(entries)).toEqual({ step: 0, mode: 'slow' })
  })

  test.each([
    ['no template of this name', {}],
    ['a template with a field that there is not', { analysis: { tag: ['x'] } }],
    ['a template with a wrong field', { analysis: { tags: 'x' } }],
    ['a template that is no object', { analysis: 'x' }],
  ])('SE7 %s is refused', async (_case, templates) => {
    const tab = await openTab({ templates })
    await refusal(tab.sessions.create(tab.request(), { template: 'analysis' }), 'INVALID_ARGUMENT')
    expect(await countCommits(tab)).toBe(0)
  })

  test('SE8 the first state lands in the same commit, caused by the creation', async () => {
    const tab = await openTab()
    const { record, entries } = await tab.sessions.create(tab.request(), {
      state: { a: 1, b: { c: [true, null] }, gone: undefined as never },
    })
    expect(valuesOf(entries)).toEqual({ a: 1, b: { c: [true, null] } })
    expect(await countCommits(tab)).toBe(1)
    const [birth, change] = await eventsOf(tab, record.id)
    expect([birth?.type, change?.type]).toEqual(['session.created', 'state.changed'])
    expect(change?.causeId).toBe(birth?.id)
  })

  test('SE8 a first value that cannot be stored refuses the session', async () => {
    const tab = await openTab()
    const make = (state: unknown) => tab.sessions.create(tab.request(), { state: state as never })
    expect((await refusal(make({ a: { b: () => 1 } }), 'INVALID_VALUE')).details.path).toBe('a.b')
    await refusal(make({ a: 'x'.repeat(65_536) }), 'VALUE_TOO_LARGE')
    await refusal(make({ 'a\n': 1 }), 'INVALID_NAME')
    expect(await countCommits(tab)).toBe(0)
  })

  test('SE9 a child names its parent, which must be there and active', async () => {
    const tab = await openTab()
    const parentId = await created(tab)
    const { record } = await tab.sessions.create(tab.request(), { parentId })
    expect(record.parentId).toBe(parentId)
    expect(await tab.tables.children(parentId)).toEqual([record.id])

    const missing = tab.sessions.create(tab.request(), { parentId: 'nobody' as SessionId })
    expect((await refusal(missing, 'SESSION_NOT_FOUND')).details.id).toBe('nobody')
    for (const verb of ['suspend', 'complete', 'archive'] as const) {
      await tab.sessions.transition(tab.request(), { id: parentId, verb })
      const error = await refusal(tab.sessions.create(tab.request(), { parentId }), 'SESSION_NOT_ACTIVE')
      expect(error.details).toMatchObject({ id: parentId, action: 'child' })
    }
    expect(await tab.connection.db.sessions.count()).toBe(2)
    expect(await typesOf(tab, parentId)).toEqual([
      'session.created',
      'session.suspended',
      'session.completed',
      'session.archived',
    ])
  })

  test('SE9 a child that another tab makes while its parent is completed is refused', async () => {
    const here = await openTab()
    const parentId = await created(here)
    const there = await openTab({ name: here.name, wall: here.wall })
    const results = await Promise.allSettled([
      here.sessions.transition(here.request(), { id: parentId, verb: 'complete' }),
      there.sessions.create(there.request(), { parentId }),
    ])
    const children = await here.tables.children(parentId)
    expect(results[0]?.status).toBe('fulfilled')
    expect(children).toHaveLength(results[1]?.status === 'fulfilled' ? 1 : 0)
  })
})
