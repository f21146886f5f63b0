import { describe, expect, test } from 'vitest'
import { defaultHooks } from '../../../src/core/hook/default-hooks.ts'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import type { HookDefinition } from '../../../src/core/hook/definition.ts'
import type { SessionId } from '../../../src/core/ids.ts'
import { STATUSES, statusAfter, VERBS } from '../../../src/core/session/status.ts'
import { created, createdAs, eventsOf, move, openTab, refusal, reopen, type Tab, typesOf } from './rig.ts'

const EVENT_OF = {
  suspend: 'session.suspended',
  resume: 'session.resumed',
  complete: 'session.completed',
  fail: 'session.failed',
  reopen: 'session.reopened',
  archive: 'session.archived',
  unarchive: 'session.unarchived',
} as const

const MATRIX = STATUSES.flatMap((status) => VERBS.map((verb) => [status, verb] as const))

describe('transitions', () => {
  test.each(MATRIX)('TR1, TR2 a session that is %s is asked to %s', async (status, verb) => {
    const tab = await openTab()
    const id = await createdAs(tab, status)
    const before = await typesOf(tab, id)
    const to = statusAfter({ status, ...(status === 'archived' ? { archivedFrom: 'suspended' } : {}) }, verb)
    if (to === undefined) {
      const error = await refusal(move(tab, id, verb), 'INVALID_TRANSITION')
      expect(error.details).toMatchObject({ id, from: status, verb })
      expect(await typesOf(tab, id)).toEqual(before)
      return
    }
    expect((await move(tab, id, verb)).status).toBe(to)
    expect(await typesOf(tab, id)).toEqual([...before, EVENT_OF[verb]])
    const again = await reopen(tab)
    expect((await again.sessions.open(again.request(), { id })).record.status).toBe(to)
    expect(await again.sessions.get(again.request(), { id })).toMatchObject({ status: to })
  })

  test('TR1 a session lives from active over suspended to completed and stays readable (origin 1, 2)', async () => {
    const tab = await openTab()
    const id = await created(tab, { name: 'Q4' })
    expect((await move(tab, id, 'suspend')).status).toBe('suspended')
    expect((await move(tab, id, 'resume')).status).toBe('active')
    tab.wall.advance(1_000)
    const done = await move(tab, id, 'complete')
    expect(done).toMatchObject({ status: 'completed', endedAt: tab.wall.now(), updatedAt: tab.wall.now() })
    await refusal(move(tab, id, 'suspend'), 'INVALID_TRANSITION')
    expect(await tab.sessions.get(tab.request(), { id })).toEqual(done)
  })

  test('TR3 the end is stamped once and taken back by reopen (origin 6)', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const failed = await tab.sessions.transition(tab.request(), { id, verb: 'fail', reason: 'no key' })
    expect(failed).toMatchObject({ status: 'failed', failure: 'no key', endedAt: tab.wall.now() })
    const endedAt = tab.wall.now()
    tab.wall.advance(5_000)
    expect(await move(tab, id, 'archive')).toMatchObject({ failure: 'no key', endedAt })
    expect(await move(tab, id, 'unarchive')).toMatchObject({ status: 'failed', failure: 'no key', endedAt })
    const reopened = await tab.sessions.transition(tab.request(), { id, verb: 'reopen', reason: 'key found' })
    expect(reopened.status).toBe('active')
    expect(reopened).not.toHaveProperty('endedAt')
    expect(reopened).not.toHaveProperty('failure')
    expect((await eventsOf(tab, id)).at(-1)).toMatchObject({
      type: 'session.reopened',
      data: { reason: 'key found' },
    })
  })

  test('TR9 a secret in a reason is redacted on the timeline and in the record', async () => {
    const tab = await openTab({ hooks: [...defaultHooks().hooks] })
    const id = await created(tab)
    const reason = 'password=hunter2secret was refused'
    const redacted = 'password=[REDACTED] was refused'
    const failed = await tab.sessions.transition(tab.request(), { id, verb: 'fail', reason })
    expect(failed.failure).toBe(redacted)
    await tab.sessions.transition(tab.request(), { id, verb: 'reopen', reason })
    const events = (await eventsOf(tab, id)).filter(({ type }) => /failed|reopened/.test(type))
    expect(events.map(({ data }) => data)).toEqual([{ reason: redacted }, { reason: redacted }])
  })

  test.each(['active', 'suspended', 'completed', 'failed'] as const)(
    'TR4 a session that was %s is that again after archive and unarchive',
    async (status) => {
      const tab = await openTab()
      const id = await createdAs(tab, status)
      expect(await move(tab, id, 'archive')).toMatchObject({ status: 'archived', archivedFrom: status })
      const again = await reopen(tab)
      const back = await move(again, id, 'unarchive')
      expect(back.status).toBe(status)
      expect(back).not.toHaveProperty('archivedFrom')
    },
  )

  test('TR5 of two tabs that ask at once one wins, the other is told, and both show the same', async () => {
    const here = await openTab()
    const id = await created(here)
    const there = await openTab({ name: here.name, wall: here.wall })
    // Both have the head at hand, so both decide on the same.
    await Promise.all(
      [here, there].map((tab) => tab.sessions.edit(tab.request(), { id, changes: { tags: [] } })),
    )

    const results = await Promise.allSettled([move(here, id, 'complete'), move(there, id, 'suspend')])
    const won = results.map((result) =>
      result.status === 'fulfilled' ? result.value.status : result.reason.code,
    )
    expect([
      ['INVALID_TRANSITION', 'completed'],
      ['completed', 'suspended'],
      // Suspended first, then completed, before the first answer was read.
      ['completed', 'completed'],
    ]).toContainEqual(won.toSorted())
    const shown = await Promise.all([here, there].map((tab) => tab.sessions.get(tab.request(), { id })))
    expect(shown[0]).toEqual(shown[1])
    expect(shown[0]).toMatchObject({ status: (await typesOf(here, id)).at(-1)?.slice('session.'.length) })
  })

  test('TR5 ten tabs complete one session: one does', async () => {
    const first = await openTab()
    const id = await created(first)
    const others = await Promise.all(
      Array.from({ length: 9 }, () => openTab({ name: first.name, wall: first.wall })),
    )
    const results = await Promise.allSettled([first, ...others].map((tab) => move(tab, id, 'complete')))
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'INVALID_TRANSITION' })
    }
    expect(await typesOf(first, id)).toEqual(['session.created', 'session.completed'])
  })

  test('TR6 status by clock is status by commit, also when the other tab runs ahead', async () => {
    const ahead = await openTab()
    const id = await created(ahead)
    // As after a burst: this writer's clock is a second ahead of the wall.
    ahead.clock.observe(((await headClock(ahead, id)) + 2_048 * 1_000) as never)
    await move(ahead, id, 'suspend')
    const behind = await openTab({ name: ahead.name, wall: ahead.wall })
    expect((await move(behind, id, 'resume')).status).toBe('active')
    await move(behind, id, 'complete')
    const { record } = await ahead.sessions.open(ahead.request(), { id })
    expect(record.status).toBe('completed')
    expect(await typesOf(ahead, id)).toEqual([
      'session.created',
      'session.suspended',
      'session.resumed',
      'session.completed',
    ])
  })

  test('TR6 status by clock is status by commit, also after the wall clock was set back by a day', async () => {
    const tab = await openTab()
    const id = await created(tab)
    await move(tab, id, 'suspend')
    tab.wall.set(tab.wall.now() - 86_400_000)
    const again = await reopen(tab)
    expect((await move(again, id, 'resume')).status).toBe('active')
    expect((await again.sessions.open(again.request(), { id })).record.status).toBe('active')
  })

  test('TR7 fail and reopen need a reason; the other verbs keep none', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const ask = (input: object) => tab.sessions.transition(tab.request(), { id, ...input } as never)
    for (const reason of [undefined, '', 7, 'x'.repeat(1_025), 'a\u0000']) {
      const error = await refusal(ask({ verb: 'fail', reason }), 'INVALID_ARGUMENT')
      expect(error.details.path).toBe('reason')
    }
    await ask({ verb: 'suspend', reason: 'left out' })
    expect((await eventsOf(tab, id)).at(-1)?.data).toEqual({})
    await ask({ verb: 'fail', reason: 'x'.repeat(1_024) })
    await refusal(ask({ verb: 'reopen' }), 'INVALID_ARGUMENT')
  })

  test('TR7 what is no verb is refused before anything is looked at', async () => {
    const tab = await openTab()
    for (const verb of ['delete', '', undefined, 'toString']) {
      const error = await refusal(
        tab.sessions.transition(tab.request(), { id: 'nobody' as SessionId, verb: verb as never }),
        'INVALID_ARGUMENT',
      )
      expect(error.details.path).toBe('verb')
    }
  })
})

async function headClock(tab: Tab, id: SessionId): Promise<number> {
  const [birth] = await eventsOf(tab, id)
  return (birth?.time ?? 0) * 2_048
}

test('TR8 what after-hooks still do for an active session they do before it leaves that status', async () => {
  const told: string[] = []
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const slow = defineHook({
    id: 'slow',
    version: 1,
    point: 'session:save',
    stage: 'after',
    async run() {
      await released
      told.push('saved')
      return undefined
    },
  })
  const leaving = defineHook({
    id: 'leaving',
    version: 1,
    point: 'session:suspend',
    stage: 'before',
    run() {
      told.push('suspending')
      return undefined
    },
  })
  const tab = await openTab({ hooks: [slow as HookDefinition, leaving as HookDefinition] })
  const id = await created(tab)

  await tab.sessions.save(tab.request(), { id })
  const moving = move(tab, id, 'suspend')
  // Many more turns of the database than a suspension takes.
  for (let turn = 0; turn < 50; turn += 1) await tab.tables.session(id)
  expect(told).toEqual([])
  release()
  await moving

  expect(told).toEqual(['saved', 'suspending'])
})
