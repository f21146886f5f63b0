import { expect, test } from 'vitest'
import type { Artifact, Session } from '../../src/index.ts'
import { rejectionOf } from '../client/rejection.ts'
import { countRows } from '../origin/rows.ts'
import { expectSound, type Visit, visit, visitAgain } from '../origin/visit.ts'
import { DEADLINE_MS, expectNothingStored, expectRefused } from './unchanged.ts'

const MIB = 1024 * 1024

/** Gives pieces of one MiB, each another, and then ends as it is told. */
function streamOf(
  pieces: number,
  end: (controller: ReadableStreamDefaultController<Uint8Array>) => void | Promise<void>,
  onCancel: (reason: unknown) => void = () => {},
): ReadableStream<Uint8Array> {
  let given = 0
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      given += 1
      if (given > pieces) return end(controller)
      controller.enqueue(new Uint8Array(MIB).fill(given))
      return undefined
    },
    cancel: onCancel,
  })
}

const endless = () => new Promise<void>(() => {})

/** That a name is free and no byte is left of what was to be stored under it. */
async function expectNoBytes({ name }: Visit, session: Session): Promise<void> {
  expect((await session.artifacts.list({ count: true })).total).toBe(0)
  const bare = { artifacts: 0, contents: 0, chunks: 0 }
  await expect.poll(() => countRows(name)).toMatchObject(bare)
}

test('BI17 what says something impossible of an artifact is refused by its path, and its bytes are not stored', async () => {
  const opened = await visit({ deadlineMs: DEADLINE_MS })
  const session = await opened.holdfast.sessions.create()
  const store = (what: object) => () => session.artifacts.store({ name: 'a', content: 'x', ...what })
  const at = (path: string) => ({ code: 'INVALID_ARGUMENT', details: { path } })
  await expectNothingStored(opened, () =>
    expectRefused({
      'a MIME type without a slash': [store({ mime: 'text' }), at('mime')],
      'an empty MIME type': [store({ mime: '' }), at('mime')],
      'a MIME type with a line break': [store({ mime: 'text/plain\r\nx: y' }), at('mime')],
      'a MIME type of 300 characters': [store({ mime: `text/${'x'.repeat(295)}` }), at('mime')],
      'a tag of 65 characters': [store({ tags: ['ok', 't'.repeat(65)] }), at('tags.1')],
      'tags that are a text': [store({ tags: 'raw' }), at('tags')],
      'a kind that is a number': [store({ kind: 7 }), at('kind')],
      'metadata that is a list': [store({ metadata: [1] }), at('metadata')],
      'a number for bytes': [store({ content: 7 }), { code: 'INVALID_VALUE' }],
      'nothing for bytes': [store({ content: undefined }), { code: 'INVALID_VALUE' }],
      'no name': [store({ name: undefined }), { code: 'INVALID_NAME' }],
    }),
  )
  await expectSound(opened)
})

test('BI18 a source that fails in the middle leaves no artifact, no chunk and no version', async () => {
  const first = await visit()
  const session = await first.holdfast.sessions.create()
  const broken = streamOf(3, (controller) => controller.error(new RangeError('the disk is gone')))
  const error = await rejectionOf(session.artifacts.store({ name: 'large.bin', content: broken }))
  expect(error).toMatchObject({ code: 'INVALID_VALUE' })
  const odd = new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array(MIB))
      controller.enqueue('text')
      controller.close()
    },
  })
  expect(await rejectionOf(session.artifacts.store({ name: 'large.bin', content: odd }))).toMatchObject({
    code: 'INVALID_VALUE',
  })
  await expectNoBytes(first, session)

  const next = await visitAgain(first)
  const again = await next.holdfast.sessions.open(session.id)
  const whole = streamOf(3, (controller) => controller.close())
  const stored = await again.artifacts.store({ name: 'large.bin', content: whole })
  expect(stored).toMatchObject({ version: 1, sizeBytes: 3 * MIB })
  expect((await stored.bytes({ start: -1 }))[0]).toBe(3)
  await expectSound(next)
})

test('BI19 an aborted signal refuses every kind of call before anything is stored', async () => {
  const opened = await visit({ deadlineMs: DEADLINE_MS })
  const { holdfast } = opened
  const session = await holdfast.sessions.create({ state: { k: 'before' } })
  const artifact = await session.artifacts.store({ name: 'before', content: 'x' })
  const options = { signal: AbortSignal.abort(new Error('never mind')) }
  const aborted = { code: 'ABORTED', cause: { message: 'never mind' } }
  await expectNothingStored(opened, () =>
    expectRefused({
      create: [() => holdfast.sessions.create({}, options), aborted],
      list: [() => holdfast.sessions.list({}, options), aborted],
      edit: [() => session.edit({ name: 'x' }, options), aborted],
      save: [() => session.save({}, options), aborted],
      suspend: [() => session.suspend(options), aborted],
      fork: [() => session.fork({}, options), aborted],
      delete: [() => session.delete({}, options), aborted],
      set: [() => session.state.set('k', 'after', options), aborted],
      emit: [() => session.emit('it.was', {}, options), aborted],
      store: [() => session.artifacts.store({ name: 'a', content: new Uint8Array(MIB) }, options), aborted],
      'artifact edit': [() => session.artifacts.edit(artifact, { tags: ['x'] }, options), aborted],
      'artifact delete': [() => session.artifacts.delete(artifact, options), aborted],
      read: [() => artifact.text(options), aborted],
      step: [() => session.step('tool:x', null, async () => 1, options), aborted],
      run: [() => session.run('analyse', options, async () => 1), aborted],
      replay: [() => session.replay(options).report, aborted],
      import: [() => holdfast.sessions.import('[]', { format: 'openai-messages', ...options }), aborted],
    }),
  )
  expect(session.state.get('k')).toBe('before')
  await expectSound(opened)
})

test('BI20 a signal that is aborted while bytes come in ends the store, closes the source and leaves nothing', async () => {
  const first = await visit()
  const session = await first.holdfast.sessions.create()
  const controller = new AbortController()
  let closeSource: (reason: unknown) => void = () => {}
  const closed = new Promise((resolve) => {
    closeSource = resolve
  })
  const content = streamOf(2, endless, closeSource)
  const storing = rejectionOf(
    session.artifacts.store({ name: 'large.bin', content }, { signal: controller.signal }),
  )
  await expect.poll(async () => (await countRows(first.name)).chunks).toBeGreaterThan(0)
  controller.abort(new Error('never mind'))
  expect(await storing).toMatchObject({ code: 'ABORTED', cause: { message: 'never mind' } })
  await closed
  await expectNoBytes(first, session)

  const next = await visitAgain(first)
  const again = await next.holdfast.sessions.open(session.id)
  expect(await again.artifacts.store({ name: 'large.bin', content: 'x' })).toMatchObject({ version: 1 })
  await expectSound(next)
})

test('BI21 a deadline of a millisecond on eight megabytes: stored whole or not at all', async () => {
  const first = await visit()
  const session = await first.holdfast.sessions.create()
  const content = new Uint8Array(8 * MIB).map((_, at) => (at * 31) % 251)
  const sources = {
    bytes: () => content,
    blob: () => new Blob([content]),
    stream: () => new Blob([content]).stream(),
  }
  const outcomes: Record<string, Artifact | unknown> = {}
  for (const [name, source] of Object.entries(sources)) {
    outcomes[name] = await session.artifacts
      .store({ name, content: source() }, { deadlineMs: 1 })
      .catch((error: unknown) => error)
  }
  const hanging = { name: 'hanging', content: streamOf(2, endless) }
  expect(await rejectionOf(session.artifacts.store(hanging, { deadlineMs: 50 }))).toMatchObject({
    code: 'DEADLINE',
    details: { deadlineMs: 50 },
  })

  const next = await visitAgain(first)
  const again = await next.holdfast.sessions.open(session.id)
  let stored = 0
  for (const [name, outcome] of Object.entries(outcomes)) {
    const artifact = await again.artifacts.get({ name })
    if (outcome instanceof Error) {
      expect(outcome, name).toMatchObject({ code: 'DEADLINE', details: { deadlineMs: 1 } })
      expect(artifact, name).toBeNull()
      continue
    }
    stored += 1
    expect(indexedDB.cmp((await artifact?.bytes()) ?? '', content), name).toBe(0)
  }
  expect(again.info.counters).toMatchObject({ artifacts: stored, artifactBytes: stored * 8 * MIB })
  await next.holdfast.close()
  expect(await countRows(first.name)).toMatchObject({ artifacts: stored, chunks: stored > 0 ? 8 : 0 })
  await expectSound(next)
})
