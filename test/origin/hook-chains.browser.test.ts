import { expect, test } from 'vitest'
import { rejectionOf } from '../client/rejection.ts'
import { expectSound, visit, visitAgain } from './visit.ts'

test('OR39 hook registry: hooks are disabled, one or all, enabled in their places, and cleared by point', async () => {
  const first = await visit()
  const { hooks } = first.holdfast
  const session = await first.holdfast.sessions.create()
  const ran: string[] = []
  for (const id of ['a', 'b', 'c']) hooks.before('session:save', () => void ran.push(id), { id, version: 1 })
  hooks.before('state:write', () => void ran.push('write'), { id: 'a', version: 1 })
  const act = async () => {
    await session.save()
    await session.state.set('k', 1)
    return ran.splice(0)
  }
  expect(await act()).toEqual(['a', 'b', 'c', 'write'])
  await hooks.disable({ id: 'a', point: 'session:save' })
  expect(await act()).toEqual(['b', 'c', 'write'])
  await hooks.disable()
  expect(await act()).toEqual([])
  await hooks.enable()
  expect(await act()).toEqual(['a', 'b', 'c', 'write'])
  expect(hooks.clear({ point: 'session:save' })).toBe(3)
  expect(await act()).toEqual(['write'])
  expect(hooks.clear()).toBe(1)
  expect(await act()).toEqual([])
  await expectSound(first)
})

test('OR41 hooks after a write hold no write and fail alone; all have heard of it before the session is suspended', async () => {
  const first = await visit()
  const { hooks } = first.holdfast
  const session = await first.holdfast.sessions.create()
  const heard: Record<string, number[]> = { slow: [], behind: [] }
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const at = { version: 1, when: { names: ['n'] } }
  hooks.after(
    'state:write',
    async ({ value }) => {
      await held
      heard.slow?.push(Number(value))
      return undefined
    },
    { ...at, id: 'slow', timeoutMs: 60_000 },
  )
  hooks.after('state:write', () => Promise.reject(new Error('broken')), { ...at, id: 'broken' })
  hooks.after('state:write', ({ value }) => void heard.behind?.push(Number(value)), { ...at, id: 'behind' })
  const values = Array.from({ length: 20 }, (_, n) => n)
  for (const n of values) await session.state.set('n', n)
  expect(heard).toEqual({ slow: [], behind: [] })
  const suspending = session.suspend()
  release()
  await suspending
  expect(heard).toEqual({ slow: values, behind: values })
  const stats = await hooks.stats()
  expect(stats.find(({ id }) => id === 'broken')).toMatchObject({ failures: 3, skipped: 17, dropped: 0 })
  const next = await visitAgain(first)
  const again = await next.holdfast.sessions.open(session.id)
  expect([again.state.get('n'), again.info.status]).toEqual([19, 'suspended'])
  await expectSound(next)
})

test('OR42 a hook at the start of a session gives it what it was not given, and is recorded by its name and version', async () => {
  const first = await visit({ actor: { id: 'ada', name: 'Ada' } })
  const { hooks } = first.holdfast
  const told: unknown[] = []
  hooks.before(
    'session:start',
    ({ input }, { modify, actor, depth }) => {
      told.push([actor?.id, depth])
      return modify(
        { input: { ...input, metadata: { by: actor?.name ?? '' }, tags: ['started'] } },
        'enriched',
      )
    },
    { id: 'enrich', version: 3 },
  )
  hooks.after(
    'session:start',
    ({ session }, context) => void told.push([session?.name, context.sessionId === session?.id]),
    { id: 'ear', version: 1 },
  )
  const { id } = await first.holdfast.sessions.create({ name: 'mine' })
  await expect.poll(() => told).toContainEqual(['mine', true])
  expect(told[0]).toEqual(['ada', 0])
  const next = await visitAgain(first)
  const again = await next.holdfast.sessions.open(id)
  expect(again.info).toMatchObject({ name: 'mine', tags: ['started'], metadata: { by: 'Ada' } })
  const { items } = await again.timeline.query({ types: ['session.created', 'hook.ran'] })
  expect(items[1]).toMatchObject({
    causeId: items[0]?.id,
    data: {
      point: 'session:start',
      runs: [expect.objectContaining({ hook: 'enrich@3', changed: true, note: 'enriched' })],
    },
  })
  await expectSound(next)
})

test('OR44 hooks in a chain change in order, any veto goes before any answer, and a failure says whose it is', async () => {
  const first = await visit()
  const { hooks } = first.holdfast
  const session = await first.holdfast.sessions.create()
  const times = (id: string, factor: number) =>
    hooks.before('step:run', ({ input }, { modify }) => modify({ input: Number(input) * factor }), {
      id,
      version: 1,
      when: { names: ['chain@*'] },
    })
  const plus = hooks.before('step:run', ({ input }, { modify }) => modify({ input: Number(input) + 1 }), {
    id: 'plus',
    version: 1,
    priority: -1,
    when: { names: ['chain@*'] },
  })
  times('twice', 2)
  const step = (name: string, input: number) => session.step(name, input, async (given) => Number(given))
  expect(await step('chain', 10)).toBe(22)
  expect(await step('other', 10)).toBe(10)
  plus()
  expect(await step('chain', 10)).toBe(20)

  const vote = { version: 1, when: { names: ['vote@*'] } }
  hooks.before('step:run', (_payload, { replace }) => replace('answered'), { ...vote, id: 'answer' })
  expect(await step('vote', 1)).toBe('answered')
  const veto = hooks.before('step:run', (_payload, { cancel }) => cancel('no'), {
    ...vote,
    id: 'veto',
    priority: 9,
  })
  expect(await rejectionOf(step('vote', 1))).toMatchObject({
    code: 'HOOK_CANCELLED',
    details: { hook: 'veto' },
  })
  veto()
  hooks.before('step:run', () => Promise.reject(new Error('Simulated hook failure')), {
    ...vote,
    id: 'broken',
  })
  expect(await rejectionOf(step('vote', 1))).toMatchObject({
    code: 'HOOK_FAILED',
    details: { hook: 'broken', point: 'step:run' },
    cause: { message: 'Simulated hook failure' },
  })
  const next = await visitAgain(first)
  const again = await next.holdfast.sessions.open(session.id)
  const { items } = await again.timeline.query({ types: ['step.completed'] })
  expect(items).toHaveLength(4)
  await expectSound(next)
})
