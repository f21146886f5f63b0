import 'fake-indexeddb/auto'
import { afterEach, expect, test } from 'vitest'
import { decideArtifacts, headsOfArtifacts } from '../../../src/core/artifact/decide.ts'
import type { Collected } from '../../../src/core/hook/definition.ts'
import type { HookScope } from '../../../src/core/hook/operation-hooks.ts'
import { type EventId, type SessionId, sessionStream } from '../../../src/core/ids.ts'
import { requireHead, sessionHeadKey } from '../../../src/core/session/head.ts'
import { makeEvent } from '../../../src/core/timeline/make-event.ts'
import {
  bytesOf,
  code,
  expectLaws,
  noise,
  openRig,
  type Rig,
  requestOf,
  rowsIn,
  streamOf,
  textOf,
} from './rig.ts'

afterEach(expectLaws)

test('AR9 a hook gets the exact size, also of a stream that says another one, and its MIME type', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  const seen: unknown[] = []
  rig.register({
    id: 'look',
    version: 1,
    point: 'artifact:store',
    stage: 'before',
    run: ({ draft, sizeBytes }) => void seen.push([draft.name, draft.mime, sizeBytes]),
  })
  await rig.store({ sessionId, name: 'a', content: 'ä' })
  await rig.store({ sessionId, name: 'b', content: new Blob([noise(3_000)]) })
  await rig.store({ sessionId, name: 'c', content: streamOf([noise(700), noise(2_000)]), sizeBytes: 5 })
  expect(seen).toEqual([
    ['a', 'text/plain', 2],
    ['b', 'application/octet-stream', 3_000],
    ['c', 'application/octet-stream', 2_700],
  ])
})

test('AR9 what a hook changes is what is stored, and its part is recorded', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  rig.register({
    id: 'rename',
    version: 3,
    point: 'artifact:store',
    stage: 'before',
    run: ({ draft }) => ({
      kind: 'modify',
      change: { draft: { ...draft, name: `in/${draft.name}`, tags: ['seen'] } },
    }),
  })
  await rig.store({ sessionId })
  const second = await rig.store({ sessionId })
  expect(second).toMatchObject({ name: 'in/a.txt', tags: ['seen'], version: 2 })
  const [stored, hookRan] = (await rig.events(sessionId)).slice(-2)
  expect(stored).toMatchObject({ type: 'artifact.stored', data: { artifact: second } })
  expect(hookRan).toMatchObject({
    type: 'hook.ran',
    causeId: stored?.id,
    data: { point: 'artifact:store', stage: 'before', runs: [{ hook: 'rename@3', outcome: 'modify' }] },
  })
})

test.each([
  ['small', () => 'hello'],
  ['large', () => noise(5_000)],
  ['streamed', () => streamOf([noise(5_000)])],
])('AR9 a %s artifact that a hook refuses leaves nothing', async (_what, make) => {
  const rig = await openRig()
  const sessionId = await rig.session()
  rig.register({
    id: 'none',
    version: 1,
    point: 'artifact:store',
    stage: 'before',
    run: () => ({ kind: 'cancel', reason: 'too big' }),
  })
  await expect(rig.store({ sessionId, content: make() })).rejects.toMatchObject({
    code: 'HOOK_CANCELLED',
    details: { reason: 'too big' },
  })
  expect(await rowsIn(rig)).toEqual({ artifacts: 0, contents: 0, chunks: 0, intakes: 0 })
  expect(await rig.events(sessionId)).toHaveLength(1)
})

test('AR9 a hook that makes of a draft what cannot be stored has failed, not the caller', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  rig.register({
    id: 'bad',
    version: 1,
    point: 'artifact:store',
    stage: 'before',
    run: ({ draft }) => ({ kind: 'modify', change: { draft: { ...draft, name: '' } } }),
  })
  await expect(rig.store({ sessionId })).rejects.toEqual(code('HOOK_FAILED'))
})

test('AR9 after-hooks get the record that was stored', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  const told = new Promise((resolve) => {
    rig.register({
      id: 'log',
      version: 1,
      point: 'artifact:store',
      stage: 'after',
      run: ({ artifact }) => {
        resolve(artifact)
      },
    })
  })
  const artifact = await rig.store({ sessionId })
  expect(await told).toEqual(artifact)
})

const draft = (name: string, content: string | Uint8Array): Collected => ({
  name,
  kind: 'tool_result',
  mime: 'application/json',
  description: '',
  tags: ['auto-collected'],
  metadata: {},
  content,
})

async function scopeIn(rig: Rig, sessionId: SessionId): Promise<HookScope> {
  const session = await rig.tables.session(sessionId)
  if (session === undefined) throw new Error('no session')
  return { request: requestOf(rig), session, sessionId, correlationId: session.correlationId }
}

/** An operation of somebody else, which stores an event and what was collected in one commit. */
async function commitWith(rig: Rig, sessionId: SessionId, collected: readonly Collected[]) {
  const scope = await scopeIn(rig, sessionId)
  const collection = await rig.artifacts.collect(collected, scope)
  const { clock, journal } = rig
  const outcome = await journal.commit({
    requestId: scope.request.id,
    mayRepeat: false,
    durability: 'strict',
    heads: [sessionHeadKey(sessionId), ...headsOfArtifacts(sessionId, collection.prepared)],
    decide(heads) {
      requireHead(heads, sessionId)
      const frame = { correlationId: scope.correlationId }
      const main = makeEvent(clock.nextId<EventId>(), 'order.placed', { id: 7 }, frame)
      const decided = decideArtifacts(collection.prepared, {
        session: sessionId,
        heads,
        clock,
        frame: { ...frame, causeId: main.id },
      })
      return {
        result: decided.records,
        resultId: main.id,
        writes: [{ stream: sessionStream(sessionId), events: [main, ...decided.events], index: true }],
        heads: decided.heads,
        rows: decided.rows,
      }
    },
  })
  if (outcome.repeated) throw new Error('repeated')
  return { records: outcome.result, collection, commitId: outcome.commitId }
}

test('AR20 several artifacts of several names and sizes land in one commit with what they belong to', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  await rig.store({ sessionId, name: 'a', content: 'before' })
  const large = noise(5_000)
  const { records } = await commitWith(rig, sessionId, [
    draft('a', 'one'),
    draft('b', large),
    draft('a', 'two'),
    draft('a', 'one'),
    draft('c', large),
  ])
  expect(records.map(({ name, version }) => `${name}${version}`)).toEqual(['a2', 'b1', 'a3', 'a4', 'c1'])
  expect(records[2]?.previousId).toBe(records[0]?.id)
  const again = await rig.reopen()
  for (const [at, content] of [
    [0, 'one'],
    [2, 'two'],
    [3, 'one'],
  ] as const) {
    expect(await textOf(again, { id: records[at]?.id ?? ('' as never) })).toBe(content)
  }
  for (const at of [1, 4])
    expect(await bytesOf(again, { id: records[at]?.id ?? ('' as never) })).toEqual(large)
  const events = await again.events(sessionId)
  const main = events.find(({ type }) => type === 'order.placed')
  expect(events.filter(({ causeId }) => causeId === main?.id)).toHaveLength(5)
  expect(await again.store({ sessionId, name: 'a' })).toMatchObject({
    version: 5,
    previousId: records[3]?.id,
  })
  expect(await rowsIn(again)).toEqual({ artifacts: 7, contents: 5, chunks: 9, intakes: 0 })
  for (const [at, references] of [
    [0, 2],
    [1, 2],
  ] as const) {
    expect((await again.tables.content('', records[at]?.contentId ?? ''))?.references).toBe(references)
  }
})

test('AR20 hooks gate what is collected; what is refused or cannot be stored is left out', async () => {
  const rig = await openRig({ maxBytes: 90 })
  const sessionId = await rig.session()
  rig.register({
    id: 'size-limit',
    version: 1,
    point: 'artifact:store',
    stage: 'before',
    run: ({ draft, sizeBytes = 0 }) =>
      sizeBytes > 100
        ? { kind: 'cancel', reason: 'too big' }
        : { kind: 'modify', change: { draft: { ...draft, tags: [...draft.tags, 'gated'] } } },
  })
  const { records, collection } = await commitWith(rig, sessionId, [
    draft('good', 'ok'),
    draft('big', noise(5_000)),
    draft('medium', noise(95)),
  ])
  expect(records.map(({ name, tags }) => [name, ...tags])).toEqual([['good', 'auto-collected', 'gated']])
  expect(collection.refused.map(({ name, error }) => [name, error.code])).toEqual([
    ['big', 'HOOK_CANCELLED'],
    ['medium', 'VALUE_TOO_LARGE'],
  ])
  expect(collection.runs.map(({ hook, outcome }) => [hook, outcome])).toEqual([
    ['size-limit@1', 'modify'],
    ['size-limit@1', 'modify'],
  ])
  expect(await rowsIn(rig)).toEqual({ artifacts: 1, contents: 1, chunks: 1, intakes: 0 })
})

test('AR20 what was collected for an operation that did not come to a commit is given up', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  const { prepared } = await rig.artifacts.collect(
    [draft('a', noise(5_000)), draft('b', 'small')],
    await scopeIn(rig, sessionId),
  )
  expect((await rowsIn(rig)).chunks).toBe(5)
  await rig.artifacts.abandon(prepared)
  expect(await rowsIn(rig)).toEqual({ artifacts: 0, contents: 0, chunks: 0, intakes: 0 })
})

test('AR20 an aborted collection leaves nothing', async () => {
  const rig = await openRig()
  const sessionId = await rig.session()
  const abort = new AbortController()
  rig.register({
    id: 'abort',
    version: 1,
    point: 'artifact:store',
    stage: 'before',
    run: ({ draft }) => {
      if (draft.name === 'b') abort.abort('enough')
      return undefined
    },
  })
  const scope = await scopeIn(rig, sessionId)
  const request = requestOf(rig, { signal: abort.signal })
  const collecting = rig.artifacts.collect([draft('a', noise(5_000)), draft('b', noise(5_000, 2))], {
    ...scope,
    request,
  })
  await expect(collecting).rejects.toEqual(code('ABORTED'))
  expect(await rowsIn(rig)).toEqual({ artifacts: 0, contents: 0, chunks: 0, intakes: 0 })
})
