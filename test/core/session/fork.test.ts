import { describe, expect, test } from 'vitest'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import type { HookDefinition } from '../../../src/core/hook/definition.ts'
import type { EventId, SessionId } from '../../../src/core/ids.ts'
import { STATUSES } from '../../../src/core/session/status.ts'
import { valuesOf } from '../../../src/core/state/fold.ts'
import {
  created,
  createdAs,
  eventsOf,
  move,
  openTab,
  refusal,
  reopen,
  storeArtifact,
  type Tab,
  typesOf,
} from './rig.ts'

function put(tab: Tab, session: SessionId, key: string, value: number) {
  return tab.sessions.writeState(tab.request(), { target: { session }, changes: [{ key, value }] })
}

async function textOf(tab: Tab, id: string): Promise<string> {
  return new TextDecoder().decode(await tab.artifacts.read(tab.request(), { id: id as never }))
}

async function namesOf(tab: Tab, session: SessionId) {
  const { items } = await tab.artifacts.list(tab.request(), { sessionId: session, sortBy: 'name' })
  return items.map(({ name, version }) => `${name} ${version}`).sort()
}

describe('fork', () => {
  test('SE16 goes another way from an event: fields, state and artifacts as they were then', async () => {
    const tab = await openTab()
    const id = await created(tab, {
      name: 'one',
      description: 'd',
      tags: ['t'],
      metadata: { m: 1 },
      limits: { maxTokens: 5 },
      retention: { days: 3 },
      state: { a: 1 },
    })
    const first = await storeArtifact(tab, id, 'report.md', 'first')
    const at = (await put(tab, id, 'b', 2)).at
    await put(tab, id, 'a', 9)
    await storeArtifact(tab, id, 'report.md', 'second')
    await tab.sessions.edit(tab.request(), { id, changes: { name: 'later', tags: [] } })
    await move(tab, id, 'complete')
    const before = await eventsOf(tab, id)

    const again = await reopen(tab)
    const request = again.request({ actor: { id: 'bob' } })
    const { record, entries } = await again.sessions.fork(request, { id, at })
    expect(record).toMatchObject({
      status: 'active',
      name: 'one',
      description: 'd',
      tags: ['t'],
      metadata: { m: 1 },
      limits: { maxTokens: 5 },
      retention: { days: 3 },
      parentId: id,
      forkedAt: at,
      createdBy: { id: 'bob' },
      createdAt: again.wall.now(),
    })
    expect(record.id).not.toBe(id)
    expect(valuesOf(entries)).toEqual({ a: 1, b: 2 })
    expect(await namesOf(again, record.id)).toEqual(['report.md 1'])
    const [copy] = (await again.artifacts.list(again.request(), { sessionId: record.id })).items
    expect(copy).toMatchObject({
      contentId: first.contentId,
      sessionId: record.id,
      createdAt: first.createdAt,
    })
    expect(copy?.id).not.toBe(first.id)
    expect(await textOf(again, copy?.id ?? '')).toBe('first')

    // The session it leaves has not changed.
    expect(await eventsOf(again, id)).toEqual(before)
    expect(await namesOf(again, id)).toEqual(['report.md 1', 'report.md 2'])
  })

  test('SE16 has a timeline and a correlation of its own, every event from a fork', async () => {
    const tab = await openTab()
    const id = await created(tab, { state: { a: 1 } })
    await storeArtifact(tab, id, 'x', 'x')
    const source = (await tab.sessions.open(tab.request(), { id })).record
    const { record } = await tab.sessions.fork(tab.request(), { id })
    expect(record.correlationId).not.toBe(source.correlationId)
    const [birth, ...others] = await eventsOf(tab, record.id)
    expect(await typesOf(tab, record.id)).toEqual(['session.created', 'state.changed', 'artifact.stored'])
    for (const event of [birth, ...others]) {
      expect(event).toMatchObject({ correlationId: record.correlationId, source: 'fork' })
    }
    for (const event of others) expect(event.causeId).toBe(birth?.id)
  })

  test('SE16 without an event it is the session as it is, with what was sent before', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const writing = put(tab, id, 'a', 1)
    const { record, entries } = await tab.sessions.fork(tab.request(), { id, name: 'what if' })
    expect(record).toMatchObject({ name: 'what if', forkedAt: (await writing).at })
    expect(valuesOf(entries)).toEqual({ a: 1 })
  })

  test('SE16 versions go on from their number, and links among the artifacts lead to the copies', async () => {
    const tab = await openTab()
    const id = await created(tab)
    await storeArtifact(tab, id, 'report.md', 'first')
    const second = await storeArtifact(tab, id, 'report.md', 'second')
    const derived = await tab.artifacts.store(tab.request(), {
      sessionId: id,
      name: 'chart.svg',
      content: '<svg/>',
      parentId: second.id,
    })
    const { record } = await tab.sessions.fork(tab.request(), { id })
    const third = await storeArtifact(tab, record.id, 'report.md', 'third')
    expect(third.version).toBe(3)
    const versions = await tab.artifacts.versions(tab.request(), { sessionId: record.id, name: 'report.md' })
    expect(versions.map(({ version }) => version)).toEqual([3, 2, 1])
    expect(third.previousId).toBe(versions[1]?.id)
    expect(versions[1]?.previousId).toBe(versions[2]?.id)
    const [chart] = await tab.artifacts.versions(tab.request(), { sessionId: record.id, name: 'chart.svg' })
    expect(chart?.parentId).toBe(versions[1]?.id)
    expect(derived.parentId).toBe(second.id)
  })

  test('SE16 bytes are shared and counted: deleting on one side leaves the other', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const artifact = await storeArtifact(tab, id, 'a.txt', 'shared')
    const { record } = await tab.sessions.fork(tab.request(), { id })
    const [copy] = (await tab.artifacts.list(tab.request(), { sessionId: record.id })).items
    expect(await tab.tables.content('', artifact.contentId)).toMatchObject({ references: 2 })
    expect(await tab.connection.db.chunks.count()).toBe(1)
    await tab.artifacts.delete(tab.request(), { id: artifact.id })
    const again = await reopen(tab)
    expect(await textOf(again, copy?.id ?? '')).toBe('shared')
    expect(await again.tables.content('', artifact.contentId)).toMatchObject({ references: 1 })
  })

  test('SE16 an artifact that was deleted since does not come back', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const artifact = await storeArtifact(tab, id, 'secret.txt', 'x')
    const at = (await put(tab, id, 'a', 1)).at
    await tab.artifacts.delete(tab.request(), { id: artifact.id })
    const { record } = await tab.sessions.fork(tab.request(), { id, at })
    expect(await namesOf(tab, record.id)).toEqual([])
  })

  test.each(STATUSES)('SE16 a session that is %s can be forked, and the fork is active', async (status) => {
    const tab = await openTab()
    const id = await createdAs(tab, status)
    expect((await tab.sessions.fork(tab.request(), { id })).record).toMatchObject({
      status: 'active',
      parentId: id,
    })
    expect(await tab.sessions.get(tab.request(), { id })).toMatchObject({ status })
  })

  test('SE16 an event that there is not, or a wrong name, forks nothing', async () => {
    const tab = await openTab()
    const id = await created(tab)
    await refusal(
      tab.sessions.fork(tab.request(), { id, at: tab.clock.nextId<EventId>() }),
      'EVENT_NOT_FOUND',
    )
    await refusal(tab.sessions.fork(tab.request(), { id, at: 7 as never }), 'INVALID_ARGUMENT')
    await refusal(tab.sessions.fork(tab.request(), { id, name: 'x'.repeat(256) }), 'INVALID_NAME')
    await refusal(tab.sessions.fork(tab.request(), { id, from: 'x' } as never), 'INVALID_ARGUMENT')
    expect(await tab.connection.db.sessions.count()).toBe(1)
  })

  test('SE17 a hook can name the fork or veto it', async () => {
    const hook = defineHook({
      id: 'namer',
      version: 1,
      point: 'session:fork',
      stage: 'before',
      run: ({ session, input }) =>
        session?.name === 'closed'
          ? { kind: 'cancel', reason: 'closed' }
          : { kind: 'modify', change: { input: { ...input, name: `${String(input.name)}!` } } },
    })
    const tab = await openTab({ hooks: [hook as HookDefinition] })
    const id = await created(tab, { name: 'open' })
    expect((await tab.sessions.fork(tab.request(), { id })).record.name).toBe('open!')
    const closed = await created(tab, { name: 'closed' })
    await refusal(tab.sessions.fork(tab.request(), { id: closed }), 'HOOK_CANCELLED')
    expect(await tab.tables.children(closed)).toEqual([])
  })
})
