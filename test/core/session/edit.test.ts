import { describe, expect, test } from 'vitest'
import { created, openTab, refusal, reopen, typesOf } from './rig.ts'

describe('edit', () => {
  test('SE10 each given field replaces the one before as a whole; the others stay', async () => {
    const tab = await openTab()
    const id = await created(tab, {
      name: 'one',
      description: 'first',
      tags: ['a', 'b'],
      metadata: { x: 1, y: 2 },
      limits: { maxTokens: 1, maxBytes: 2 },
    })
    tab.wall.advance(1_000)
    const edited = await tab.sessions.edit(tab.request(), {
      id,
      changes: { name: 'e\u0301', tags: ['c', 'c'], metadata: { z: 3 }, limits: { maxBytes: 9 } },
    })
    expect(edited).toMatchObject({
      name: '\u00e9',
      description: 'first',
      tags: ['c'],
      metadata: { z: 3 },
      limits: { maxBytes: 9 },
      updatedAt: tab.wall.now(),
    })
    expect(edited.metadata).toEqual({ z: 3 })
    expect(edited.limits).toEqual({ maxBytes: 9 })
    const again = await reopen(tab)
    expect(await again.sessions.get(again.request(), { id })).toEqual(edited)
    expect((await again.sessions.open(again.request(), { id })).record).toEqual(edited)
  })

  test('SE10 retention sets when the session may go, and null takes it back', async () => {
    const tab = await openTab()
    const id = await created(tab)
    const kept = await tab.sessions.edit(tab.request(), { id, changes: { retention: { days: 2 } } })
    expect(kept.expiresAt).toBe(tab.wall.now() + 2 * 86_400_000)
    const freed = await tab.sessions.edit(tab.request(), { id, changes: { retention: null } })
    expect(freed).not.toHaveProperty('retention')
    expect(freed).not.toHaveProperty('expiresAt')
  })

  test('SE10 an edit of nothing stores nothing', async () => {
    const tab = await openTab()
    const id = await created(tab, { name: 'one' })
    expect((await tab.sessions.edit(tab.request(), { id, changes: {} })).name).toBe('one')
    expect(await typesOf(tab, id)).toEqual(['session.created'])
  })

  test.each([
    [{ name: 'x'.repeat(256) }, 'INVALID_NAME', 'name'],
    [{ nam: 'x' }, 'INVALID_ARGUMENT', 'nam'],
    [{ tags: [''] }, 'INVALID_ARGUMENT', 'tags.0'],
    [{ description: '\udc00\ud800' }, 'INVALID_ARGUMENT', 'description'],
    [{ status: 'completed' }, 'INVALID_ARGUMENT', 'status'],
    [{ metadata: { f: () => 1 } }, 'INVALID_VALUE', 'metadata.f'],
    [[], 'INVALID_ARGUMENT', 'changes'],
    [undefined, 'INVALID_ARGUMENT', 'changes'],
  ] as const)('SE6 the changes %j are refused', async (changes, code, path) => {
    const tab = await openTab()
    const id = await created(tab)
    const error = await refusal(tab.sessions.edit(tab.request(), { id, changes: changes as never }), code)
    expect(error.details.path).toBe(path)
    expect(await typesOf(tab, id)).toEqual(['session.created'])
  })

  test('SE10 edits of two tabs at once both land, and the later one by clock stands', async () => {
    const here = await openTab()
    const id = await created(here)
    const there = await openTab({ name: here.name, wall: here.wall })
    await Promise.all([
      here.sessions.edit(here.request(), { id, changes: { name: 'here' } }),
      there.sessions.edit(there.request(), { id, changes: { tags: ['there'] } }),
    ])
    expect(await here.sessions.get(here.request(), { id })).toMatchObject({ name: 'here', tags: ['there'] })
    expect((await here.sessions.open(here.request(), { id })).record).toMatchObject({
      name: 'here',
      tags: ['there'],
    })
  })
})
