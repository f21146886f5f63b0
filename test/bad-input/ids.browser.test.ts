import { expect, test } from 'vitest'
import type { Session } from '../../src/index.ts'
import { rejectionOf } from '../client/rejection.ts'
import { perform, VERBS } from '../origin/statuses.ts'
import { expectSound, visit, visitAgain } from '../origin/visit.ts'
import { createOldDocument } from './old-document.ts'
import { type Attempt, DEADLINE_MS, expectNothingStored, expectRefused } from './unchanged.ts'

test('BI1 a session that was deleted elsewhere is not found by any call of a handle that is left', async () => {
  const opened = await visit({ deadlineMs: DEADLINE_MS })
  const { holdfast, name } = opened
  const session = await holdfast.sessions.create({ state: { a: 1 } })
  const artifact = await session.artifacts.store({ name: 'a', content: 'x' })
  const checkpoint = await session.save()
  const event = await session.emit('it.was', {})
  const other = await visit({ name })
  const bystander = await other.holdfast.sessions.create()
  await (await other.holdfast.sessions.open(session.id)).delete()
  await other.holdfast.close()
  const old = await createOldDocument()

  const calls: Record<string, Attempt> = {
    open: () => holdfast.sessions.open(session.id),
    child: () => holdfast.sessions.create({ parentId: session.id }),
    edit: () => session.edit({ name: 'x' }),
    delete: () => session.delete(),
    save: () => session.save(),
    restore: () => session.restore(checkpoint),
    checkpoints: () => session.checkpoints.list(),
    at: () => session.at(event),
    fork: () => session.fork(),
    'state.set': () => session.state.set('a', 1),
    'state.delete': () => session.state.delete('a'),
    emit: () => session.emit('it.was', {}),
    store: () => session.artifacts.store({ name: 'a', content: 'y' }),
    'artifact by id': () => session.artifacts.get({ id: artifact.id }),
    'artifact by name': () => session.artifacts.get({ name: 'a' }),
    'artifacts.list': () => session.artifacts.list(),
    'artifacts.versions': () => session.artifacts.versions('a'),
    'artifacts.edit': () => session.artifacts.edit(artifact, { tags: [] }),
    'artifacts.delete': () => session.artifacts.delete(artifact),
    'timeline.query': () => session.timeline.query(),
    'exact replay': () => session.replay().report,
    'state replay': () => session.replay({ mode: 'state' }).report,
    'documents.list': () => session.documents.list(),
    'documents.export': () => session.documents.export('notes'),
    adopt: () => holdfast.adopt.yIndexedDB(old, { session }),
    'runs.list': () => session.runs.list(),
    step: () => session.step('tool:x', null, async () => 1),
    run: () => session.run('analyse', async () => 1),
    ...Object.fromEntries(VERBS.map((verb) => [verb, () => perform(session, verb)])),
  }
  const notFound = { code: 'SESSION_NOT_FOUND', details: { id: session.id } }
  await expectNothingStored(opened, () =>
    expectRefused(Object.fromEntries(Object.entries(calls).map(([what, call]) => [what, [call, notFound]]))),
  )
  expect(await holdfast.sessions.get(session.id)).toBeNull()
  expect(await rejectionOf(artifact.text())).toMatchObject({ code: 'ARTIFACT_NOT_FOUND' })
  expect((await holdfast.sessions.list()).items.map(({ id }) => id)).toEqual([bystander.id])
  await expectSound(opened)
})

test('BI2 an id that names nothing in a session is not found by its own code', async () => {
  const opened = await visit({ deadlineMs: DEADLINE_MS })
  const { holdfast } = opened
  const session = await holdfast.sessions.create()
  const foreign: Session = await holdfast.sessions.create()
  const theirs = await foreign.artifacts.store({ name: 'a', content: 'x' })
  const checkpoint = await foreign.save()
  const event = await foreign.emit('it.was', {})
  const nowhere = crypto.randomUUID()
  await expectNothingStored(opened, () =>
    expectRefused({
      'session that never was': [() => holdfast.sessions.open(nowhere), { code: 'SESSION_NOT_FOUND' }],
      'parent that never was': [
        () => holdfast.sessions.create({ parentId: nowhere as Session['id'] }),
        { code: 'SESSION_NOT_FOUND' },
      ],
      'no session id': [() => holdfast.sessions.open('../x'), { code: 'INVALID_ARGUMENT' }],
      checkpoint: [() => session.restore(nowhere), { code: 'CHECKPOINT_NOT_FOUND' }],
      'foreign checkpoint': [() => session.restore(checkpoint), { code: 'CHECKPOINT_NOT_FOUND' }],
      'edit of an artifact': [
        () => session.artifacts.edit({ id: nowhere }, { tags: [] }),
        { code: 'ARTIFACT_NOT_FOUND' },
      ],
      'edit of a foreign artifact': [
        () => session.artifacts.edit(theirs, { tags: [] }),
        { code: 'ARTIFACT_NOT_FOUND' },
      ],
      'delete of an artifact': [
        () => session.artifacts.delete({ id: nowhere }),
        { code: 'ARTIFACT_NOT_FOUND' },
      ],
      'parent of an artifact': [
        () =>
          session.artifacts.store({ name: 'a', content: 'x', parentId: nowhere as (typeof theirs)['id'] }),
        { code: 'ARTIFACT_NOT_FOUND' },
      ],
      'past at an event': [() => session.at(nowhere), { code: 'EVENT_NOT_FOUND' }],
      'past at a foreign event': [() => session.at(event), { code: 'EVENT_NOT_FOUND' }],
      'fork at a foreign event': [() => session.fork({ at: event }), { code: 'EVENT_NOT_FOUND' }],
      'replay to an event': [() => session.replay({ to: nowhere }).report, { code: 'EVENT_NOT_FOUND' }],
      document: [() => session.documents.export('notes'), { code: 'DOCUMENT_NOT_FOUND' }],
      'run to explain': [() => session.runs.explain(nowhere), { code: 'RUN_NOT_FOUND' }],
      'run to cancel': [() => session.runs.cancel(nowhere, 'because'), { code: 'RUN_NOT_FOUND' }],
      'run to free': [() => session.runs.free(nowhere), { code: 'RUN_NOT_FOUND' }],
      'database to adopt': [() => holdfast.adopt.yIndexedDB(nowhere, { session }), { code: 'ADOPT_FAILED' }],
    }),
  )
  expect(await session.artifacts.get({ id: nowhere })).toBeNull()
  expect(await holdfast.sessions.get(nowhere)).toBeNull()
  await expectSound(opened)
})

test('BI3 a creation that is sent twice with one request id makes one session', async () => {
  const first = await visit({ deadlineMs: DEADLINE_MS })
  const again = await visit({ name: first.name })
  const { sessions } = first.holdfast
  const one = await sessions.create({ name: 'once' }, { requestId: 'sent-1' })
  await expectNothingStored(first, async () => {
    expect((await sessions.create({ name: 'once' }, { requestId: 'sent-1' })).id).toBe(one.id)
    expect((await again.holdfast.sessions.create({ name: 'once' }, { requestId: 'sent-1' })).id).toBe(one.id)
  })
  const atOnce = await Promise.all(
    Array.from({ length: 10 }, (_, at) =>
      (at % 2 === 0 ? first : again).holdfast.sessions.create({ name: 'at once' }, { requestId: 'sent-2' }),
    ),
  )
  expect(new Set(atOnce.map(({ id }) => id)).size).toBe(1)
  await again.holdfast.close()
  const next = await visitAgain(first)
  const { items } = await next.holdfast.sessions.list()
  expect(items.map(({ name }) => name).sort()).toEqual(['at once', 'once'])
  expect((await next.holdfast.sessions.create({}, { requestId: 'sent-1' })).id).toBe(one.id)
  await expectSound(next)
})

test('BI4 a chosen id is taken once, also where two tabs ask at once and after its session was deleted', async () => {
  const first = await visit({ deadlineMs: DEADLINE_MS })
  const again = await visit({ name: first.name })
  const { sessions } = first.holdfast
  const session = await sessions.create({ id: 'ticket-4711', name: 'the first' })
  const taken = { code: 'SESSION_EXISTS', details: { id: 'ticket-4711' } }
  await expectNothingStored(first, () =>
    expectRefused({
      'the same tab': [() => sessions.create({ id: 'ticket-4711' }), taken],
      'another tab': [() => again.holdfast.sessions.create({ id: 'ticket-4711' }), taken],
    }),
  )
  const outcomes = await Promise.allSettled(
    Array.from({ length: 6 }, (_, at) =>
      (at % 2 === 0 ? first : again).holdfast.sessions.create({ id: 'raced' }),
    ),
  )
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'SESSION_EXISTS' })
  for (const id of ['', '-x', '../x', 'a b', 'ü', 'x'.repeat(129), 'a/doc/b'])
    expect(await rejectionOf(sessions.create({ id })), id).toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { path: 'id' },
    })
  await session.delete()
  expect(await rejectionOf(sessions.create({ id: 'ticket-4711' }))).toMatchObject(taken)
  await again.holdfast.close()
  const next = await visitAgain(first)
  expect(await rejectionOf(next.holdfast.sessions.create({ id: 'ticket-4711' }))).toMatchObject(taken)
  expect((await next.holdfast.sessions.list()).items.map(({ id }) => id)).toEqual(['raced'])
  await expectSound(next)
})
