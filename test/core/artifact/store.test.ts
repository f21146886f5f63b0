import 'fake-indexeddb/auto'
import { afterEach, describe, expect, test } from 'vitest'
import type { ArtifactContent } from '../../../src/core/artifact/input.ts'
import type { RequestId } from '../../../src/core/ids.ts'
import { HOSTILE_NAMES } from './hostile-names.ts'
import {
  bytesOf,
  code,
  countedStream,
  expectLaws,
  noise,
  openRig,
  requestOf,
  rowsIn,
  streamOf,
  textOf,
} from './rig.ts'

afterEach(expectLaws)

describe('versions', () => {
  test('AR3 stores of one name are versions 1, 2, 3, each naming the one before', async () => {
    const rig = await openRig()
    const sessionId = await rig.session()
    const first = await rig.store({ sessionId, content: 'one' })
    const second = await rig.store({ sessionId, content: 'two' })
    const other = await rig.store({ sessionId, name: 'b.txt', content: 'two' })
    const third = await rig.store({ sessionId, content: 'three' })
    expect([first, second, third, other].map(({ version }) => version)).toEqual([1, 2, 3, 1])
    expect([first, second, third].map(({ previousId }) => previousId)).toEqual([
      undefined,
      first.id,
      second.id,
    ])
    expect(await Promise.all([first, second, third].map((artifact) => textOf(rig, artifact)))).toEqual([
      'one',
      'two',
      'three',
    ])
  })

  test('AR3 the number of a deleted version is not given again', async () => {
    const rig = await openRig()
    const sessionId = await rig.session()
    await rig.store({ sessionId })
    const second = await rig.store({ sessionId })
    await rig.artifacts.delete(requestOf(rig), { id: second.id })
    const third = await rig.store({ sessionId })
    expect(third).toMatchObject({ version: 3, previousId: second.id })
  })

  test('AR3 a composed and a decomposed name are one name', async () => {
    const rig = await openRig()
    const sessionId = await rig.session()
    await rig.store({ sessionId, name: 'e\u0301' })
    expect(await rig.store({ sessionId, name: '\u00e9' })).toMatchObject({ name: '\u00e9', version: 2 })
  })

  test('AR4 twenty stores at once are versions 1 to 20, in the order of their ids', async () => {
    const rig = await openRig()
    const sessionId = await rig.session()
    const stored = await Promise.all(
      Array.from({ length: 20 }, (_, i) => rig.store({ sessionId, content: `${i}` })),
    )
    const byId = [...stored].sort((a, b) => (a.id < b.id ? -1 : 1))
    expect(byId.map(({ version }) => version)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  })

  test('AR4 two tabs of which one has a slow clock share one order', async () => {
    const fast = await openRig()
    const sessionId = await fast.session()
    const slow = await openRig({ name: fast.name })
    fast.wall.advance(60_000)
    const stored = [
      await fast.store({ sessionId }),
      await slow.store({ sessionId }),
      await fast.store({ sessionId }),
      await slow.store({ sessionId }),
    ]
    expect(stored.map(({ version }) => version)).toEqual([1, 2, 3, 4])
    const ids = stored.map(({ id }) => id)
    expect([...ids].sort()).toEqual(ids)
  })
})

test('AR4 an artifact sorts after what was done to its session before, by whichever tab', async () => {
  const fast = await openRig()
  const sessionId = await fast.session()
  const slow = await openRig({ name: fast.name })
  fast.wall.advance(60_000)
  await fast.move(sessionId, 'suspend', 'resume')
  const { id } = await slow.store({ sessionId })
  expect(id > ((await slow.tables.session(sessionId))?.revision ?? id)).toBe(true)
})

describe('the record', () => {
  test('AR5, AR6, AR8: what is not given has its default', async () => {
    const rig = await openRig()
    const sessionId = await rig.session()
    const artifact = await rig.store({ sessionId, name: 'notes.md', content: '# hi' })
    expect(artifact).toEqual({
      id: artifact.id,
      sessionId,
      name: 'notes.md',
      version: 1,
      kind: 'user_input',
      mime: 'text/markdown',
      description: '',
      tags: [],
      metadata: {},
      correlationId: (await rig.tables.session(sessionId))?.correlationId,
      createdAt: rig.wall.now(),
      sizeBytes: 4,
      contentId: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    })
  })

  test('AR5, AR18: what is given is kept, and nothing is copied from the parent', async () => {
    const rig = await openRig()
    const sessionId = await rig.session()
    const parent = await rig.store({ sessionId, tags: ['original', 'raw'] })
    const given = {
      name: 'summary.json',
      kind: 'agent_output',
      mime: 'application/json; charset=utf-8',
      description: 'what it says',
      metadata: { model: 'm', parameters: { top: 3 } },
      author: { id: 'agent:writer', name: 'Writer' },
      parentId: parent.id,
    }
    expect(await rig.store({ sessionId, ...given })).toMatchObject({ ...given, tags: [] })
  })

  test('AR5 the author is who asks, unless another one is named', async () => {
    const rig = await openRig()
    const sessionId = await rig.session()
    const request = requestOf(rig, { actor: { id: 'ada' } })
    expect(await rig.artifacts.store(request, { sessionId, name: 'a', content: '' })).toMatchObject({
      author: { id: 'ada' },
    })
  })

  test('AR6 a Blob says its MIME type, but not one that is none', async () => {
    const rig = await openRig()
    const sessionId = await rig.session()
    const blob = new Blob(['{}'], { type: 'text/csv' })
    expect(await rig.store({ sessionId, name: 'a.json', content: blob })).toMatchObject({ mime: 'text/csv' })
    const odd = new Blob(['{}'], { type: 'odd' })
    expect(await rig.store({ sessionId, name: 'a.json', content: odd })).toMatchObject({
      mime: 'application/json',
    })
    expect(await rig.store({ sessionId, name: 'a.json', content: blob, mime: 'text/x-my' })).toMatchObject({
      mime: 'text/x-my',
    })
  })

  test('AR8 the event holds the whole record, and the session counts it', async () => {
    const rig = await openRig()
    const sessionId = await rig.session()
    const artifact = await rig.store({ sessionId, content: 'x'.repeat(3_000) })
    expect((await rig.events(sessionId)).at(-1)).toMatchObject({
      type: 'artifact.stored',
      data: { artifact },
    })
    expect(await rig.tables.session(sessionId)).toMatchObject({
      counters: { artifacts: 1, artifactBytes: 3_000 },
    })
    const again = await rig.reopen()
    expect(await again.tables.session(sessionId)).toMatchObject({
      counters: { artifacts: 1, artifactBytes: 3_000 },
    })
    expect(await again.artifacts.get(requestOf(again), { id: artifact.id })).toEqual(artifact)
  })

  test('AR8 an effect sorts after its cause and carries its correlation', async () => {
    const rig = await openRig()
    const sessionId = await rig.session()
    const [created] = await rig.events(sessionId)
    if (created === undefined) throw new Error('no event')
    const artifact = await rig.artifacts.store(requestOf(rig, { causeId: created.id }), {
      sessionId,
      name: 'a',
      content: '',
    })
    expect(artifact).toMatchObject({ causeId: created.id, correlationId: created.correlationId })
  })

  test.each(HOSTILE_NAMES)('AR1 %s is stored, found, listed and deleted as data', async (name) => {
    const rig = await openRig()
    const sessionId = await rig.session()
    const neighbour = await rig.store({ sessionId, name: 'passwd', content: 'mine' })
    const artifact = await rig.store({ sessionId, name, content: name })
    expect(await rig.artifacts.get(requestOf(rig), { sessionId, name })).toEqual(artifact)
    expect(await textOf(rig, artifact)).toBe(name)
    expect((await rig.artifacts.list(requestOf(rig), { sessionId, name })).items).toEqual([artifact])
    await rig.artifacts.delete(requestOf(rig), { id: artifact.id })
    expect(await rig.artifacts.get(requestOf(rig), { sessionId, name })).toBeNull()
    expect(await textOf(rig, neighbour)).toBe('mine')
  })
})

describe('content', () => {
  const text = 'line of text, again and again\n'.repeat(200)
  const all = new TextEncoder().encode(text)
  const kinds: readonly [string, () => ArtifactContent][] = [
    ['a Uint8Array', () => all],
    ['an ArrayBuffer', () => all.slice().buffer],
    ['a Blob', () => new Blob([all])],
    ['text', () => text],
    ['a stream', () => streamOf([all.subarray(0, 7), all.subarray(7, 2_000), all.subarray(2_000)])],
  ]

  test.each(kinds)(
    'CK1, CK5: %s of six chunks comes back as it was, also after a reopen',
    async (_what, make) => {
      const rig = await openRig()
      const sessionId = await rig.session()
      const artifact = await rig.store({ sessionId, content: make() })
      expect(artifact).toMatchObject({
        sizeBytes: 6_000,
        contentId: expect.stringMatching(/^sha256:[0-9a-f]{64}-6$/),
      })
      const again = await rig.reopen()
      expect(await bytesOf(again, artifact)).toEqual(all)
    },
  )

  test.each([0, 1, 1_023, 1_024, 1_025, 2_048])(
    'CK1 %i bytes at chunks of 1,024 come back as they were',
    async (sizeBytes) => {
      const rig = await openRig()
      const sessionId = await rig.session()
      const artifact = await rig.store({ sessionId, content: noise(sizeBytes) })
      expect(await bytesOf(rig, artifact)).toEqual(noise(sizeBytes))
      expect((await rowsIn(rig)).chunks).toBe(Math.ceil(sizeBytes / 1_024))
    },
  )

  test('CK3 what shrinks takes less room than it has bytes, what does not takes its own and an envelope', async () => {
    const rig = await openRig({ chunkBytes: 65_536 })
    const sessionId = await rig.session()
    const repeated = 'all work and no play '.repeat(1_000)
    const stored = [
      await rig.store({ sessionId, content: repeated }),
      await rig.store({ sessionId, content: noise(20_000) }),
    ]
    const sizes = []
    for (const { contentId } of stored) {
      const chunk = await rig.tables.chunk('', contentId)
      sizes.push(chunk?.bytes instanceof Uint8Array ? chunk.bytes.byteLength : undefined)
    }
    expect(sizes[0]).toBeLessThan(1_000)
    expect(sizes[1]).toBe(20_003)
    expect(await textOf(rig, { id: stored[0]?.id ?? ('' as never) })).toBe(repeated)
  })

  test('AR22 content above the limit is refused, at once where its size is known', async () => {
    const rig = await openRig({ maxBytes: 5_000 })
    const sessionId = await rig.session()
    expect(await rig.store({ sessionId, content: noise(5_000) })).toMatchObject({ sizeBytes: 5_000 })
    const before = await rowsIn(rig)
    const stored = (content: ArtifactContent, sizeBytes?: number) =>
      rig.store({ sessionId, content, ...(sizeBytes === undefined ? {} : { sizeBytes }) })
    await expect(stored(noise(5_001))).rejects.toEqual(code('VALUE_TOO_LARGE'))
    await expect(stored(streamOf([noise(3_000, 2), noise(3_000, 3)]))).rejects.toEqual(
      code('VALUE_TOO_LARGE'),
    )
    const { stream, pulls } = countedStream()
    await expect(stored(stream, 5_001)).rejects.toEqual(code('VALUE_TOO_LARGE'))
    expect(pulls()).toBe(0)
    expect(await rowsIn(rig)).toEqual(before)
  })
})

describe('refusals', () => {
  test('AR7 only an active session takes artifacts', async () => {
    const rig = await openRig()
    const sessionId = await rig.session()
    await rig.move(sessionId, 'suspend')
    await expect(rig.store({ sessionId })).rejects.toEqual(code('SESSION_NOT_ACTIVE'))
    await rig.move(sessionId, 'resume')
    expect(await rig.store({ sessionId })).toMatchObject({ version: 1 })
    await rig.move(sessionId, 'complete')
    await expect(rig.store({ sessionId })).rejects.toEqual(code('SESSION_NOT_ACTIVE'))
    await rig.move(sessionId, 'archive')
    await expect(rig.store({ sessionId })).rejects.toEqual(code('SESSION_NOT_ACTIVE'))
    await expect(rig.store({ sessionId: 'nobody' as never })).rejects.toEqual(code('SESSION_NOT_FOUND'))
    expect(await rowsIn(rig)).toMatchObject({ artifacts: 1, contents: 1, chunks: 1 })
  })

  test('AR7, AR8: a session that is suspended while the bytes are read gets no artifact and no chunks', async () => {
    const rig = await openRig()
    const sessionId = await rig.session()
    let pulls = 0
    const slow = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          pulls += 1
          if (pulls === 3) await rig.move(sessionId, 'suspend')
          if (pulls > 4) controller.close()
          else controller.enqueue(noise(2_000, pulls))
        },
      },
      { highWaterMark: 0 },
    )
    await expect(rig.store({ sessionId, content: slow })).rejects.toEqual(code('SESSION_NOT_ACTIVE'))
    expect(await rowsIn(rig)).toEqual({ artifacts: 0, contents: 0, chunks: 0, intakes: 0 })
  })

  test('AR18 a parent must be there, and may go later', async () => {
    const rig = await openRig()
    const sessionId = await rig.session()
    const parentId = (await rig.store({ sessionId })).id
    const { stream, pulls, isCancelled } = countedStream()
    const orphan = rig.store({ sessionId, content: stream, parentId: 'nobody' as never })
    await expect(orphan).rejects.toEqual(code('ARTIFACT_NOT_FOUND'))
    expect([pulls(), isCancelled()]).toEqual([0, true])
    const derived = await rig.store({ sessionId, name: 'b', parentId })
    await rig.artifacts.delete(requestOf(rig), { id: parentId })
    expect(await rig.artifacts.get(requestOf(rig), { id: derived.id })).toMatchObject({ parentId })
  })

  test('AR1, AR5: bad input is refused before anything is read', async () => {
    const rig = await openRig()
    const sessionId = await rig.session()
    const streams = [countedStream(), countedStream(), countedStream()]
    const content = () => streams.pop()?.stream ?? ''
    const opened = [...streams]
    const mime = 'text/plain'
    await expect(rig.store({ sessionId, content: content(), mime, name: 'x'.repeat(256) })).rejects.toEqual(
      code('INVALID_NAME'),
    )
    await expect(rig.store({ sessionId, content: content(), mime, tags: [''] })).rejects.toEqual(
      code('INVALID_ARGUMENT'),
    )
    await expect(rig.store({ sessionId, content: content(), mime: 'none' })).rejects.toEqual(
      code('INVALID_ARGUMENT'),
    )
    expect(opened.map(({ pulls }) => pulls())).toEqual([0, 0, 0])
    expect(streams).toEqual([])
  })

  test('AR8, CK5: a stream that fails in the middle leaves no artifact, no version and no chunk', async () => {
    const rig = await openRig()
    const sessionId = await rig.session()
    const broken = streamOf([noise(3_000), noise(3_000, 2), new Error('the network is gone')])
    await expect(rig.store({ sessionId, content: broken })).rejects.toEqual(code('INVALID_VALUE'))
    expect(await rowsIn(rig)).toEqual({ artifacts: 0, contents: 0, chunks: 0, intakes: 0 })
    expect(await rig.events(sessionId)).toHaveLength(1)
    expect(await rig.store({ sessionId })).toMatchObject({ version: 1 })
  })

  test('CK5 an aborted stream leaves nothing, and the caller hears why', async () => {
    const rig = await openRig()
    const sessionId = await rig.session()
    const abort = new AbortController()
    const endless = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          controller.enqueue(noise(2_000))
          abort.abort('enough')
        },
      },
      { highWaterMark: 0 },
    )
    const storing = rig.artifacts.store(requestOf(rig, { signal: abort.signal }), {
      sessionId,
      name: 'a',
      content: endless,
    })
    await expect(storing).rejects.toEqual(code('ABORTED'))
    expect(await rowsIn(rig)).toEqual({ artifacts: 0, contents: 0, chunks: 0, intakes: 0 })
  })
})

describe('repeats', () => {
  const repeated = 'r-1' as RequestId

  test.each<[string, () => ArtifactContent]>([
    ['small', () => 'hello'],
    ['large', () => noise(5_000)],
    ['streamed', () => streamOf([noise(5_000)])],
  ])('AR10 a %s artifact stored twice with one request id is stored once', async (_what, make) => {
    const rig = await openRig()
    const sessionId = await rig.session()
    const send = (on: typeof rig) =>
      on.artifacts.store(requestOf(on, { id: repeated, mayRepeat: true }), {
        sessionId,
        name: 'a',
        content: make(),
      })
    const first = await send(rig)
    const before = await rowsIn(rig)
    expect(await send(rig)).toEqual(first)
    const again = await rig.reopen()
    expect(await send(again)).toEqual(first)
    expect(await rowsIn(again)).toEqual(before)
  })

  test('AR10 a repeat does not read its content', async () => {
    const rig = await openRig()
    const sessionId = await rig.session()
    const request = requestOf(rig, { id: repeated, mayRepeat: true })
    const first = await rig.artifacts.store(request, { sessionId, name: 'a', content: 'once' })
    const { stream, pulls, isCancelled } = countedStream()
    expect(await rig.artifacts.store(request, { sessionId, name: 'a', content: stream })).toEqual(first)
    expect([pulls(), isCancelled()]).toEqual([0, true])
  })

  test('AR10 both of two at once with one request id get the one artifact, and nothing is left over', async () => {
    const rig = await openRig()
    const sessionId = await rig.session()
    const request = requestOf(rig, { id: repeated, mayRepeat: true })
    const send = () =>
      rig.artifacts.store(request, { sessionId, name: 'a', content: streamOf([noise(5_000)]) })
    const [first, second] = await Promise.all([send(), send()])
    expect(second).toEqual(first)
    expect(await rowsIn(rig)).toEqual({ artifacts: 1, contents: 1, chunks: 5, intakes: 0 })
    expect(await bytesOf(rig, first)).toEqual(noise(5_000))
  })

  test('AR10 what was stored after the look for it is found when the repeat is refused', async () => {
    let looks = 0
    const rig = await openRig({
      journal: (journal) => ({
        ...journal,
        outcomeOf: async (id) => {
          looks += 1
          return looks % 2 === 1 ? undefined : journal.outcomeOf(id)
        },
      }),
    })
    const sessionId = await rig.session()
    const again = (id: string) => requestOf(rig, { id: id as RequestId, mayRepeat: true })
    const once = (id: string) => requestOf(rig, { id: id as RequestId })
    const store = { sessionId, name: 'a', content: 'x' }
    const artifact = await rig.artifacts.store(once('store'), store)
    const edit = { id: artifact.id, changes: { tags: ['t'] } }
    const edited = await rig.artifacts.edit(once('edit'), edit)
    await rig.move(sessionId, 'archive')
    expect(await rig.artifacts.store(again('store'), store)).toEqual(edited)
    expect(await rig.artifacts.edit(again('edit'), edit)).toEqual(edited)
    await rig.move(sessionId, 'unarchive')
    await rig.artifacts.delete(once('delete'), { id: artifact.id })
    expect(await rig.artifacts.delete(again('delete'), { id: artifact.id })).toBeNull()
    expect(looks).toBe(6)
  })
})
