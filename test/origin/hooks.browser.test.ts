import { expect, test } from 'vitest'
import { defineStep, type Hooks, type Session } from '../../src/index.ts'
import { rejectionOf } from '../client/rejection.ts'
import { movedClock } from './moved-clock.ts'
import { expectSound, visit, visitAgain } from './visit.ts'

test('OR39 hook registry: priority decides the order, an id stands once, and each removal is its own', async () => {
  const first = await visit()
  const { hooks } = first.holdfast
  const session = await first.holdfast.sessions.create()
  const ran: string[] = []
  const note = (name: string) => () => {
    ran.push(name)
    return undefined
  }
  const at = (id: string, priority?: number) =>
    hooks.before('session:save', note(id), { id, version: 1, ...(priority !== undefined && { priority }) })
  at('last', 100)
  const removeFirst = at('first', -100)
  at('plain')
  at('plain too', 0)
  await session.save()
  expect(ran.splice(0)).toEqual(['first', 'plain', 'plain too', 'last'])

  expect(() => at('first', 5)).toThrow(
    expect.objectContaining({
      code: 'HOOK_DUPLICATE',
      details: { id: 'first', point: 'session:save', stage: 'before' },
    }),
  )
  await session.save()
  expect(ran.splice(0)).toEqual(['first', 'plain', 'plain too', 'last'])

  removeFirst()
  at('first', 200)
  removeFirst()
  await session.save()
  expect(ran.splice(0)).toEqual(['plain', 'plain too', 'last', 'first'])
  expect((await hooks.stats()).filter(({ point }) => point === 'session:save').map(({ id }) => id)).toEqual(
    expect.arrayContaining(['first', 'last', 'plain', 'plain too']),
  )
  await expectSound(first)
})

async function stateOf(hooks: Hooks<Session>, id: string) {
  const stats = (await hooks.stats()).find((one) => one.id === id)
  return [stats?.breaker, stats?.calls, stats?.failures, stats?.skipped]
}

test('OR40 circuit breaker: three failures open it, a wait lets one probe pass, and its success closes it', async () => {
  const { worker, advance } = movedClock()
  const first = await visit({ worker })
  const { hooks } = first.holdfast
  const session = await first.holdfast.sessions.create()
  let isBroken = true
  let answer = () => {}
  const held = new Promise<void>((resolve) => {
    answer = resolve
  })
  let isHeld = false
  let calls = 0
  hooks.before(
    'session:save',
    async () => {
      calls += 1
      if (isBroken) throw new Error('broken')
      if (isHeld) await held
      return undefined
    },
    { id: 'shaky', version: 1 },
  )
  let steady = 0
  const count = () => {
    steady += 1
    return undefined
  }
  hooks.before('session:save', count, { id: 'steady', version: 1, priority: -1 })
  const state = () => stateOf(hooks, 'shaky')
  const fail = async () => expect(await rejectionOf(session.save())).toMatchObject({ code: 'HOOK_FAILED' })

  await fail()
  await fail()
  await advance(30_001)
  await fail()
  expect(await state()).toEqual(['closed', 3, 3, 0])
  await fail()
  await fail()
  expect(await state()).toEqual(['open', 5, 5, 0])

  await session.save({ label: 'left out' })
  expect(await state()).toEqual(['open', 5, 5, 1])
  await advance(14_000)
  await session.save({ label: 'still left out' })
  expect([calls, steady]).toEqual([5, 7])

  await advance(1_001)
  expect((await state())[0]).toBe('half-open')
  await fail()
  expect((await state())[0]).toBe('open')
  await advance(15_001)
  expect((await state())[0]).toBe('open')
  await advance(15_001)

  isBroken = false
  isHeld = true
  const probe = session.save({ label: 'probe' })
  await expect.poll(() => calls).toBe(7)
  await session.save({ label: 'beside the probe' })
  expect(calls).toBe(7)
  answer()
  await probe
  expect((await state())[0]).toBe('closed')
  await session.save({ label: 'closed again' })
  expect(calls).toBe(8)

  const next = await visitAgain(first)
  const again = await next.holdfast.sessions.open(session.id)
  expect((await again.checkpoints.list()).map(({ label }) => label)).toEqual([
    'left out',
    'still left out',
    'beside the probe',
    'probe',
    'closed again',
  ])
  await expectSound(next)
})

test('OR40 circuit breaker: a hook that is registered anew begins with a closed one, and a veto is no failure', async () => {
  const first = await visit()
  const { hooks } = first.holdfast
  const session = await first.holdfast.sessions.create()
  const broken = () => {
    throw new Error('broken')
  }
  const remove = hooks.before('session:save', broken, { id: 'shaky', version: 1 })
  for (let failures = 0; failures < 3; failures++) await rejectionOf(session.save())
  expect((await stateOf(hooks, 'shaky'))[0]).toBe('open')
  remove()
  hooks.before('session:save', (_payload, { cancel }) => cancel('no'), { id: 'shaky', version: 2 })
  for (let vetoes = 0; vetoes < 5; vetoes++)
    expect(await rejectionOf(session.save())).toMatchObject({ code: 'HOOK_CANCELLED' })
  expect(await stateOf(hooks, 'shaky')).toEqual(['closed', 5, 0, 0])
  expect(await session.checkpoints.list()).toEqual([])
  await expectSound(first)
})

test('OR43 artifact collection: what a tool and an agent gave are artifacts with tags, type and correlation', async () => {
  const first = await visit()
  const session = await first.holdfast.sessions.create()
  const search = defineStep({
    id: 'tool:search',
    version: 2,
    purity: 'pure',
    run: ({ query }: { query: string }) => ({ hits: [query, 'größe'] }),
  })
  await session.step(search, { query: 'é' }, { key: 'k1' })
  await session.step('agent:report', null, async () => 'in short: yes', { key: 'k2' })
  await session.step('plain', null, async () => 'not collected', { key: 'k3' })
  await rejectionOf(
    session.step('tool:broken', null, () => Promise.reject(new RangeError('too far')), { key: 'k4' }),
  )

  const next = await visitAgain(first)
  const again = await next.holdfast.sessions.open(session.id)
  const { items } = await again.artifacts.list({ order: 'asc' })
  expect(items.map(({ name, kind, mime, tags }) => [name, kind, mime, tags])).toEqual([
    ['search/k1', 'tool_result', 'application/json', ['auto-collected', 'tool_result', 'search']],
    ['report/k2', 'agent_output', 'text/plain', ['auto-collected', 'agent_output', 'report']],
    ['broken/k4', 'tool_result', 'text/plain', expect.arrayContaining(['auto-collected', 'error'])],
  ])
  const [result, output, error] = items
  expect(JSON.parse((await result?.text()) ?? '')).toEqual({ hits: ['é', 'größe'] })
  expect(await output?.text()).toBe('in short: yes')
  expect(await error?.text()).toContain('too far')
  expect(result?.metadata).toMatchObject({ step: 'tool:search@2', key: 'k1', parameters: { query: 'é' } })

  const events = (await again.timeline.query({ types: ['step.*', 'artifact.stored'] })).items
  const started = events.find(({ type, data }) => type === 'step.started' && isOf(data, 'k1'))
  const completed = events.find(({ type, data }) => type === 'step.completed' && isOf(data, 'k1'))
  expect(completed?.data).toMatchObject({ artifactIds: [result?.id] })
  expect(completed?.causeId).toBe(started?.id)
  expect(events.find(({ data }) => isArtifact(data, result?.id))).toMatchObject({
    type: 'artifact.stored',
    correlationId: result?.correlationId,
  })
  expect(result?.correlationId).toBe(again.info.correlationId)
  expect([started?.id, completed?.id]).toContain(result?.causeId)
  await expectSound(next)
})

function isOf(data: unknown, key: string): boolean {
  return (data as { readonly key?: string }).key === key
}

function isArtifact(data: unknown, id: string | undefined): boolean {
  return (data as { readonly artifact?: { readonly id: string } }).artifact?.id === id
}
