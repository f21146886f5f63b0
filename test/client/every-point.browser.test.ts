import { expect, onTestFinished, test } from 'vitest'
import {
  HOOK_STAGES,
  mayVeto,
  POINT_NAMES,
  type PointName,
  rowOf,
  stageOf,
} from '../../src/core/hook/points.ts'
import type { Told } from '../worker/fixtures/every-point.worker.ts'
import { open } from './open.ts'
import { CUSTOM, throughEveryPoint } from './points.ts'
import { rejectionOf } from './rejection.ts'

interface Call {
  readonly point: string
  readonly stage: string
  readonly fields: readonly string[]
}

/** Each stage of each row of the table. */
const STAGES = POINT_NAMES.flatMap((point) =>
  HOOK_STAGES.filter((stage) => stageOf(point, stage) !== undefined).map((stage) => `${point} ${stage}`),
)

/** Fields that the payload of each type has at least. */
const FIELDS: Record<string, readonly string[]> = {
  LifecyclePayload: ['input'],
  StorePayload: ['draft', 'sizeBytes'],
  ArtifactPayload: ['artifact'],
  StatePayload: ['key', 'value'],
  StepPayload: ['input', 'key', 'phase', 'purity', 'step'],
  EventDraft: ['data', 'type'],
  CustomPayload: ['data', 'name'],
}

const nameOf = ({ point, stage }: Call) => `${point === CUSTOM ? 'custom:*' : point} ${stage}`

async function expectAllFired(calls: readonly Call[]) {
  await expect.poll(() => [...new Set(calls.map(nameOf))].toSorted()).toEqual(STAGES.toSorted())
  for (const call of calls) {
    const point = (call.point === CUSTOM ? 'custom:*' : call.point) as PointName
    expect(call.fields, nameOf(call)).toEqual(
      expect.arrayContaining([...(FIELDS[rowOf(point).payload] ?? ['?'])]),
    )
  }
}

test('HO48 every stage of every point is fired through the public API: hooks of a page', async () => {
  const { holdfast } = await open()
  const calls: Call[] = []
  const witness =
    (stage: string) =>
    (payload: object, context: { readonly point: string }): undefined => {
      calls.push({ point: context.point, stage, fields: Object.keys(payload) })
      return undefined
    }
  holdfast.hooks.before('*', witness('before'), { id: 'witness', version: 1 })
  holdfast.hooks.record('*', witness('record'), { id: 'witness', version: 1 })
  holdfast.hooks.after('*', witness('after'), { id: 'witness', version: 1 })
  await throughEveryPoint(holdfast, (_point, act) => act())
  await expectAllFired(calls)
})

test('HO48 every stage of every point is fired through the public API: hooks of a worker', async () => {
  const { holdfast, calls } = await openWatched()
  await throughEveryPoint(holdfast, (_point, act) => act())
  await expectAllFired(calls)
})

test('HO49 what the table says may be vetoed is refused by a hook of a page, and then done without it', async () => {
  const { holdfast } = await open()
  await throughEveryPoint(holdfast, async (point, act) => {
    expect(mayVeto(point)).toBe(true)
    const remove = holdfast.hooks.before(point, (_payload, { cancel }) => cancel(`no ${point}`), {
      id: 'refuse',
      version: 1,
    })
    expect(await rejectionOf(act()), point).toMatchObject({
      code: 'HOOK_CANCELLED',
      details: { hook: 'refuse', reason: `no ${point}`, point: point === 'custom:*' ? CUSTOM : point },
    })
    remove()
    await act()
  })
})

test('HO49 and by a hook of a worker', async () => {
  const { holdfast, tell } = await openWatched()
  await throughEveryPoint(holdfast, async (point, act) => {
    await tell({ fault: 'cancels', at: [point], stage: 'before' })
    expect(await rejectionOf(act()), point).toMatchObject({
      code: 'HOOK_CANCELLED',
      details: { hook: 'witness', reason: `no ${point}` },
    })
    await tell(undefined)
    await act()
  })
})

test('HO50 what hooks did is recorded at the points where the table says so', async () => {
  const { holdfast } = await open()
  holdfast.hooks.before('*', (_payload, context) => context.continue('noted'), { id: 'noter', version: 1 })
  const recorded = new Set<string>()
  const unrecorded = new Set<string>()
  await throughEveryPoint(holdfast, async (point, act) => {
    await act()
    const points: string[] = []
    for (const { id } of (await holdfast.sessions.list()).items) {
      const { timeline } = await holdfast.sessions.open(id)
      const { items } = await timeline.query({ types: ['hook.ran'], limit: 1_000 })
      points.push(...items.map(({ data }) => (data as { readonly point: string }).point))
    }
    const isRecorded = points.includes(point === 'custom:*' ? CUSTOM : point)
    ;(isRecorded ? recorded : unrecorded).add(point)
  })
  // A delete takes the session's timeline with it.
  const told = POINT_NAMES.filter((point) => rowOf(point).recorded !== 'none' && point !== 'session:delete')
  expect([...recorded].toSorted()).toEqual(told.toSorted())
  expect([...unrecorded].toSorted()).toEqual(['artifact:read', 'session:delete'])
})

async function openWatched() {
  const name = `points-${crypto.randomUUID()}`
  const channel = new BroadcastChannel(name)
  onTestFinished(() => channel.close())
  const calls: Call[] = []
  let heard = () => {}
  channel.onmessage = ({ data }: MessageEvent<Call | { readonly heard: Told | undefined }>) => {
    if ('heard' in data) heard()
    else calls.push(data)
  }
  const worker = () =>
    new Worker(new URL('../worker/fixtures/every-point.worker.ts', import.meta.url), { type: 'module', name })
  const opened = await open({ worker })
  const tell = (told: Told | undefined) =>
    new Promise<void>((resolve) => {
      heard = resolve
      channel.postMessage({ tell: told })
    })
  return { ...opened, calls, tell }
}
