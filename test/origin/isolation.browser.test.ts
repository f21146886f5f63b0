import { expect, test } from 'vitest'
import type { Session } from '../../src/index.ts'
import { rejectionOf } from '../client/rejection.ts'
import { HOSTILE_NAMES } from '../core/artifact/hostile-names.ts'
import { countRows } from './rows.ts'
import { expectSound, visit, visitAgain } from './visit.ts'

test('OR16 session isolation: one name in two sessions is two artifacts, and neither session finds the other', async () => {
  const first = await visit()
  const stored = await Promise.all(
    ['mine', 'yours'].map(async (content) => {
      const session = await first.holdfast.sessions.create({ name: content })
      await session.state.set('whose', content)
      return session.artifacts.store({ name: 'report.txt', kind: 'agent_output', content })
    }),
  )
  const next = await visitAgain(first)
  const [mine, yours] = await Promise.all(stored.map((one) => next.holdfast.sessions.open(one.sessionId)))
  const look = async (session: Session | undefined, foreign: string | undefined) => ({
    text: await (await session?.artifacts.get({ name: 'report.txt' }))?.text(),
    listed: (await session?.artifacts.list({ count: true }))?.total,
    versions: (await session?.artifacts.versions('report.txt'))?.map(({ version }) => version),
    foreign: await session?.artifacts.get({ id: foreign ?? '' }),
    state: session?.state.get('whose'),
  })
  const own = { listed: 1, versions: [1], foreign: null }
  expect(await look(mine, stored[1]?.id)).toEqual({ ...own, text: 'mine', state: 'mine' })
  expect(await look(yours, stored[0]?.id)).toEqual({ ...own, text: 'yours', state: 'yours' })
  expect(stored[0]?.contentId).not.toBe(stored[1]?.contentId)
  await expectSound(next)
})

test('OR17 data leakage: a session gets, lists, edits, deletes and watches nothing of another', async () => {
  const first = await visit()
  const owner = await first.holdfast.sessions.create({ name: 'owner' })
  const spy = await first.holdfast.sessions.create({ name: 'spy' })
  const watch = spy.timeline.watch()
  const secret = await owner.artifacts.store({ name: 'secret.txt', tags: ['secret'], content: 'hush' })
  const told = await owner.emit('secret.told', { to: 'nobody' })
  await spy.emit('end', {})
  for await (const event of watch) {
    expect(event).toMatchObject({ type: 'end', sessionId: spy.id })
    break
  }

  const next = await visitAgain(first)
  const again = await next.holdfast.sessions.open(spy.id)
  expect(await again.artifacts.get({ id: secret.id })).toBeNull()
  expect(await again.artifacts.get({ name: 'secret.txt' })).toBeNull()
  expect(await again.artifacts.versions('secret.txt')).toEqual([])
  expect((await again.artifacts.list({ tags: ['secret'] })).items).toEqual([])
  expect((await again.artifacts.list({ name: '*' })).items).toEqual([])
  expect(await rejectionOf(again.artifacts.edit(secret, { tags: [] }))).toMatchObject({
    code: 'ARTIFACT_NOT_FOUND',
  })
  expect(await rejectionOf(again.artifacts.delete(secret))).toMatchObject({ code: 'ARTIFACT_NOT_FOUND' })
  expect(await rejectionOf(again.at(told))).toMatchObject({ code: 'EVENT_NOT_FOUND' })
  expect((await again.timeline.query()).items.map(({ type }) => type)).toEqual(['session.created', 'end'])
  expect((await again.timeline.query({ correlationId: secret.correlationId })).items).toEqual([])

  const kept = await (await next.holdfast.sessions.open(owner.id)).artifacts.get({ id: secret.id })
  expect(kept).toMatchObject({ tags: ['secret'] })
  expect(await kept?.text()).toBe('hush')
  await expectSound(next)
})

test('OR18 path traversal: a hostile name is stored as data and found by that very name alone', async () => {
  const first = await visit()
  const session = await first.holdfast.sessions.create()
  for (const name of HOSTILE_NAMES) await session.artifacts.store({ name, content: `bytes of ${name}` })
  const next = await visitAgain(first)
  const again = await next.holdfast.sessions.open(session.id)
  for (const name of HOSTILE_NAMES) {
    const artifact = await again.artifacts.get({ name })
    expect(artifact).toMatchObject({ name, version: 1, sessionId: session.id })
    expect(await artifact?.text()).toBe(`bytes of ${name}`)
    expect((await again.artifacts.list({ name })).items.map((one) => one.name)).toEqual([name])
  }
  for (const meant of ['etc/passwd', 'passwd', 'sam', 'hosts', '../../etc/passwd', 'reports'])
    expect(await again.artifacts.get({ name: meant })).toBeNull()
  const { items } = await again.artifacts.list({ limit: 100 })
  expect(new Set(items.map(({ name }) => name))).toEqual(new Set(HOSTILE_NAMES))
  const storage = await navigator.storage.getDirectory()
  for await (const path of storage.keys()) expect(HOSTILE_NAMES.join()).not.toContain(path)
  await expectSound(next)
})

test('OR19 cleanup: after a session with five artifacts is deleted, one tombstone is all that was added', async () => {
  const first = await visit()
  const kept = await first.holdfast.sessions.create({ name: 'kept' })
  await kept.artifacts.store({ name: 'shared', content: 'shared by both' })
  await first.holdfast.close()
  const baseline = await countRows(first.name)

  const second = await visit({ name: first.name })
  const session = await second.holdfast.sessions.create({ name: 'gone', state: { a: 1 } })
  const contents = ['shared by both', 'x'.repeat(70_000), new Uint8Array(2_500_000), 'four', '']
  const artifacts = await Promise.all(
    contents.map((content, at) => session.artifacts.store({ name: `artifact ${at}`, content })),
  )
  await session.state.set('b', 2)
  await session.emit('large.one', { text: 'y'.repeat(40_000) })
  await session.step('tool:echo', { n: 1 }, async ({ n }) => n)
  await session.run('analyse', { key: 'k' }, async (run) => run.step('count', null, async () => 1))
  await session.save({ label: 'soon gone' })
  await second.holdfast.flush()
  const full = await countRows(first.name)
  expect(full.artifacts).toBeGreaterThanOrEqual((baseline.artifacts ?? 0) + 5)
  expect(full.chunks).toBeGreaterThan(baseline.chunks ?? 0)
  await session.delete()
  for (const { id } of artifacts)
    expect(await rejectionOf(session.artifacts.get({ id }))).toMatchObject({ code: 'SESSION_NOT_FOUND' })

  const third = await visitAgain(second)
  expect(await third.holdfast.sessions.get(session.id)).toBeNull()
  expect((await third.holdfast.sessions.list({ count: true })).total).toBe(1)
  expect((await third.holdfast.timeline.query()).items.slice(-1)).toMatchObject([
    { type: 'session.deleted', data: { id: session.id } },
  ])
  const again = await third.holdfast.sessions.open(kept.id)
  expect(await (await again.artifacts.get({ name: 'shared' }))?.text()).toBe('shared by both')
  await third.holdfast.close()
  expect(await countRows(first.name)).toEqual({ ...baseline, commits: (baseline.commits ?? 0) + 1 })
  await expectSound(third)
})

test('OR19 cleanup: a session that this page deleted is gone for its very next call, each time', async () => {
  const opened = await visit()
  const { sessions } = opened.holdfast
  for (let times = 0; times < 20; times++) {
    const session = await sessions.create()
    const artifact = await session.artifacts.store({ name: 'a', content: 'x' })
    await session.delete()
    expect(await rejectionOf(session.artifacts.get({ id: artifact.id }))).toMatchObject({
      code: 'SESSION_NOT_FOUND',
    })
  }
  expect((await sessions.list({ count: true })).total).toBe(0)
  await expectSound(opened)
})
