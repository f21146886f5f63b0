import { describe, expect, test } from 'vitest'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import type { HookDefinition } from '../../../src/core/hook/definition.ts'
import type { PointName } from '../../../src/core/hook/points.ts'
import type { SessionId } from '../../../src/core/ids.ts'
import { countCommits } from '../../storage/rig.ts'
import { created, createdAs, eventsOf, move, openTab, refusal, type Tab, typesOf } from './rig.ts'

type LifePoint = Extract<PointName, `session:${string}`>

/** How each point is reached, from a session of which status; `unarchive` and edits have none. */
const WORK: Readonly<
  Record<
    LifePoint,
    readonly [from: Parameters<typeof createdAs>[1], work: (tab: Tab, id: SessionId) => Promise<unknown>]
  >
> = {
  'session:start': ['active', (tab) => tab.sessions.create(tab.request(), {})],
  'session:suspend': ['active', (tab, id) => move(tab, id, 'suspend')],
  'session:resume': ['suspended', (tab, id) => move(tab, id, 'resume')],
  'session:complete': ['active', (tab, id) => move(tab, id, 'complete')],
  'session:fail': ['active', (tab, id) => move(tab, id, 'fail')],
  'session:reopen': ['failed', (tab, id) => move(tab, id, 'reopen')],
  'session:archive': ['active', (tab, id) => move(tab, id, 'archive')],
  'session:save': ['active', (tab, id) => tab.sessions.save(tab.request(), { id })],
  'session:restore': [
    'active',
    async (tab, id) => {
      const [checkpoint] = await tab.tables.checkpoints(id)
      return tab.sessions.restore(tab.request(), { id, checkpoint: checkpoint?.id as never })
    },
  ],
  'session:delete': ['active', (tab, id) => tab.sessions.delete(tab.request(), { id })],
  'session:fork': ['active', (tab, id) => tab.sessions.fork(tab.request(), { id })],
}

const POINTS = Object.keys(WORK) as readonly LifePoint[]

interface Script {
  /** Whether the before-hook vetoes. */
  veto: boolean
  readonly heard: unknown[]
}

/** A before-hook and an after-hook of one point, both asleep until the script is armed. */
function hooksOf(point: LifePoint, script: Script): readonly HookDefinition[] {
  const before = defineHook({
    id: 'gate',
    version: 3,
    point,
    stage: 'before',
    run: ({ session }) => {
      script.heard.push(['before', session?.status])
      return script.veto ? { kind: 'cancel', reason: 'not today' } : { kind: 'continue', note: 'looked' }
    },
  })
  const after = defineHook({
    id: 'listen',
    version: 1,
    point,
    stage: 'after',
    run: ({ session }) => {
      script.heard.push(['after', session?.status])
      return undefined
    },
  })
  return [before as HookDefinition, after as HookDefinition]
}

async function setUp(point: LifePoint) {
  const script: Script = { veto: false, heard: [] }
  const tab = await openTab({ hooks: hooksOf(point, script) })
  const id = await createdAs(tab, WORK[point][0])
  await tab.sessions.save(tab.request(), { id })
  await tab.hooks.drain()
  script.heard.length = 0
  return { tab, id, script, work: () => WORK[point][1](tab, id) }
}

async function stored(tab: Tab) {
  const { db } = tab.connection
  return Promise.all([
    db.commits.toArray(),
    db.sessions.toArray(),
    db.checkpoints.toArray(),
    db.heads.toArray(),
  ])
}

describe('lifecycle hooks', () => {
  test.each(POINTS)('SE17 a veto at %s leaves everything as it was', async (point) => {
    const { tab, script, work } = await setUp(point)
    script.veto = true
    const before = await stored(tab)
    const error = await refusal(work(), 'HOOK_CANCELLED')
    expect(error.details).toMatchObject({ hook: 'gate', reason: 'not today', point })
    expect(await stored(tab)).toEqual(before)
    await tab.hooks.drain()
    expect(script.heard.map((entry) => (entry as [string])[0])).toEqual(['before'])
  })

  test.each(POINTS)(
    'SE17 at %s the before-hook sees the session as it is, the after-hook as it became',
    async (point) => {
      const { tab, id, script, work } = await setUp(point)
      await work()
      await tab.hooks.drain()
      const [from] = WORK[point]
      const became = (await tab.sessions.get(tab.request(), { id }))?.status ?? from
      const [before, after] = script.heard
      expect(before).toEqual(['before', point === 'session:start' ? undefined : from])
      expect(after).toEqual([
        'after',
        point === 'session:start' || point === 'session:fork' ? 'active' : became,
      ])
      expect(script.heard).toHaveLength(2)
    },
  )

  test.each(POINTS.filter((point) => point !== 'session:delete'))(
    'SE18 the hooks of %s are recorded in its own commit, caused by its event',
    async (point) => {
      const { tab, id, work } = await setUp(point)
      const commits = await countCommits(tab)
      const answer = await work()
      const record = (answer as { record?: { id: SessionId } }).record
      const events = await eventsOf(tab, record?.id ?? id)
      const ran = events.find(
        ({ type, data }) => type === 'hook.ran' && (data as { point: string }).point === point,
      )
      expect(ran).toMatchObject({
        data: { stage: 'before', runs: [{ hook: 'gate@3', outcome: 'continue', note: 'looked' }] },
      })
      const cause = events.find((event) => event.id === ran?.causeId)
      expect(cause?.type).toMatch(/^session\./)
      expect(ran?.correlationId).toBe(cause?.correlationId)
      expect(await countCommits(tab)).toBe(commits + 1)
    },
  )

  test.each(POINTS.filter((point) => point !== 'session:start'))(
    'SE17 no hook of %s runs for a session that there is not',
    async (point) => {
      const script: Script = { veto: true, heard: [] }
      const tab = await openTab({ hooks: hooksOf(point, script) })
      const work = point === 'session:restore' ? restoreOf : WORK[point][1]
      await refusal(work(tab, 'nobody' as SessionId), 'SESSION_NOT_FOUND')
      expect(script.heard).toEqual([])
    },
  )

  test('SE17 no hook runs for what the status does not allow', async () => {
    const script: Script = { veto: true, heard: [] }
    const tab = await openTab({
      hooks: [...hooksOf('session:suspend', script), ...hooksOf('session:resume', script)],
    })
    const id = await created(tab)
    await refusal(move(tab, id, 'resume'), 'INVALID_TRANSITION')
    await refusal(
      tab.sessions.create(tab.request(), { parentId: 'nobody' as SessionId }),
      'SESSION_NOT_FOUND',
    )
    expect(script.heard).toEqual([])
  })

  test('SE17 a hook can change what is created, but not which session it is', async () => {
    const hook = defineHook({
      id: 'tagger',
      version: 1,
      point: 'session:start',
      stage: 'before',
      run: ({ input }) => ({
        kind: 'modify',
        change: {
          input: {
            ...input,
            id: 'other',
            parentId: 'other',
            tags: ['added'],
            name: `${String(input.name)}!`,
            state: { a: 2 },
          },
        },
      }),
    })
    const tab = await openTab({ hooks: [hook as HookDefinition] })
    const { record, entries } = await tab.sessions.create(tab.request(), {
      id: 'one',
      name: 'x',
      state: { a: 1 },
    })
    expect(record).toMatchObject({ id: 'one', name: 'x!', tags: ['added'] })
    expect(record).not.toHaveProperty('parentId')
    expect(entries.map(({ key, value }) => [key, value])).toEqual([['a', 2]])
  })

  test('SE17 a hook can change the reason of a failure and the label of a save', async () => {
    const rename = (point: 'session:fail' | 'session:save', field: string) =>
      defineHook({
        id: 'rename',
        version: 1,
        point,
        stage: 'before',
        run: () => ({ kind: 'modify', change: { input: { [field]: 'changed' } } }),
      }) as HookDefinition
    const tab = await openTab({ hooks: [rename('session:fail', 'reason'), rename('session:save', 'label')] })
    const id = await created(tab)
    expect(await tab.sessions.save(tab.request(), { id, label: 'x' })).toMatchObject({ label: 'changed' })
    expect(await move(tab, id, 'fail')).toMatchObject({ failure: 'changed' })
  })

  test('SE17 a change that cannot be stored is the hook’s failure, and nothing is stored', async () => {
    const spoil = defineHook({
      id: 'spoil',
      version: 1,
      point: 'session:start',
      stage: 'before',
      run: () => ({ kind: 'modify', change: { input: { name: 'x'.repeat(256) } } }),
    })
    const tab = await openTab({ hooks: [spoil as HookDefinition] })
    const error = await refusal(tab.sessions.create(tab.request(), {}), 'HOOK_FAILED')
    expect(error.cause).toMatchObject({ code: 'INVALID_NAME' })
    expect(await countCommits(tab)).toBe(0)
  })

  test('SE17 what changed while the hooks ran is decided on as it is by then', async () => {
    let meanwhile: () => Promise<unknown> = async () => undefined
    const slow = defineHook({
      id: 'slow',
      version: 1,
      point: 'session:suspend',
      stage: 'before',
      run: async () => {
        await meanwhile()
        return undefined
      },
    })
    const tab = await openTab({ hooks: [slow as HookDefinition] })
    const id = await created(tab)
    meanwhile = () => move(tab, id, 'complete')
    const error = await refusal(move(tab, id, 'suspend'), 'INVALID_TRANSITION')
    expect(error.details).toMatchObject({ from: 'completed' })
    expect((await typesOf(tab, id)).filter((type) => type !== 'hook.ran')).toEqual([
      'session.created',
      'session.completed',
    ])
  })
})

function restoreOf(tab: Tab, id: SessionId) {
  return tab.sessions.restore(tab.request(), { id, checkpoint: 'x' as never })
}
