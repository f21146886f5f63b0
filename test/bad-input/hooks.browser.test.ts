import { expect, test } from 'vitest'
import type { Hooks, PointName, Session } from '../../src/index.ts'
import { rejectionOf } from '../client/rejection.ts'
import { expectSound, visit, visitAgain } from '../origin/visit.ts'
import { type Attempt, DEADLINE_MS, expectNothingStored, expectRefused } from './unchanged.ts'

/** What goes through each point that a page may gate. */
function operations(session: Session, artifact: { readonly id: string }) {
  return {
    'session:save': () => session.save(),
    'session:suspend': () => session.suspend(),
    'session:delete': () => session.delete(),
    'session:fork': () => session.fork(),
    'artifact:store': () => session.artifacts.store({ name: 'new', content: 'x' }),
    'artifact:delete': () => session.artifacts.delete(artifact),
    'state:write': () => session.state.set('k', 'after'),
    'step:run': () => session.step('tool:x', null, async () => 1),
    'event:emit': () => session.emit('it.was', {}),
  } satisfies Partial<Record<PointName, Attempt>>
}

type Gated = keyof ReturnType<typeof operations>
type Body = Parameters<Hooks<Session>['before']>[1]

const never = new Promise<undefined>(() => {})

/** By the code of the refusal. */
const FAULTS: Record<string, readonly [Body, object]> = {
  throws: [
    () => {
      throw new RangeError('broken hook')
    },
    { code: 'HOOK_FAILED', cause: { name: 'RangeError', message: 'broken hook' } },
  ],
  rejects: [() => Promise.reject(new Error('broken')), { code: 'HOOK_FAILED', cause: { message: 'broken' } }],
  hangs: [() => never, { code: 'HOOK_TIMEOUT' }],
  cancels: [
    (_payload, { cancel }) => cancel('not today'),
    { code: 'HOOK_CANCELLED', details: { reason: 'not today' } },
  ],
  'answers nonsense': [() => ({ kind: 'maybe' }) as never, { code: 'HOOK_FAILED' }],
  'answers what cannot be cloned': [() => (() => 1) as never, { code: 'HOOK_FAILED' }],
}

test('BI14 a before-hook that throws, hangs, cancels or answers nonsense refuses the operation at every point', async () => {
  const opened = await visit({ deadlineMs: DEADLINE_MS })
  const { holdfast } = opened
  const session = await holdfast.sessions.create({ state: { k: 'before' } })
  const artifact = await session.artifacts.store({ name: 'before', content: 'x' })
  const attempts = operations(session, artifact)
  await expectNothingStored(opened, async () => {
    for (const point of Object.keys(attempts) as Gated[]) {
      for (const [fault, [body, error]] of Object.entries(FAULTS)) {
        const id = `${point} ${fault}`
        const details = fault === 'cancels' ? { hook: id, reason: 'not today' } : { hook: id }
        const limit = fault === 'hangs' ? { timeoutMs: 20 } : {}
        const remove = holdfast.hooks.before(point, body, { id, version: 1, ...limit })
        await expectRefused({ [id]: [attempts[point], { ...error, details }] })
        remove()
      }
    }
  })
  expect(session.state.get('k')).toBe('before')
  expect(session.info.status).toBe('active')
  await attempts['state:write']()
  await expectSound(opened)
})

test('BI15 an answer that comes too late changes nothing, not even the next call', async () => {
  const first = await visit({ deadlineMs: DEADLINE_MS })
  const { holdfast } = first
  const session = await holdfast.sessions.create({ state: { k: 'before' } })
  const answers: (() => void)[] = []
  const late: Promise<unknown>[] = []
  holdfast.hooks.before(
    'state:write',
    ({ value }, { modify }) => {
      if (value !== 'late') return undefined
      const answer = new Promise<ReturnType<typeof modify>>((resolve) => {
        answers.push(() => resolve(modify({ value: 'changed too late' })))
      })
      late.push(answer)
      return answer
    },
    { id: 'late', version: 1, timeoutMs: 20 },
  )
  await expectNothingStored(first, async () => {
    expect(await rejectionOf(session.state.set('k', 'late'))).toMatchObject({
      code: 'HOOK_TIMEOUT',
      details: { hook: 'late' },
    })
    for (const answer of answers) answer()
    await Promise.all(late)
  })
  expect(late).toHaveLength(1)
  expect(session.state.get('k')).toBe('before')
  await session.state.set('k', 'in time')
  const next = await visitAgain(first)
  expect((await next.holdfast.sessions.open(session.id)).state.get('k')).toBe('in time')
  await expectSound(next)
})

test('BI16 an after-hook that throws, hangs, cancels or answers nonsense changes nothing at any point', async () => {
  const first = await visit({ deadlineMs: DEADLINE_MS })
  const { holdfast } = first
  const points = Object.keys(operations({} as Session, { id: '' })) as Gated[]
  const outcomes: Record<string, unknown> = {}
  const asked = new Set<string>()
  const faults: Record<string, () => unknown> = {
    none: () => undefined,
    throws: () => {
      throw new RangeError('broken hook')
    },
    rejects: () => Promise.reject(new Error('broken')),
    hangs: () => never,
    cancels: () => ({ kind: 'cancel', reason: 'too late for that' }),
    modifies: () => ({ kind: 'modify', change: { value: 'x', draft: {}, data: {}, input: {} } }),
  }
  const sessionIds: string[] = []
  for (const [fault, answer] of Object.entries(faults)) {
    const removals = points.map((point) =>
      holdfast.hooks.after(
        point,
        () => {
          asked.add(`${point} ${fault}`)
          return answer() as undefined
        },
        { id: `${point} ${fault}`, version: 1, timeoutMs: 20 },
      ),
    )
    const session = await holdfast.sessions.create({ name: fault, state: { k: 'before' } })
    const doomed = await holdfast.sessions.create()
    const artifact = await session.artifacts.store({ name: 'before', content: 'x' })
    const { 'session:suspend': suspend, 'session:delete': _, ...others } = operations(session, artifact)
    for (const attempt of Object.values(others)) await attempt()
    await doomed.delete()
    await suspend()
    for (const point of points) await expect.poll(() => [...asked]).toContain(`${point} ${fault}`)
    for (const remove of removals) remove()
    sessionIds.push(session.id)
  }
  const next = await visitAgain(first)
  for (const id of sessionIds) {
    const session = await next.holdfast.sessions.open(id)
    const { name, status, counters } = session.info
    outcomes[name] = {
      status,
      counters,
      k: session.state.get('k'),
      artifacts: (await session.artifacts.list()).items.map((one) => one.name.split('/')[0]),
      checkpoints: (await session.checkpoints.list()).length,
      types: (await session.timeline.query()).items.map(({ type }) => type),
    }
  }
  expect(outcomes.none).toMatchObject({ status: 'suspended', k: 'after', checkpoints: 1 })
  expect(Object.keys(outcomes)).toEqual(Object.keys(faults))
  for (const [fault, outcome] of Object.entries(outcomes)) expect(outcome, fault).toEqual(outcomes.none)
  await expectSound(next)
})
