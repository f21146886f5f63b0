import { expect, test } from 'vitest'
import { allowedVerbs, type Holdfast, type SessionQuery, type Status, type Verb } from '../../src/index.ts'
import { rejectionOf } from '../client/rejection.ts'
import { createIn, perform, STATUSES, VERBS } from './statuses.ts'
import { expectSound, type Visit, visit, visitAgain } from './visit.ts'

const LEADS_TO: Record<Status, Partial<Record<Verb, Status>>> = {
  active: { suspend: 'suspended', complete: 'completed', fail: 'failed', archive: 'archived' },
  suspended: { resume: 'active', complete: 'completed', fail: 'failed', archive: 'archived' },
  completed: { reopen: 'active', archive: 'archived' },
  failed: { reopen: 'active', archive: 'archived' },
  archived: { unarchive: 'active' },
}

test('OR1 session lifecycle: each verb leads from each status where the table says, or is refused', async () => {
  const first = await visit()
  const expected: Record<string, Status> = {}
  for (const status of STATUSES) {
    expect(allowedVerbs(status), status).toEqual(VERBS.filter((verb) => LEADS_TO[status][verb] !== undefined))
    for (const verb of VERBS) {
      const session = await createIn(first.holdfast, status)
      const to = LEADS_TO[status][verb]
      if (to === undefined) {
        expect(await rejectionOf(perform(session, verb)), `${verb} when ${status}`).toMatchObject({
          code: 'INVALID_TRANSITION',
          details: { id: session.id, verb, from: status, allowed: allowedVerbs(status) },
        })
      } else expect(await perform(session, verb), `${verb} when ${status}`).toMatchObject({ status: to })
      expected[session.id] = to ?? status
      expect(session.info.status).toBe(expected[session.id])
    }
  }
  const next = await visitAgain(first)
  const { items } = await next.holdfast.sessions.list({ limit: 100 })
  expect(Object.fromEntries(items.map(({ id, status }) => [id, status]))).toEqual(expected)
  await expectSound(next)
})

test('OR1 session lifecycle: an archived session goes back to the status it had', async () => {
  const first = await visit()
  const sessions = await Promise.all(
    (['active', 'suspended', 'completed', 'failed'] as const).map((status) =>
      createIn(first.holdfast, status),
    ),
  )
  for (const session of sessions) await session.archive()
  const next = await visitAgain(first)
  for (const { id, info } of sessions) {
    const again = await next.holdfast.sessions.open(id)
    expect(again.info.status).toBe('archived')
    expect((await again.unarchive()).status).toBe(info.archivedFrom)
    expect(again.info.name).toBe(again.info.status)
  }
  await expectSound(next)
})

test('OR2 session lifecycle through the manager: a completed session can still be read', async () => {
  const first = await visit()
  const session = await first.holdfast.sessions.create({ name: 'Q4 sales' })
  await session.state.set('progress', 3)
  await session.artifacts.store({ name: 'sales.csv', content: 'north,12' })
  await session.suspend()
  await session.resume()
  await session.complete()
  expect(await rejectionOf(session.suspend())).toMatchObject({ code: 'INVALID_TRANSITION' })

  const next = await visitAgain(first)
  expect(await next.holdfast.sessions.get(session.id)).toMatchObject({
    status: 'completed',
    name: 'Q4 sales',
  })
  const again = await next.holdfast.sessions.open(session.id)
  expect(again.info).toEqual(session.info)
  expect(again.state.get('progress')).toBe(3)
  expect(await (await again.artifacts.get({ name: 'sales.csv' }))?.text()).toBe('north,12')
  expect((await again.timeline.query()).items.map(({ type }) => type)).toEqual([
    'session.created',
    'state.changed',
    'artifact.stored',
    'session.suspended',
    'session.resumed',
    'session.completed',
  ])
  await expectSound(next)
})

test('OR3 save and load: a session comes back with state, artifacts, tags and metadata in any script', async () => {
  const first = await visit({ actor: { id: 'ada', name: 'Ada Müller' } })
  const state = {
    befehl: 'lade größe.csv',
    売上: { 第一: [1, 2.5, null, true], 空: {} },
    'emoji 📈': 'مرحبا',
    bytes: new Uint8Array([0, 255, 7]),
  }
  const session = await first.holdfast.sessions.create({
    name: 'U\u0308bersicht – 売上 📈',
    description: 'Всё, что было',
    tags: ['größe', '数据'],
    metadata: { ticket: 4711, who: { größe: ['é', '数'] } },
    limits: { maxTokens: 200_000 },
    retention: { days: 30 },
  })
  for (const [key, value] of Object.entries(state)) await session.state.set(key, value)
  await session.artifacts.store({
    name: '報告.txt',
    kind: 'agent_output',
    tags: ['草稿'],
    metadata: { länge: 6 },
    content: 'häagen 📈',
  })
  const checkpoint = await session.save({ label: 'vor der Änderung' })

  const next = await visitAgain(first)
  const again = await next.holdfast.sessions.open(session.id)
  expect(again.info).toEqual(session.info)
  expect(again.info).toMatchObject({
    name: 'Übersicht – 売上 📈',
    description: 'Всё, что было',
    tags: ['größe', '数据'],
    metadata: { ticket: 4711, who: { größe: ['é', '数'] } },
    createdBy: { id: 'ada', name: 'Ada Müller' },
    limits: { maxTokens: 200_000 },
    retention: { days: 30 },
  })
  expect(Object.fromEntries(again.state.entries())).toEqual(state)
  const artifact = await again.artifacts.get({ name: '報告.txt' })
  expect(artifact).toMatchObject({ kind: 'agent_output', tags: ['草稿'], metadata: { länge: 6 } })
  expect(await artifact?.text()).toBe('häagen 📈')
  expect(await again.checkpoints.list()).toEqual([checkpoint])
  await again.state.set('befehl', 'anders')
  await again.restore(checkpoint)
  expect(Object.fromEntries(again.state.entries())).toEqual(state)
  await expectSound(next)
})

test('OR4 list sessions: filters, orders, pages and totals hold, also after a restart', async () => {
  const first = await visit({ actor: { id: 'ada' } })
  const make = async (what: Parameters<Holdfast['sessions']['create']>[0], holdfast = first.holdfast) => {
    const session = await holdfast.sessions.create(what)
    // So that no two sessions are of one millisecond.
    await expect.poll(() => Date.now(), { interval: 1 }).toBeGreaterThan(session.info.updatedAt)
    return session
  }
  const alpha = await make({ name: 'Alpha', tags: ['x'] })
  const beta = await make({ name: 'beta', tags: ['x', 'y'], description: 'The ALPHA of them' })
  const gamma = await make({ name: 'Gamma', tags: ['y'], parentId: alpha.id })
  const other = await visit({ name: first.name, actor: { id: 'bob' } })
  const delta = await make({ name: 'delta' }, other.holdfast)
  await other.holdfast.close()
  await gamma.complete()
  await expect.poll(() => Date.now(), { interval: 1 }).toBeGreaterThan(gamma.info.updatedAt)
  await alpha.edit({ description: 'first' })

  const check = async ({ holdfast }: Visit) => {
    const names = async (query: SessionQuery) =>
      (await holdfast.sessions.list(query)).items.map(({ name }) => name)
    expect(await names({})).toEqual(['Alpha', 'Gamma', 'delta', 'beta'])
    expect(await names({ order: 'asc' })).toEqual(['beta', 'delta', 'Gamma', 'Alpha'])
    expect(await names({ sortBy: 'createdAt' })).toEqual(['delta', 'Gamma', 'beta', 'Alpha'])
    expect(await names({ sortBy: 'createdAt', order: 'asc' })).toEqual(['Alpha', 'beta', 'Gamma', 'delta'])
    expect(await names({ sortBy: 'name' })).toEqual(['Alpha', 'Gamma', 'beta', 'delta'])
    expect(await names({ sortBy: 'name', order: 'desc' })).toEqual(['delta', 'beta', 'Gamma', 'Alpha'])

    expect(await names({ status: 'completed' })).toEqual(['Gamma'])
    expect(await names({ status: 'failed' })).toEqual([])
    expect(await names({ tags: ['x'] })).toEqual(['Alpha', 'beta'])
    expect(await names({ tags: ['y', 'x'] })).toEqual(['beta'])
    expect(await names({ parentId: alpha.id })).toEqual(['Gamma'])
    expect(await names({ createdBy: 'bob' })).toEqual(['delta'])
    expect(await names({ search: 'alpha' })).toEqual(['Alpha', 'beta'])
    expect(await names({ search: 'alpha', tags: ['y'], status: 'active' })).toEqual(['beta'])
    expect(await names({ createdAfter: beta.info.createdAt })).toEqual(['Gamma', 'delta'])
    expect(await names({ createdBefore: beta.info.createdAt })).toEqual(['Alpha'])
    expect(await names({ updatedAfter: gamma.info.updatedAt })).toEqual(['Alpha'])
    expect(await names({ updatedBefore: gamma.info.updatedAt })).toEqual(['delta', 'beta'])

    const page = await holdfast.sessions.list({ limit: 3, count: true })
    expect([page.items.length, page.total]).toEqual([3, 4])
    const rest = await holdfast.sessions.list({ limit: 3, cursor: page.cursor ?? '' })
    expect(rest.items.map(({ id }) => id)).toEqual([beta.id])
    expect([rest.cursor, rest.total]).toEqual([undefined, undefined])
    expect((await holdfast.sessions.list({ tags: ['x'], limit: 1, count: true })).total).toBe(2)
    expect(await holdfast.sessions.get(delta.id)).toMatchObject({ createdBy: { id: 'bob' } })
  }
  await check(first)
  const next = await visitAgain(first)
  await check(next)
  await expectSound(next)
})

test('OR5 session state: what is set is got, and what is removed is gone', async () => {
  const first = await visit()
  const session = await first.holdfast.sessions.create()
  await session.state.set('kept', { n: 1 })
  await session.state.set('changed', 'before')
  await session.state.set('changed', 'after')
  await session.state.set('removed', true)
  await session.state.delete('removed')
  const second = await visitAgain(first)
  const again = await second.holdfast.sessions.open(session.id)
  expect(Object.fromEntries(again.state.entries())).toEqual({ kept: { n: 1 }, changed: 'after' })
  expect([again.state.get('removed'), again.state.has('removed')]).toEqual([undefined, false])
  await Promise.all(again.state.keys().map((key) => again.state.delete(key)))
  const third = await visitAgain(second)
  expect((await third.holdfast.sessions.open(session.id)).state.keys()).toEqual([])
  await expectSound(third)
})

test('OR6 session metadata: an end is stamped once, and a tag stands once', async () => {
  const first = await visit()
  const { sessions } = first.holdfast
  const active = await sessions.create({ tags: ['a', 'b', 'a', 'e\u0301', 'é'] })
  expect(active.info.tags).toEqual(['a', 'b', 'é'])
  expect((await active.edit({ tags: ['c', 'a', 'c'] })).tags).toEqual(['c', 'a'])
  const completed = await createIn(first.holdfast, 'completed')
  const failed = await createIn(first.holdfast, 'failed')
  const reopened = await createIn(first.holdfast, 'completed')
  await reopened.reopen('not yet')
  const ends = [completed.info.endedAt, failed.info.endedAt]
  expect(ends).toEqual([completed.info.updatedAt, failed.info.updatedAt])
  await expect.poll(() => Date.now(), { interval: 1 }).toBeGreaterThan(completed.info.updatedAt)
  await completed.archive()
  expect(completed.info.updatedAt).toBeGreaterThan(completed.info.endedAt ?? Infinity)

  const next = await visitAgain(first)
  const get = (id: string) => next.holdfast.sessions.get(id)
  expect(await get(active.id)).toMatchObject({ tags: ['c', 'a'] })
  expect((await get(active.id))?.endedAt).toBeUndefined()
  expect([(await get(completed.id))?.endedAt, (await get(failed.id))?.endedAt]).toEqual(ends)
  expect(await get(failed.id)).toMatchObject({ failure: 'because' })
  expect((await get(reopened.id))?.endedAt).toBeUndefined()
  await expectSound(next)
})

test('OR8 session ids: a hundred of two workers at once are UUIDs, each one once', async () => {
  const first = await visit()
  const other = await visit({ name: first.name })
  const made = await Promise.all(
    Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? first : other).holdfast.sessions.create()),
  )
  const ids = made.map(({ id }) => id)
  expect(new Set(ids).size).toBe(100)
  for (const id of ids) expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
  expect(new Set(ids.map((id) => id.slice(19))).size).toBe(2)
  await other.holdfast.close()
  const next = await visitAgain(first)
  const { items } = await next.holdfast.sessions.list({ limit: 200 })
  expect(new Set(items.map(({ id }) => id))).toEqual(new Set(ids))
  await expectSound(next)
})
