import { expect, test } from 'vitest'
import { open, openAgain } from './open.ts'

test('PG40 events are found by type, cause and correlation, of one session or of the store', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const other = await holdfast.sessions.create()
  const cause = await session.emit('asked', { n: 1 })
  const effect = await session.correlate({ cause }).emit('answered', { n: 2 })
  await other.emit('asked', {})
  expect(
    (await session.timeline.query({ types: ['*ed'], order: 'desc', limit: 2 })).items.map(({ id }) => id),
  ).toEqual([effect.id, cause.id])
  const tree = await session.timeline.tree(effect)
  const [root] = tree
  expect(root).toMatchObject({ event: { type: 'session.created' }, depth: 0 })
  const node = tree.find(({ event }) => event.id === cause.id)
  expect(node?.children.map(({ event, depth }) => [event.id, depth])).toEqual([[effect.id, 1]])
  expect(await holdfast.timeline.tree(effect.correlationId)).toEqual(tree)
})

test('WI42 many events begin to leave while they are emitted, after what was written before', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const written = session.state.set('a', 1)
  const emitted = Array.from({ length: 700 }, (_, at) =>
    session.emit('many', { at, text: 'x'.repeat(1_000) }),
  )
  const last = session.state.set('b', 1)
  await Promise.all([written, last, ...emitted])
  const { items } = await session.timeline.query({ limit: 1_000 })
  expect(
    items.filter(({ type }) => type === 'many').map(({ data }) => Reflect.get(Object(data), 'at')),
  ).toEqual(emitted.map((_, at) => at))
  expect(items.findIndex(({ type }) => type === 'state.changed')).toBeLessThan(
    items.findIndex(({ type }) => type === 'many'),
  )
})

test('WI49 data of every kind is answered, watched and read as it was emitted', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  const watch = other.timeline.watch({ types: ['of.*'] })
  const data = [
    null,
    -0.5,
    'ünïcode \u2028 \n "x"',
    [1, [true]],
    { inline: 1 },
    new Uint8Array([1]),
    { password: 'x' },
  ]
  const first = watch.next()
  const emitted = await Promise.all(data.map((one, at) => session.emit(`of.${at}`, one)))
  const expected = [...data.slice(0, -1), { password: '[REDACTED]' }]
  expect(emitted.map((event) => event.data)).toEqual(expected)
  const seen = [await first]
  while (seen.length < data.length) seen.push(await watch.next())
  expect(seen.map(({ value }) => value?.data)).toEqual(expected)
  await watch.return()
  const { items } = await other.timeline.query({ types: ['of.*'] })
  expect(items).toEqual(emitted)
})

test('PG41 a watch yields what is stored from now on, by type', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  await session.emit('too.early', {})
  const watch = session.timeline.watch({ types: ['order.*'] })
  await session.state.set('a', 1)
  await other.emit('order.placed', { id: '7' })
  const { value } = await watch.next()
  expect(value).toMatchObject({ type: 'order.placed', data: { id: '7' }, late: false })
  await watch.return()
  expect(await watch.next()).toEqual({ done: true, value: undefined })
})

test('PG41 a watch since an event begins with what was stored after it', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const first = await session.emit('one', {})
  await session.emit('two', {})
  await session.emit('three', {})
  const types: string[] = []
  for await (const { type } of session.timeline.watch({ types: ['two', 'three', 'four'], since: first.id })) {
    types.push(type)
    if (type === 'three') await session.emit('four', {})
    if (type === 'four') break
  }
  expect(types).toEqual(['two', 'three', 'four'])
})

test('PG42 a watch ends by its signal, also while it waits', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const controller = new AbortController()
  const watch = session.timeline.watch({ signal: controller.signal })
  const waiting = watch.next()
  controller.abort()
  expect(await waiting).toEqual({ done: true, value: undefined })
  expect(await session.timeline.watch({ signal: controller.signal }).next()).toEqual({
    done: true,
    value: undefined,
  })
})

test('PG43 a slow reader loses the oldest events, which are counted', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const watch = session.timeline.watch({ types: ['tick'], buffer: 2 })
  for (let tick = 0; tick < 5; tick += 1) await session.emit('tick', { tick })
  await expect.poll(() => watch.dropped).toBe(3)
  expect([await watch.next(), await watch.next()]).toMatchObject([
    { value: { data: { tick: 3 } } },
    { value: { data: { tick: 4 } } },
  ])
  await watch.return()
})

test('PG44 the store is watched as a whole', async () => {
  const opened = await open()
  const watch = opened.holdfast.timeline.watch({ types: ['session.created'] })
  const other = await openAgain(opened)
  const session = await other.holdfast.sessions.create()
  expect((await watch.next()).value).toMatchObject({ type: 'session.created', sessionId: session.id })
  await watch.return()
})

test('PG47 data over 32 KB is what was emitted, wherever its event is read', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const watch = session.timeline.watch({ types: ['told'] })
  const data = { text: 'x'.repeat(40_000) }
  const event = await session.emit('told', data)
  expect(event.data).toEqual(data)
  expect((await watch.next()).value?.data).toEqual(data)
  await watch.return()
  expect((await session.timeline.query({ types: ['told'] })).items[0]?.data).toEqual(data)
  const tree = await session.timeline.tree(event)
  expect(tree.find((node) => node.event.id === event.id)?.event.data).toEqual(data)
  expect((await session.emit('told', { inline: 5 })).data).toEqual({ inline: 5 })
})

test('PG40, TI19: statistics of a session say how its events hang together', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const cause = await session.emit('asked', {})
  await session.emit('answered', {}, { links: { causedBy: cause } })
  expect(await session.timeline.statistics({ types: ['asked', 'answered'] })).toMatchObject({
    events: 2,
    roots: 1,
    leaves: 1,
    maxDepth: 1,
    longestChains: [{ root: cause.id, events: 2 }],
  })
  expect(await holdfast.timeline.statistics({ correlationId: cause.correlationId })).toMatchObject({
    events: 3,
  })
})

test('PG120 a handle of its own correlation shares it with nothing else, however handles nest', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const job = session.correlate()
  const first = await job.emit('job.begun', {})
  const nested = job.correlate({ cause: first })
  const second = await nested.emit('job.part', {})
  const inner = nested.correlate()
  const third = await inner.emit('inner.begun', {})
  await job.state.set('a', 1)
  const outside = await session.emit('outside', {})
  const { correlationId: root } = session.info
  expect(first.correlationId).not.toBe(root)
  expect(second).toMatchObject({ correlationId: first.correlationId, causeId: first.id })
  expect(third.causeId).toBe(first.id)
  expect([root, first.correlationId]).not.toContain(third.correlationId)
  expect(outside).toMatchObject({ correlationId: root })
  expect(outside).not.toHaveProperty('causeId')
  const { items } = await holdfast.timeline.query({ correlationId: first.correlationId })
  expect(items.map(({ type }) => type)).toEqual(['job.begun', 'job.part', 'state.changed'])
  expect(await job.emit('again', {}, { links: { causedBy: outside } })).toMatchObject({
    correlationId: first.correlationId,
    causeId: outside.id,
  })
})

test('TI15, PG121: what emit says of an event stands in it, its first cause as such', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const other = await holdfast.sessions.create()
  const far = await other.emit('far', {})
  const near = await session.emit('near', {})
  const links = { causedBy: [far, near], responseTo: near.id }
  const [linked, plain] = await Promise.all([
    session.emit('linked', { n: 1 }, { links, tags: ['a'], target: 'ada' }),
    session.emit('plain', {}),
  ])
  expect(linked).toMatchObject({
    causeId: far.id,
    correlationId: far.correlationId,
    links: { causedBy: [near.id], responseTo: [near.id] },
    tags: ['a'],
    target: 'ada',
  })
  expect(plain).not.toHaveProperty('causeId')
  const bound = await session
    .correlate({ cause: near })
    .emit('bound', {}, { links: { causedBy: far.id }, requestId: 'r1' })
  expect(bound).toMatchObject({ causeId: near.id, links: { causedBy: [far.id] } })
  const { items } = await session.timeline.query({ types: ['linked', 'plain', 'bound'] })
  expect(new Set(items)).toEqual(new Set([linked, plain, bound]))
  await expect(session.emit('x', {}, { links: { partOf: 'no id' } })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    details: { path: 'links.partOf' },
  })
})

test('PG43 a watch that catches up misses nothing, however slow its reader and small its buffer', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const other = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  const watch = session.timeline.watch({ types: ['tick'], buffer: 7, overflow: 'catch-up' })
  const stored: string[] = []
  for (let round = 0; round < 5; round += 1) {
    const ticks = [session, other].flatMap((from) =>
      Array.from({ length: 20 }, (_, n) => from.emit('tick', { round, n })),
    )
    for (const { id } of await Promise.all(ticks)) stored.push(id)
  }
  const seen: string[] = []
  while (seen.length < stored.length) seen.push((await watch.next()).value?.id ?? 'ended')
  expect(seen.toSorted()).toEqual(stored.toSorted())
  expect(watch.pauses).toBeGreaterThan(1)
  expect(watch.dropped).toBe(0)
  await watch.return()
})

test('PG41, EN8: one that begins late, since an event, sees all that two tabs store meanwhile, each event once', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create()
  const next = await openAgain(opened)
  const other = await next.holdfast.sessions.open(session.id)
  const first = await session.emit('tick', {})
  const emitting = [session, other].map(async (from) => {
    const ids: string[] = []
    for (let n = 0; n < 60; n += 1) ids.push((await from.emit('tick', { n })).id)
    return ids
  })
  await expect
    .poll(async () => (await session.timeline.query({ types: ['tick'] })).items.length)
    .toBeGreaterThan(9)
  const watches = [
    session.timeline.watch({ types: ['tick'], since: first.id }),
    other.timeline.watch({ types: ['tick'], since: first.id }),
    next.holdfast.timeline.watch({ types: ['tick'], since: first.id }),
  ]
  const stored = (await Promise.all(emitting)).flat()
  for (const watch of watches) {
    const seen: string[] = []
    while (seen.length < stored.length) seen.push((await watch.next()).value?.id ?? 'ended')
    expect(seen.toSorted()).toEqual(stored.toSorted())
    const marker = await session.emit('tick', { last: true })
    expect((await watch.next()).value?.id).toBe(marker.id)
    stored.push(marker.id)
    await watch.return()
  }
})

test('TI20 a handle is bound to events and to short correlations, or to nothing', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  for (const [by, path] of [
    [{ cause: 'nonsense' }, 'cause'],
    [{ cause: undefined }, 'cause'],
    [{ cause: {} }, 'cause'],
    [{ causeId: 'x' }, 'cause'],
    [{ correlationId: '' }, 'correlationId'],
    [{ correlationId: 5 }, 'correlationId'],
    [{ correlationId: 'x'.repeat(129) }, 'correlationId'],
  ] as const)
    expect(() => session.correlate(by as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', details: { path } }),
    )
  const correlationId = 'x'.repeat(128)
  const bound = session.correlate({ correlationId: correlationId as never })
  expect(await bound.emit('a.b', {})).toMatchObject({ correlationId })
})
