import { expect, onTestFinished, test } from 'vitest'
import { POINT_NAMES } from '../../src/core/hook/points.ts'
import { checkLaws } from '../../src/testing/index.ts'
import type { Told } from '../worker/fixtures/every-point.worker.ts'
import { codeOf, FAULTS, type Fault, HOOK_TIMEOUT_MS, misbehave } from '../worker/fixtures/misbehave.ts'
import { open, openAgain } from './open.ts'
import { throughEveryPoint } from './points.ts'
import { rejectionOf } from './rejection.ts'

async function openHostile() {
  const name = `hostile-${crypto.randomUUID()}`
  const channel = new BroadcastChannel(name)
  onTestFinished(() => channel.close())
  const worker = () =>
    new Worker(new URL('../worker/fixtures/every-point.worker.ts', import.meta.url), { type: 'module', name })
  const opened = await open({ worker })
  const tell = (told: Told | undefined) =>
    new Promise<void>((resolve) => {
      const listen = ({ data }: MessageEvent) => {
        if (!('heard' in data)) return
        channel.removeEventListener('message', listen)
        resolve()
      }
      channel.addEventListener('message', listen)
      channel.postMessage({ tell: told })
    })
  return { ...opened, tell }
}

async function expectSound({ holdfast, name }: Awaited<ReturnType<typeof open>>) {
  await holdfast.close()
  expect(await checkLaws(name)).toEqual([])
}

/** Leaves out hanging at most points: each costs its time. */
function faultsAt(point: string): readonly Fault[] {
  const hangs = ['state:write', 'artifact:read', 'session:delete']
  return FAULTS.filter((fault) => fault !== 'hangs' || hangs.includes(point))
}

test('HO52 a before-hook of a worker that throws, hangs, cancels or answers nonsense refuses what it gates, and nothing else', async () => {
  const opened = await openHostile()
  const { holdfast, tell } = opened
  await throughEveryPoint(holdfast, async (point, act) => {
    for (const fault of faultsAt(point)) {
      await tell({ fault, at: [point], stage: 'before' })
      expect(await rejectionOf(act()), `${point} ${fault}`).toMatchObject({
        code: codeOf(fault),
        details: { hook: 'witness' },
      })
    }
    await tell({ fault: 'slow', at: [point], stage: 'before' })
    await act()
    await tell(undefined)
  })
  await expectSound(opened)
})

test('HO52 and one of a page, at each point of a pattern', async () => {
  const opened = await open()
  const { holdfast } = opened
  let told: { readonly fault: Fault; readonly at: string } | undefined
  holdfast.hooks.before(
    '*',
    (_payload, { point }) =>
      told?.at === point || (told?.at === 'custom:*' && point.startsWith('custom:'))
        ? misbehave(told.fault, point)
        : undefined,
    { id: 'witness', version: 1, breaker: false, timeoutMs: HOOK_TIMEOUT_MS },
  )
  await throughEveryPoint(holdfast, async (point, act) => {
    for (const fault of faultsAt(point)) {
      told = { fault, at: point }
      expect(await rejectionOf(act()), `${point} ${fault}`).toMatchObject({
        code: codeOf(fault),
        details: { hook: 'witness' },
      })
    }
    told = { fault: 'slow', at: point }
    await act()
    told = undefined
  })
  await expectSound(opened)
})

test('HO53 after-hooks of a page and of a worker that fail in any way leave every operation as it is', async () => {
  const opened = await openHostile()
  const { holdfast, tell } = opened
  for (const fault of [...FAULTS, 'slow'] as const) {
    const at = fault === 'hangs' ? ['state:write'] : POINT_NAMES
    await tell({ fault, at, stage: 'after' })
    const remove = holdfast.hooks.after(
      fault === 'hangs' ? 'event:emit' : '*',
      (_payload, { point }) => misbehave(fault, point),
      { id: fault, version: 1, breaker: false, timeoutMs: HOOK_TIMEOUT_MS },
    )
    await throughEveryPoint(holdfast, (_point, act) => act())
    remove()
  }
  await tell(undefined)
  await expectSound(opened)
})

test('HO54 a hook that removes itself and its neighbour in mid-call stops nobody behind them', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const ran: string[] = []
  const removals = ['a', 'b', 'c'].map((id) =>
    holdfast.hooks.before(
      'session:save',
      () => {
        ran.push(id)
        if (id === 'a') for (const remove of removals.slice(0, 2)) remove()
        return undefined
      },
      { id, version: 1 },
    ),
  )
  await session.save()
  // A page knows at once that its hook is gone, so the neighbour lets the operation pass.
  expect(ran.splice(0)).toEqual(['a', 'c'])
  await session.save()
  expect(ran).toEqual(['c'])
})

test('HO55 a worker whose hooks share an id at a point cannot be opened, and says which', async () => {
  const worker = () =>
    new Worker(new URL('../worker/fixtures/twice.worker.ts', import.meta.url), { type: 'module' })
  expect(await rejectionOf(open({ worker }))).toMatchObject({
    code: 'HOOK_DUPLICATE',
    details: { id: 'twice', point: 'state:write', stage: 'before' },
  })
})

test('HO56 what a page called when it closed under its own hook is not stored, and its hooks gate nobody any more', async () => {
  const first = await open()
  const other = await openAgain(first)
  const session = await first.holdfast.sessions.create({ state: { k: 'before' } })
  const seen = await other.holdfast.sessions.open(session.id)
  let asked = () => {}
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve
  })
  first.holdfast.hooks.before(
    'state:write',
    () => {
      asked()
      return new Promise(() => {})
    },
    { id: 'hangs', version: 1, timeoutMs: 60_000 },
  )
  const writing = rejectionOf(session.state.set('k', 'never'))
  await isAsked
  first.workers[0]?.terminate()
  await first.holdfast.close()
  expect(await writing).toMatchObject({ code: expect.stringMatching(/^(CLOSED|ABORTED|OUTCOME_UNKNOWN)$/) })
  await seen.state.set('other', 1)
  expect(seen.state.get('k')).toBe('before')
  const next = await openAgain(first)
  expect((await next.holdfast.sessions.open(session.id)).state.get('k')).toBe('before')
})

test('HO57 the after-hooks of a page hear of what it did right before it closes, and one that hangs holds it for 2 s at most', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const heard: unknown[] = []
  holdfast.hooks.after(
    'state:write',
    async ({ value }) => {
      await new Promise((resolve) => setTimeout(resolve, 10))
      heard.push(value)
      return undefined
    },
    { id: 'ear', version: 1 },
  )
  for (const value of [1, 2, 3]) await session.state.set('k', value)
  await holdfast.close()
  expect(heard).toEqual([1, 2, 3])

  const again = await open()
  const hung = await again.holdfast.sessions.create()
  again.holdfast.hooks.after('state:write', () => new Promise<undefined>(() => {}), {
    id: 'hangs',
    version: 1,
  })
  await hung.state.set('k', 1)
  const from = performance.now()
  await again.holdfast.close()
  expect(performance.now() - from).toBeLessThan(4_500)
})
