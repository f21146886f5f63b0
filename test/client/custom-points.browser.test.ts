import { expect, test } from 'vitest'
import { open, openAgain } from './open.ts'
import { rejectionOf } from './rejection.ts'

test('PG136 hooks of an own point change its data, refuse and answer in its stead; what they left is recorded', async () => {
  const opened = await open()
  const { hooks, sessions } = opened.holdfast
  const session = await sessions.create()
  const heard: unknown[] = []
  hooks.before(
    'custom:publish',
    ({ data }, { modify, cancel, replace }) => {
      if (data === 'no') return cancel('not that')
      return data === 'known' ? replace({ url: '/known' }) : modify({ data: `${String(data)}!` })
    },
    { id: 'gate', version: 1 },
  )
  hooks.after('custom:publish', (payload) => void heard.push(payload), { id: 'ear', version: 1 })

  expect(await session.callHooks('custom:publish', 'text')).toEqual({ data: 'text!' })
  expect(await session.callHooks('custom:publish', 'known')).toEqual({
    data: 'known',
    result: { url: '/known' },
  })
  expect(await rejectionOf(session.callHooks('custom:publish', 'no'))).toMatchObject({
    code: 'HOOK_CANCELLED',
    details: { hook: 'gate', reason: 'not that', point: 'custom:publish' },
  })
  expect(await session.callHooks('custom:other', 'text')).toEqual({ data: 'text' })
  await expect
    .poll(() => heard)
    .toEqual([
      { name: 'publish', data: 'text!' },
      { name: 'publish', data: 'known' },
    ])

  const again = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  const { items } = await again.timeline.query({ types: ['hook.*'] })
  const outcomes = (outcome: string) => ({
    point: 'custom:publish',
    stage: 'before',
    runs: [expect.objectContaining({ hook: 'gate@1', outcome })],
  })
  expect(items.map(({ type, data }) => [type, data])).toEqual([
    ['hook.called', { point: 'custom:publish', value: { data: 'text!' } }],
    ['hook.ran', outcomes('modify')],
    ['hook.called', { point: 'custom:publish', value: { data: 'known', result: { url: '/known' } } }],
    ['hook.ran', outcomes('replace')],
    ['hook.called', { point: 'custom:other', value: { data: 'text' } }],
  ])
  expect(items[1]?.causeId).toBe(items[0]?.id)
})

test('PG136 a secret in the data reaches the caller and not the timeline', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const data = { password: 'hunter2hunter2' }
  expect(await session.callHooks('custom:login', data)).toEqual({ data })
  const { items } = await session.timeline.query({ types: ['hook.called'] })
  expect(JSON.stringify(items)).not.toContain('hunter2')
})

test('PG136 sent again by its request id it is asked once', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  let asked = 0
  holdfast.hooks.before(
    'custom:once',
    (_payload, { modify }) => {
      asked += 1
      return modify({ data: asked })
    },
    { id: 'count', version: 1, when: { names: ['once'] } },
  )
  const requestId = crypto.randomUUID()
  // Asked about the input, and about the final one.
  const first = await session.callHooks('custom:once', 0, { requestId })
  expect(asked).toBe(2)
  expect(await session.callHooks('custom:once', 0, { requestId })).toEqual(first)
  expect(asked).toBe(2)
})

test('PG137 a name, data and session that cannot be are refused, and nothing is stored', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  for (const point of ['custom:', 'custom:*', 'custom:a b', `custom:${'x'.repeat(101)}`, 'session:save']) {
    const refused = await rejectionOf(session.callHooks(point as 'custom:x', 1))
    expect(refused, point).toMatchObject({ code: 'INVALID_ARGUMENT', details: { path: 'point' } })
  }
  expect(await rejectionOf(session.callHooks('custom:x', 'x'.repeat(33_000)))).toMatchObject({
    code: 'VALUE_TOO_LARGE',
    details: { path: 'data', limitBytes: 32_768 },
  })
  holdfast.hooks.before('custom:x', (_payload, { modify }) => modify({ data: 'x'.repeat(33_000) }), {
    id: 'grow',
    version: 1,
  })
  expect(await rejectionOf(session.callHooks('custom:x', 1))).toMatchObject({ code: 'HOOK_FAILED' })
  await session.suspend()
  expect(await rejectionOf(session.callHooks('custom:x', 1))).toMatchObject({ code: 'SESSION_NOT_ACTIVE' })
  expect((await session.timeline.query({ types: ['hook.called'] })).items).toEqual([])
})

test('PG138 a hook stands at one own point or at all; an id stands once at each', async () => {
  const { holdfast } = await open()
  const { hooks, sessions } = holdfast
  const session = await sessions.create()
  const ran: string[] = []
  const at = (place: 'custom:*' | 'custom:a' | 'custom:b', id: string, options = {}) =>
    hooks.before(place, (_payload, { point }) => void ran.push(`${id} ${point}`), {
      id,
      version: 1,
      ...options,
    })
  at('custom:a', 'one')
  at('custom:*', 'all', { priority: -1 })
  at('custom:*', 'named', { when: { names: ['b'] } })
  at('custom:b', 'one')
  await session.callHooks('custom:a', 1)
  await session.callHooks('custom:b', 1)
  expect(ran).toEqual(['all custom:a', 'one custom:a', 'all custom:b', 'named custom:b', 'one custom:b'])
  for (const [place, id] of [
    ['custom:a', 'all'],
    ['custom:*', 'one'],
  ] as const)
    expect(() => at(place, id)).toThrow(expect.objectContaining({ code: 'HOOK_DUPLICATE' }))
  hooks.before('custom:b', () => Promise.reject(new Error('broken')), { id: 'broken', version: 1 })
  expect(await rejectionOf(session.callHooks('custom:b', 1))).toMatchObject({
    details: { hook: 'broken', point: 'custom:b' },
  })
})

test('PG139 a hook at a pattern stands at each of its points, and is removed from all', async () => {
  const { holdfast } = await open()
  const { hooks, sessions } = holdfast
  const session = await sessions.create()
  const ran: string[] = []
  const remove = hooks.before(
    'session:*',
    ({ input }, { point, cancel }) => {
      ran.push(point)
      return input.label === 'no' ? cancel('not that') : undefined
    },
    { id: 'life', version: 1 },
  )
  await session.save()
  expect(await rejectionOf(session.save({ label: 'no' }))).toMatchObject({ code: 'HOOK_CANCELLED' })
  await session.suspend()
  await session.resume()
  expect(ran).toEqual(['session:save', 'session:save', 'session:suspend', 'session:resume'])
  expect(() => hooks.before('*', () => undefined, { id: 'life', version: 1 })).toThrow(
    expect.objectContaining({ code: 'HOOK_DUPLICATE' }),
  )
  const standing = async () =>
    (await hooks.list()).filter(({ home }) => home === 'page').map(({ point }) => point)
  expect(await standing()).toHaveLength(11)
  remove()
  expect(await standing()).toEqual([])
  hooks.after('*', () => undefined, { id: 'kinds', version: 1, when: { kinds: ['chart'] } })
  expect(await standing()).toEqual(['artifact:store', 'artifact:delete', 'artifact:read'])
  expect(() => hooks.before('nobody:*' as '*', () => undefined, { id: 'x', version: 1 })).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
  )
  expect(() =>
    hooks.before('session:*', () => undefined, { id: 'x', version: 1, when: { kinds: ['k'] } }),
  ).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
})
