import { describe, expect, test } from 'vitest'
import type { CheckpointId } from '../../../src/core/ids.ts'
import type { Journal } from '../../../src/core/ports.ts'
import { createSessionManager, type SessionManager } from '../../../src/core/session/manager.ts'
import { valuesOf } from '../../../src/core/state/fold.ts'
import {
  created,
  eventsOf,
  move,
  openTab,
  put,
  refusal,
  reopen,
  stateOf,
  storeArtifact,
  type Tab,
  typesOf,
} from './rig.ts'

/** The use cases of a tab that does something each time that it has read a state and is about to store what it made of it. */
function interrupted(tab: Tab, meanwhile: (time: number) => Promise<unknown>): SessionManager {
  let times = 0
  const journal: Journal = {
    ...tab.journal,
    async commit(operation) {
      times += 1
      await meanwhile(times)
      return tab.journal.commit(operation)
    },
  }
  return createSessionManager({ ...tab, journal })
}

describe('checkpoints', () => {
  test('SE11 a save is listed with its label and time, oldest first, also after a restart', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const first = await tab.sessions.save(tab.request(), { id, label: 'before the re\u0301write' })
    expect(first).toEqual({ id: first.id, label: 'before the r\u00e9write', at: tab.wall.now() })
    tab.wall.advance(1_000)
    const second = await tab.sessions.save(tab.request(), { id })
    expect(second).toEqual({ id: second.id, at: tab.wall.now() })
    expect((await eventsOf(tab, id)).at(-1)).toMatchObject({
      type: 'session.saved',
      data: { checkpointId: second.id },
    })

    const again = await reopen(tab)
    expect(await again.sessions.checkpoints(again.request(), { id })).toEqual([first, second])
    const other = await created(again)
    expect(await again.sessions.checkpoints(again.request(), { id: other })).toEqual([])
  })

  test('SE11 a save keeps status, state and artifacts, and everything that was sent before it', async () => {
    const tab = await openTab()
    const id = await created(tab, { state: { a: 1, b: 2 } })
    const artifact = await storeArtifact(tab, id, 'report.md', 'text')
    const writing = put(tab, id, { b: undefined, c: { deep: [1] } })
    const { id: checkpoint } = await tab.sessions.save(tab.request(), { id })
    await writing
    expect(await tab.tables.checkpoint(checkpoint)).toMatchObject({
      sessionId: id,
      status: 'active',
      state: { a: 1, c: { deep: [1] } },
      artifactIds: [artifact.id],
    })
    await move(tab, id, 'suspend')
    const suspended = await tab.sessions.save(tab.request(), { id })
    expect(await tab.tables.checkpoint(suspended.id)).toMatchObject({ status: 'suspended' })
  })

  test('SE28 what another tab stores while a save is being made is in it', async () => {
    const tab = await openTab()
    const other = await openTab({ name: tab.name, wall: tab.wall })
    const id = await created(tab, { state: { a: 1 } })
    const artifacts: string[] = []
    const sessions = interrupted(tab, async (time) => {
      if (time > 2) return
      await put(other, id, { [`late ${time}`]: time })
      artifacts.push((await storeArtifact(other, id, `late ${time}`, 'text')).id)
    })
    const { id: checkpoint } = await sessions.save(tab.request(), { id })
    expect(await tab.tables.checkpoint(checkpoint)).toMatchObject({
      state: { a: 1, 'late 1': 1, 'late 2': 2 },
      artifactIds: artifacts.sort(),
    })
    expect((await typesOf(tab, id)).filter((type) => type === 'session.saved')).toHaveLength(1)
  })

  test('SE28 what another tab stores while a restore is being made does not stay', async () => {
    const tab = await openTab()
    const other = await openTab({ name: tab.name, wall: tab.wall })
    const id = await created(tab, { state: { a: 1 } })
    const { id: checkpoint } = await tab.sessions.save(tab.request(), { id })
    const sessions = interrupted(tab, async (time) => {
      if (time === 1) await put(other, id, { a: 2, late: true })
    })
    const start = await sessions.restore(tab.request(), { id, checkpoint })
    expect(valuesOf(start.entries)).toEqual({ a: 1 })
    expect(await stateOf(other, id)).toEqual({ a: 1 })
  })

  test('SE28 a session that is written to each time is CONFLICT, and nothing is stored', async () => {
    const tab = await openTab()
    const other = await openTab({ name: tab.name, wall: tab.wall })
    const id = await created(tab)
    const sessions = interrupted(tab, (time) => put(other, id, { time }))
    const error = await refusal(sessions.save(tab.request(), { id }), 'CONFLICT')
    expect(error.details).toEqual({ id })
    expect(await tab.sessions.checkpoints(tab.request(), { id })).toEqual([])
  })

  test.each(['', 'x'.repeat(256), 'a\nb', 7])('SE11 the label %j is refused', async (label) => {
    const tab = await openTab()
    const id = await created(tab)
    const error = await refusal(
      tab.sessions.save(tab.request(), { id, label: label as string }),
      'INVALID_ARGUMENT',
    )
    expect(error.details.path).toBe('label')
    expect(await typesOf(tab, id)).toEqual(['session.created'])
  })

  test('SE12 a restore takes the state back and forgets nothing; the rest stays (origin 3)', async () => {
    const tab = await openTab()
    const id = await created(tab, {
      name: 'Zoë 🦀',
      tags: ['t'],
      metadata: { m: [1] },
      state: { a: 1, b: { x: [1] }, c: 3 },
    })
    const { id: checkpoint } = await tab.sessions.save(tab.request(), { id })
    await put(tab, id, { a: 2, c: undefined, d: 4 })
    await tab.sessions.edit(tab.request(), { id, changes: { name: 'later' } })
    const artifact = await storeArtifact(tab, id, 'later.md', 'text')

    const again = await reopen(tab)
    const { record, entries } = await again.sessions.restore(again.request(), { id, checkpoint })
    expect(valuesOf(entries)).toEqual({ a: 1, b: { x: [1] }, c: 3 })
    expect(record).toMatchObject({ status: 'active', name: 'later', tags: ['t'], metadata: { m: [1] } })
    expect(await again.tables.artifact(artifact.id)).toBeDefined()
    const restored = (await eventsOf(again, id)).at(-1)
    expect(restored).toMatchObject({ type: 'session.restored', data: { checkpointId: checkpoint } })
    // Only what differs is written.
    expect(restored?.data).toMatchObject({
      changes: [{ key: 'd' }, { key: 'a', value: 1 }, { key: 'c', value: 3 }],
    })

    const third = await reopen(again)
    expect(await stateOf(third, id)).toEqual({ a: 1, b: { x: [1] }, c: 3 })
  })

  test('SE12 a restore beats what another tab wrote with a clock that runs ahead', async () => {
    const here = await openTab()
    const id = await created(here, { state: { a: 1 } })
    const { id: checkpoint } = await here.sessions.save(here.request(), { id })
    const there = await openTab({ name: here.name, wall: here.wall })
    here.wall.advance(60_000)
    await put(there, id, { a: 2 })
    here.wall.set(here.wall.now() - 60_000)
    await here.sessions.restore(here.request(), { id, checkpoint })
    expect(await stateOf(there, id)).toEqual({ a: 1 })
  })

  test('SE12 a checkpoint of another session, or none, is CHECKPOINT_NOT_FOUND', async () => {
    const tab = await openTab()
    const [id, other] = [await created(tab), await created(tab)]
    const { id: checkpoint } = await tab.sessions.save(tab.request(), { id: other })
    for (const wrong of [checkpoint, 'nothing' as CheckpointId, 7 as never, undefined as never]) {
      const error = await refusal(
        tab.sessions.restore(tab.request(), { id, checkpoint: wrong }),
        'CHECKPOINT_NOT_FOUND',
      )
      expect(error.details.id).toBe(id)
    }
    expect(await typesOf(tab, id)).toEqual(['session.created'])
  })
})
