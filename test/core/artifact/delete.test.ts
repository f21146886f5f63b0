import 'fake-indexeddb/auto'
import { afterEach, expect, test } from 'vitest'
import type { RequestId, SessionId } from '../../../src/core/ids.ts'
import { bytesOf, code, expectLaws, noise, openRig, requestOf, rowsIn, streamOf, textOf } from './rig.ts'

afterEach(expectLaws)

test('AR12 a deleted version is gone, the others of its name stay', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  const [first, second, third] = [
    await rig.store({ sessionId, content: 'one' }),
    await rig.store({ sessionId, content: 'two' }),
    await rig.store({ sessionId, content: 'three' }),
  ]
  await rig.artifacts.delete(requestOf(rig), { id: second.id })
  expect(await rig.artifacts.get(requestOf(rig), { id: second.id })).toBeNull()
  await expect(rig.artifacts.read(requestOf(rig), { id: second.id })).rejects.toEqual(
    code('ARTIFACT_NOT_FOUND'),
  )
  expect(await Promise.all([first, third].map((artifact) => textOf(rig, artifact)))).toEqual(['one', 'three'])
  expect((await rig.events(sessionId)).at(-1)).toMatchObject({
    type: 'artifact.deleted',
    data: { id: second.id, name: 'a.txt', version: 2, sizeBytes: 3 },
  })
  expect(await rig.tables.session(sessionId)).toMatchObject({ counters: { artifacts: 2, artifactBytes: 8 } })
})

test('AR12 a second deletion finds nothing and takes nothing from others', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  const [first, twin] = [await rig.store({ sessionId }), await rig.store({ sessionId, name: 'twin' })]
  await rig.artifacts.delete(requestOf(rig), { id: first.id })
  await expect(rig.artifacts.delete(requestOf(rig), { id: first.id })).rejects.toEqual(
    code('ARTIFACT_NOT_FOUND'),
  )
  expect(await textOf(rig, twin)).toBe('hello')
})

test('AR12 of two deletions at once one deletes and the other finds nothing', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  const [first, twin] = [await rig.store({ sessionId }), await rig.store({ sessionId, name: 'twin' })]
  const both = await Promise.allSettled(
    [1, 2].map(() => rig.artifacts.delete(requestOf(rig), { id: first.id })),
  )
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'ARTIFACT_NOT_FOUND' },
  })
  expect(await textOf(rig, twin)).toBe('hello')
  expect(await rowsIn(rig)).toMatchObject({ artifacts: 1, contents: 1, chunks: 1 })
})

test('AR12 a repeated deletion by the same request is done', async () => {
  const rig = await openRig()
  const { id } = await rig.store({ sessionId: await rig.session() })
  const request = requestOf(rig, { id: 'delete-1' as RequestId, mayRepeat: true })
  expect(await rig.artifacts.delete(request, { id })).toBeNull()
  expect(await rig.artifacts.delete(request, { id })).toBeNull()
})

test.each([500, 5_000])(
  'AR12, CK4: equal content of %i bytes is stored once, and goes with the last that names it',
  async (sizeBytes) => {
    const rig = await openRig()
    const sessionId = await rig.session()
    const first = await rig.store({ sessionId, name: 'one', content: noise(sizeBytes) })
    const baseline = await rowsIn(rig)
    const second = await rig.store({
      sessionId: await rig.session('s2'),
      name: 'two',
      content: streamOf([noise(sizeBytes)]),
    })
    expect(second.id).not.toBe(first.id)
    expect(second.contentId).toBe(first.contentId)
    expect(await rowsIn(rig)).toEqual({ ...baseline, artifacts: 2 })

    const again = await rig.reopen()
    await again.artifacts.delete(requestOf(again), { id: first.id })
    const later = await again.reopen()
    expect(await bytesOf(later, second)).toEqual(noise(sizeBytes))
    await later.artifacts.delete(requestOf(later), { id: second.id })
    expect(await rowsIn(later)).toEqual({ artifacts: 0, contents: 0, chunks: 0, intakes: 0 })
  },
)

test('AR12, CK4: a chunk that two contents share goes with the last of them', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  const shared = noise(1_024)
  const first = await rig.store({ sessionId, content: new Uint8Array([...shared, ...noise(500, 2)]) })
  const second = await rig.store({ sessionId, content: new Uint8Array([...shared, ...noise(500, 3)]) })
  expect(await rowsIn(rig)).toMatchObject({ contents: 2, chunks: 3 })
  await rig.artifacts.delete(requestOf(rig), { id: first.id })
  expect(await rowsIn(rig)).toMatchObject({ contents: 1, chunks: 2 })
  expect((await bytesOf(rig, second)).slice(0, 1_024)).toEqual(shared)
  await rig.artifacts.delete(requestOf(rig), { id: second.id })
  expect(await rowsIn(rig)).toMatchObject({ contents: 0, chunks: 0 })
})

test('AR12 what a worker deleted that died before its bytes went goes with the next sweep', async () => {
  let dead = false
  const rig = await openRig({
    journal: (journal) => ({
      ...journal,
      sweep: (contents, givenUp) =>
        dead ? Promise.reject(new Error('the worker is dead')) : journal.sweep(contents, givenUp),
    }),
  })
  const sessionId = await rig.session()
  const artifact = await rig.store({ sessionId, content: noise(5_000) })
  const shared = await rig.store({ sessionId, name: 'shared', content: noise(5_000).slice(0, 2_048) })
  dead = true
  expect(await rig.artifacts.delete(requestOf(rig), { id: artifact.id })).toBeNull()
  dead = false
  const again = await rig.reopen()
  expect(await rowsIn(again)).toMatchObject({ artifacts: 1, contents: 1, chunks: 5 })
  expect(await again.journal.sweep([])).toBe(3)
  expect(await rowsIn(again)).toEqual({ artifacts: 1, contents: 1, chunks: 2, intakes: 0 })
  expect(await bytesOf(again, shared)).toEqual(noise(5_000).slice(0, 2_048))
})

test('AR12 the same content twice under one name is two references', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  const [first, second] = [await rig.store({ sessionId }), await rig.store({ sessionId })]
  expect((await rig.tables.content('', first.contentId))?.references).toBe(2)
  await rig.artifacts.delete(requestOf(rig), { id: second.id })
  expect(await textOf(rig, first)).toBe('hello')
})

test('AR7 deleting and editing work in a session that is not archived', async () => {
  const rig = await openRig()
  const changes = { tags: ['x'] }
  for (const [id, verbs] of [
    ['active', []],
    ['suspended', ['suspend']],
    ['completed', ['complete']],
    ['failed', ['fail']],
  ] as const) {
    const sessionId = await rig.session(id)
    const artifact = await rig.store({ sessionId })
    await rig.move(sessionId, ...verbs)
    expect(await rig.artifacts.edit(requestOf(rig), { id: artifact.id, changes })).toMatchObject(changes)
    expect(await rig.artifacts.delete(requestOf(rig), { id: artifact.id })).toBeNull()
  }
  const sessionId = await rig.session('archived')
  const artifact = await rig.store({ sessionId })
  await rig.move(sessionId, 'archive')
  const edit = () => rig.artifacts.edit(requestOf(rig), { id: artifact.id, changes })
  await expect(edit()).rejects.toEqual(code('SESSION_NOT_ACTIVE'))
  await expect(rig.artifacts.delete(requestOf(rig), { id: artifact.id })).rejects.toEqual(
    code('SESSION_NOT_ACTIVE'),
  )
  expect(await textOf(rig, artifact)).toBe('hello')
  await rig.move(sessionId, 'unarchive')
  expect(await edit()).toMatchObject(changes)
})

test('AR23 a hook may refuse a deletion, and its part is recorded', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  const [kept, gone] = [await rig.store({ sessionId, kind: 'agent_output' }), await rig.store({ sessionId })]
  rig.register({
    id: 'keep-outputs',
    version: 2,
    point: 'artifact:delete',
    stage: 'before',
    run: ({ artifact }) =>
      artifact.kind === 'agent_output'
        ? { kind: 'cancel', reason: 'kept' }
        : { kind: 'continue', note: 'seen' },
  })
  await expect(rig.artifacts.delete(requestOf(rig), { id: kept.id })).rejects.toMatchObject({
    code: 'HOOK_CANCELLED',
    details: { hook: expect.stringContaining('keep-outputs'), reason: 'kept' },
  })
  expect(await textOf(rig, kept)).toBe('hello')
  await rig.artifacts.delete(requestOf(rig), { id: gone.id })
  const [deleted, hookRan] = (await rig.events(sessionId)).slice(-2)
  expect(deleted).toMatchObject({ type: 'artifact.deleted' })
  expect(hookRan).toMatchObject({
    type: 'hook.ran',
    causeId: deleted?.id,
    data: { point: 'artifact:delete', stage: 'before' },
  })
})

test('AR13 an edit changes what it names, is recorded, and leaves the rest', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  const artifact = await rig.store({ sessionId, tags: ['a'], description: 'before', metadata: { n: 1 } })
  const edited = await rig.artifacts.edit(requestOf(rig), {
    id: artifact.id,
    changes: { tags: ['b', 'b'], description: 'after' },
  })
  expect(edited).toEqual({ ...artifact, tags: ['b'], description: 'after' })
  expect((await rig.events(sessionId)).at(-1)).toMatchObject({
    type: 'artifact.edited',
    data: { id: artifact.id, tags: ['b'], description: 'after' },
  })
  const again = await rig.reopen()
  expect(await again.artifacts.get(requestOf(again), { id: artifact.id })).toEqual(edited)
  const empty = again.artifacts.edit(requestOf(again), { id: artifact.id, changes: {} })
  await expect(empty).rejects.toEqual(code('INVALID_ARGUMENT'))
  const unknown = again.artifacts.edit(requestOf(again), { id: 'nobody' as never, changes: { tags: [] } })
  await expect(unknown).rejects.toEqual(code('ARTIFACT_NOT_FOUND'))
})

test('AR13 edits of two tabs at once both count, whichever tab has the slower clock', async () => {
  const rig = await openRig()
  rig.wall.advance(60_000)
  const sessionId = await rig.session()
  const artifact = await rig.store({ sessionId })
  const slow = await openRig({ name: rig.name })
  await Promise.all([
    rig.artifacts.edit(requestOf(rig), { id: artifact.id, changes: { tags: ['here'] } }),
    slow.artifacts.edit(requestOf(slow), { id: artifact.id, changes: { description: 'there' } }),
  ])
  const found = await rig.artifacts.get(requestOf(rig), { id: artifact.id })
  expect(found).toMatchObject({ tags: ['here'], description: 'there' })
  rig.wall.advance(60_000)
  await rig.artifacts.edit(requestOf(rig), { id: artifact.id, changes: { tags: ['first'] } })
  const late = await openRig({ name: rig.name })
  await late.artifacts.edit(requestOf(late), { id: artifact.id, changes: { tags: ['last'] } })
  const types = (await rig.events(sessionId)).map(({ type, data }) => [type, data])
  expect(types.at(-1)).toEqual(['artifact.edited', { id: artifact.id, tags: ['last'] }])
  expect(types.findIndex(([type]) => type === 'artifact.stored')).toBe(1)
})

test('AR27 an edit that was stored is answered, though another tab deletes the artifact right behind it', async () => {
  const rig = await openRig()
  const other = await openRig({ name: rig.name })
  const sessionId = await rig.session()
  const { id } = await rig.store({ sessionId })
  const { commit } = rig.journal
  Object.assign(rig.journal, {
    commit: async (...given: Parameters<typeof commit>) => {
      const committed = await commit(...given)
      await other.artifacts.delete(requestOf(other), { id })
      return committed
    },
  })
  const edited = await rig.artifacts.edit(requestOf(rig), { id, changes: { tags: ['late'] } })
  expect(edited).toMatchObject({ id, tags: ['late'] })
  const types = (await other.events(sessionId)).map(({ type }) => type)
  expect(types.slice(-2)).toEqual(['artifact.edited', 'artifact.deleted'])
})

test('AR12 a deletion by a tab with a slower clock comes after what it deletes', async () => {
  // Ids of one clock sort by writer, so the slow one is made first.
  const slow = await openRig()
  const rig = await openRig({ name: slow.name })
  rig.wall.advance(60_000)
  const sessionId = await rig.session()
  const { id } = await rig.store({ sessionId })
  await slow.artifacts.delete(requestOf(slow), { id })
  expect((await rig.events(sessionId)).at(-1)).toMatchObject({ type: 'artifact.deleted' })
})

test('AR19 deleting a session takes its artifacts, chunks and names, but not what others share', async () => {
  const rig = await openRig()
  const keeper = await rig.session('keeper')
  const shared = await rig.store({ sessionId: keeper, content: noise(3_000) })
  const baseline = await rowsIn(rig)
  const doomed = await rig.session('doomed')
  const stored = [
    await rig.store({ sessionId: doomed, content: noise(3_000) }),
    await rig.store({ sessionId: doomed, content: noise(4_000, 2) }),
    await rig.store({ sessionId: doomed, content: 'small' }),
    await rig.store({ sessionId: doomed, name: 'b', content: 'small' }),
    await rig.store({ sessionId: doomed, name: 'c', content: '' }),
  ]
  await rig.sessions.delete(requestOf(rig), { id: doomed })
  const again = await rig.reopen()
  expect(await rowsIn(again)).toEqual(baseline)
  for (const { id } of stored) {
    expect(await again.artifacts.get(requestOf(again), { id })).toBeNull()
    await expect(again.artifacts.read(requestOf(again), { id })).rejects.toEqual(code('ARTIFACT_NOT_FOUND'))
  }
  await expect(again.artifacts.list(requestOf(again), { sessionId: doomed })).rejects.toEqual(
    code('SESSION_NOT_FOUND'),
  )
  expect(await bytesOf(again, shared)).toEqual(noise(3_000))
  expect(await again.tables.head(['artifact-name', doomed as SessionId, 'a.txt'])).toBeUndefined()
})

test('AR26 artifacts are changed strictly unless they are to be relaxed', async () => {
  const asked: string[] = []
  const rig = await openRig({
    journal: (journal) => ({
      ...journal,
      commit(operation) {
        asked.push(operation.durability)
        return journal.commit(operation)
      },
    }),
  })
  const sessionId = await rig.session()
  for (const durability of [undefined, 'relaxed', 'strict'] as const) {
    const how = durability === undefined ? {} : { durability }
    const { id } = await rig.store({ sessionId, ...how })
    asked.length = 0
    await rig.store({ sessionId, ...how })
    await rig.artifacts.edit(requestOf(rig), { id, changes: { tags: ['a'] }, ...how })
    await rig.artifacts.delete(requestOf(rig), { id, ...how })
    expect(new Set(asked)).toEqual(new Set([durability ?? 'strict']))
    expect(asked).toHaveLength(3)
  }
  const soon = { durability: 'soon' as never }
  const { id } = await rig.store({ sessionId })
  for (const call of [
    rig.store({ sessionId, ...soon }),
    rig.artifacts.edit(requestOf(rig), { id, changes: {}, ...soon }),
    rig.artifacts.delete(requestOf(rig), { id, ...soon }),
  ])
    await expect(call).rejects.toEqual(code('INVALID_ARGUMENT'))
})
