import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineApp, type Session } from '../../src/index.ts'
import { expectSound, visit, visitAgain } from './visit.ts'

async function live(session: Session): Promise<void> {
  await session.state.set('at', 1)
  await session.artifacts.store({ name: 'a', content: session.id })
  await session.suspend()
  await session.resume()
  await session.step('think', null, async (_input, { session: bound }) => {
    await bound.artifacts.store({ name: 'thought', content: 'x' })
    return bound.emit('thought.had', {})
  })
  await session.complete()
}

test('OR45 event correlation: all events of a session share its root, none of another, in order', async () => {
  const first = await visit()
  const one = await first.holdfast.sessions.create()
  const two = await first.holdfast.sessions.create()
  await Promise.all([live(one), live(two)])

  const next = await visitAgain(first)
  const { timeline, sessions } = next.holdfast
  expect(one.info.correlationId).not.toBe(two.info.correlationId)
  const seen = new Set<string>()
  for (const { id } of [one, two]) {
    const session = await sessions.open(id)
    const { items } = await session.timeline.query()
    expect(items.map(({ type }) => type)).toEqual([
      'session.created',
      'state.changed',
      'artifact.stored',
      'session.suspended',
      'session.resumed',
      'step.started',
      'hook.ran',
      'artifact.stored',
      'thought.had',
      'step.completed',
      'hook.ran',
      'session.completed',
    ])
    const { correlationId } = session.info
    for (const event of items) {
      expect(event).toMatchObject({ correlationId, sessionId: id, source: 'local' })
      seen.add(event.id)
    }
    expect(items.map((event) => event.id)).toEqual(items.map((event) => event.id).toSorted())
    const [, , , , , step, , stored, had, completed] = items
    expect([stored?.causeId, had?.causeId, completed?.causeId]).toEqual([step?.id, step?.id, step?.id])
    expect((await timeline.query({ correlationId })).items).toEqual(items)
    const inTree: string[] = []
    const nodes = [...(await session.timeline.tree(session.info))]
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      inTree.push(node.event.id)
      nodes.push(...node.children)
    }
    expect(inTree.toSorted()).toEqual(items.map((event) => event.id))
    expect((await session.timeline.query({ order: 'desc' })).items).toEqual(items.toReversed())
  }
  expect(seen.size).toBe(24)
  await expectSound(next)
})

test('OR46 correlated, linked and tagged events are found after a reopen, and what is refused is not', async () => {
  const app = defineApp({
    events: {
      'order.placed': z.object({ id: z.string(), count: z.number().default(1) }),
      'order.paid': z.object({}),
      'parcel.asked': z.object({}),
      'parcel.sent': z.object({}),
    },
  })
  const first = await visit({ app })
  const session = await first.holdfast.sessions.create()
  const order = await session.emit('order.placed', { id: '7' }, { tags: ['shop'], target: 'store' })
  expect(order.data).toEqual({ id: '7', count: 1 })
  const paid = await session.emit('order.paid', {}, { links: { causedBy: order, partOf: order } })
  const asked = await session.emit('parcel.asked', {}, { links: { relatedTo: [order, paid] } })
  const sent = await session.emit('parcel.sent', {}, { links: { responseTo: asked, followsFrom: paid.id } })
  const before = (await session.timeline.query()).items
  await expect(session.emit('order.placed', { id: 7 } as never)).rejects.toMatchObject({
    code: 'SCHEMA_INVALID',
  })
  await expect(session.emit('Order placed' as never, {} as never)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  })
  await expect(session.emit('session.custom' as never, {} as never)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  })

  const next = await visitAgain(first)
  const again = await next.holdfast.sessions.open(session.id)
  const found = async (query: Parameters<typeof again.timeline.query>[0]) =>
    (await again.timeline.query(query)).items.map(({ type }) => type)
  expect((await again.timeline.query()).items).toEqual(before)
  expect(await found({ causeId: order.id })).toEqual(['order.paid'])
  expect(await found({ linkedTo: order.id })).toEqual(['order.paid', 'parcel.asked'])
  expect(await found({ linkedTo: asked.id, links: ['responseTo'] })).toEqual(['parcel.sent'])
  expect(await found({ links: ['followsFrom', 'partOf'] })).toEqual(['order.paid', 'parcel.sent'])
  expect(await found({ tags: ['shop'], targets: ['store'] })).toEqual(['order.placed'])
  expect(await found({ types: ['o*.p*d', '*.s*t'] })).toEqual(['order.placed', 'order.paid', 'parcel.sent'])
  expect((await again.timeline.query({ types: ['parcel.sent'] })).items).toEqual([sent])
  await expectSound(next)
})

test('OR47 roots, leaves, depth, chains and rate after a reopen, of a range of time as well', async () => {
  const first = await visit()
  const session = await first.holdfast.sessions.create()
  const root = await session.emit('a', {})
  const left = await session.emit('b', {}, { links: { causedBy: root } })
  const right = await session.emit('b', {}, { links: { causedBy: root } })
  const deep = await session.emit('c', {}, { links: { causedBy: right } })
  const alone = await session.emit('d', {})

  const next = await visitAgain(first)
  const { timeline } = await next.holdfast.sessions.open(session.id)
  const types = ['a', 'b', 'c', 'd']
  const all = await timeline.statistics({ types })
  expect(all).toMatchObject({ events: 5, correlations: 1, roots: 2, leaves: 3, maxDepth: 2, chains: 1 })
  expect(all.longestChains).toMatchObject([{ root: root.id, events: 4, depth: 2 }])
  expect(all.durationMs).toBe(alone.time - root.time)
  if (all.durationMs > 0) expect(all.eventsPerSecond).toBeCloseTo(5_000 / all.durationMs)
  const ids = async (query: Parameters<typeof timeline.query>[0]) =>
    (await timeline.query({ types, ...query })).items.map(({ id }) => id)
  expect(await ids({ rootsOnly: true })).toEqual([root.id, alone.id])
  expect(await ids({ leavesOnly: true })).toEqual([left.id, deep.id, alone.id])
  expect(await ids({ minDepth: 1, maxDepth: 1 })).toEqual([left.id, right.id])
  expect(await ids({ sortBy: 'depth', order: 'desc', limit: 1 })).toEqual([deep.id])
  expect(await ids({ from: root.time, to: alone.time })).toHaveLength(5)
  expect(await ids({ from: alone.time + 1 })).toEqual([])
  expect(await ids({ to: root.time - 1 })).toEqual([])
  expect((await timeline.statistics({ types, to: root.time - 1 })).events).toBe(0)
  await expectSound(next)
})

test('OR48 retries, failures, parallel and nested work hang below their cause, in a correlation of their own', async () => {
  const first = await visit()
  const session = await first.holdfast.sessions.create()
  const job = session.correlate()
  const begun = await job.emit('job.begun', {})
  const inJob = job.correlate({ cause: begun })
  let tries = 0
  const flaky = async () => {
    tries += 1
    if (tries < 3) throw new Error('not yet')
    return tries
  }
  const attempt = async (cause: Session): Promise<number> => {
    try {
      return await cause.step('flaky', null, flaky)
    } catch {
      const failed = await cause.emit('attempt.failed', { tries })
      return attempt(cause.correlate({ cause: failed }))
    }
  }
  const [value] = await Promise.all([
    attempt(inJob),
    ...['x', 'y', 'z'].map((tool) =>
      inJob.step(`tool:${tool}`, tool, (_input, { session: bound }) => bound.emit(`tool.${tool}`, {})),
    ),
    inJob.run('nested', async (run) => {
      await run.session.emit('nested.noted', {})
      return run.step('inner', null, (_input, { session: bound }) => bound.state.set('deep', true))
    }),
    session.emit('outside', {}),
  ])
  expect(value).toBe(3)

  const next = await visitAgain(first)
  const { timeline } = next.holdfast
  const { items } = await timeline.query({ correlationId: begun.correlationId, limit: 1_000 })
  const all = await (await next.holdfast.sessions.open(session.id)).timeline.query({ limit: 1_000 })
  const others = all.items.filter(({ id }) => !items.some((item) => item.id === id))
  expect(others.map(({ type }) => type)).toEqual(['session.created', 'outside'])
  for (const event of others) expect(event.correlationId).toBe(session.info.correlationId)
  const byId = new Map(items.map((event) => [event.id as string, event]))
  for (const event of items) {
    if (event.id === begun.id) continue
    const cause = byId.get(event.causeId ?? '')
    expect(cause, event.type).toBeDefined()
    expect(event.id > (cause?.id ?? '')).toBe(true)
  }
  const causeOf = (type: string) => byId.get(items.find((event) => event.type === type)?.causeId ?? '')
  for (const tool of ['x', 'y', 'z'])
    expect(causeOf(`tool.${tool}`)?.data).toMatchObject({ step: `tool:${tool}@0` })
  expect(causeOf('nested.noted')?.type).toBe('run.started')
  expect(causeOf('state.changed')?.data).toMatchObject({ step: 'inner@0' })
  const flakyStarts = items.filter(
    ({ type, data }) => type === 'step.started' && Object(data).step === 'flaky@0',
  )
  expect(flakyStarts.map(({ causeId }) => byId.get(causeId ?? '')?.type)).toEqual([
    'job.begun',
    'attempt.failed',
    'attempt.failed',
  ])
  const statistics = await timeline.statistics({ correlationId: begun.correlationId })
  expect(statistics).toMatchObject({ events: items.length, roots: 1, chains: 1, correlations: 1 })
  expect(statistics.longestChains[0]?.root).toBe(begun.id)
  await expectSound(next)
})
