import { expect, test } from 'vitest'
import { open, openAgain } from './open.ts'
import { rejectionOf } from './rejection.ts'

test('SC1 agents, tools and workflows keep state of their own in a session, which no other scope sees', async () => {
  const opened = await open()
  const session = await opened.holdfast.sessions.create({ state: { step: 'own' } })
  const planner = session.state.scope({ agent: 'planner' })
  const other = session.state.scope({ agent: 'writer' })
  const seen: unknown[] = []
  session.state.subscribe(({ key }) => seen.push(['session', key]))
  planner.subscribe(({ key, value, settled }) => seen.push(['planner', key, value, settled]))
  planner.subscribe(({ key }) => seen.push(['planner key', key]), 'step')
  other.subscribe(({ key }) => seen.push(['writer', key]))

  const writing = planner.set('step', 1)
  expect(planner.get('step')).toBe(1)
  await writing
  expect(seen).toEqual([
    ['planner key', 'step'],
    ['planner', 'step', 1, false],
  ])
  expect([...planner.entries()]).toEqual([['step', 1]])
  expect([planner.has('step'), other.has('step'), other.keys()]).toEqual([true, false, []])
  expect([...session.state.entries()]).toEqual([['step', 'own']])
  expect(planner.keys()).toBe(planner.keys())

  const again = await (await openAgain(opened)).holdfast.sessions.open(session.id)
  expect(again.state.scope({ agent: 'planner' }).get('step')).toBe(1)
  await again.state.scope({ agent: 'planner' }).delete('step')
  expect(again.state.get('step')).toBe('own')
  expect(again.state.scope({ agent: 'planner' }).keys()).toEqual([])
})

test('SC2 a past moment and a checkpoint have what a scope held then', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const workflow = session.state.scope({ workflow: 'etl' })
  await workflow.set('row', 1)
  const checkpoint = await session.save()
  const { items } = await session.timeline.query({ types: ['session.saved'] })
  await workflow.set('row', 2)
  const past = await session.at(items[0]?.id ?? '')
  expect(past.scope({ workflow: 'etl' })).toEqual({ row: 1 })
  expect(past.state).toEqual({})
  await session.restore(checkpoint)
  expect(workflow.get('row')).toBe(1)
})

test('SC4 a hook sees the scope, and what it refuses in one is not refused in another', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  holdfast.hooks.before(
    'state:write',
    ({ scope, value }, { cancel, modify }) =>
      scope === 'tool:shell'
        ? cancel('not the shell')
        : modify({ value: [scope ?? 'session', value ?? null] }),
    { id: 'by-scope', version: 1 },
  )
  const shell = session.state.scope({ tool: 'shell' })
  const sql = session.state.scope({ tool: 'sql' })
  const [refused] = await Promise.all([
    rejectionOf(shell.set('a', 1)),
    sql.set('a', 2),
    session.state.set('a', 3),
  ])
  expect(refused).toMatchObject({ code: 'HOOK_CANCELLED' })
  expect([shell.get('a'), sql.get('a'), session.state.get('a')]).toEqual([
    undefined,
    ['tool:sql', 2],
    ['session', 3],
  ])
})

test('SC5 the scope `user` is of the actor who opened the store; other scopes are of all', async () => {
  const ada = await open({ actor: { id: 'ada' } })
  const bob = await openAgain(ada, { actor: { id: 'bob' } })
  const [adas, bobs] = [ada.holdfast.state({ scope: 'user' }), bob.holdfast.state({ scope: 'user' })]
  await adas.set('theme', 'dark')
  await ada.holdfast.state({ scope: 'global' }).set('locale', 'de')
  const globally = bob.holdfast.state({ scope: 'global' })
  await Promise.all([bobs.ready, globally.ready])
  expect([bobs.get('theme'), globally.get('locale')]).toEqual([undefined, 'de'])

  const adaAgain = await openAgain(ada, { actor: { id: 'ada' } })
  const again = adaAgain.holdfast.state({ scope: 'user' })
  await again.ready
  expect(again.get('theme')).toBe('dark')
})
