import { describe, expect, test } from 'vitest'
import type { SessionId } from '../../../src/core/ids.ts'
import { DEFAULT_LIST_LIMIT, MAX_LIST_LIMIT, parseSessionQuery } from '../../../src/core/session/list.ts'
import type { SessionQuery } from '../../../src/core/session/query.ts'
import { created, move, openTab, refusal, reopen, type Tab } from './rig.ts'

const MINUTE = 60_000

/** Five sessions a minute apart, made by two people, of several statuses. */
async function setUp() {
  const tab = await openTab()
  const start = tab.wall.now()
  const make = async (id: string, input: object = {}, actor = 'ada') => {
    await tab.sessions.create(tab.request({ actor: { id: actor } }), { id, ...input })
    tab.wall.advance(MINUTE)
  }
  await make('apple', { name: 'Äpfel', tags: ['fruit', 'red'] })
  await make('bean', { name: 'beans', tags: ['green'], description: 'Not a FRUIT' }, 'bob')
  await make('cherry', { name: 'Cherry', tags: ['fruit', 'red'] })
  await make('date', { name: 'dates', tags: ['fruit'], parentId: 'apple' }, 'bob')
  await make('egg', { name: 'Eggs' })
  await move(tab, 'apple' as SessionId, 'suspend')
  tab.wall.advance(MINUTE)
  await move(tab, 'cherry' as SessionId, 'complete')
  return { tab: await reopen(tab), start }
}

async function idsOf(tab: Tab, query: SessionQuery = {}): Promise<string> {
  return (await tab.sessions.list(tab.request(), query)).items.map(({ id }) => id).join(' ')
}

describe('list', () => {
  test('LI1 every filter, alone and with others, also after a restart (origin 4)', async () => {
    const { tab, start } = await setUp()
    const at = (minutes: number) => start + minutes * MINUTE
    expect(await idsOf(tab)).toBe('cherry apple egg date bean')
    expect(await idsOf(tab, { status: 'active' })).toBe('egg date bean')
    expect(await idsOf(tab, { status: 'failed' })).toBe('')
    expect(await idsOf(tab, { tags: ['fruit'] })).toBe('cherry apple date')
    expect(await idsOf(tab, { tags: ['fruit', 'red'] })).toBe('cherry apple')
    expect(await idsOf(tab, { tags: ['fruit', 'green'] })).toBe('')
    expect(await idsOf(tab, { status: 'active', tags: ['fruit'] })).toBe('date')
    expect(await idsOf(tab, { parentId: 'apple' as SessionId })).toBe('date')
    expect(await idsOf(tab, { createdBy: 'bob' })).toBe('date bean')
    expect(await idsOf(tab, { createdAfter: at(2) })).toBe('egg date')
    expect(await idsOf(tab, { createdBefore: at(2) })).toBe('apple bean')
    expect(await idsOf(tab, { updatedAfter: at(4) })).toBe('cherry apple')
    expect(await idsOf(tab, { updatedBefore: at(4) })).toBe('date bean')
    expect(await idsOf(tab, { createdAfter: at(2), createdBefore: at(4) })).toBe('date')
    expect(await idsOf(tab, { search: 'fruit' })).toBe('bean')
    expect(await idsOf(tab, { search: 'äPF' })).toBe('apple')
    expect(await idsOf(tab, { search: 'e', status: 'active', createdBy: 'bob' })).toBe('date bean')
  })

  test('LI1 times may be Dates', async () => {
    const { tab, start } = await setUp()
    const createdAfter = new Date(start + 2 * MINUTE) as never
    expect(await idsOf(tab, { createdAfter })).toBe('egg date')
  })

  test('LI2 sorts by time or name, either way; tags and statuses of a page are the present ones', async () => {
    const { tab } = await setUp()
    expect(await idsOf(tab, { sortBy: 'createdAt' })).toBe('egg date cherry bean apple')
    expect(await idsOf(tab, { sortBy: 'createdAt', order: 'asc' })).toBe('apple bean cherry date egg')
    expect(await idsOf(tab, { sortBy: 'updatedAt', order: 'asc' })).toBe('bean date egg apple cherry')
    expect((await idsOf(tab, { sortBy: 'name' })).split(' ').sort().join(' ')).toBe(
      'apple bean cherry date egg',
    )
    const byName = await idsOf(tab, { sortBy: 'name' })
    expect(await idsOf(tab, { sortBy: 'name', order: 'desc' })).toBe(byName.split(' ').reverse().join(' '))
    await tab.sessions.edit(tab.request(), { id: 'egg' as SessionId, changes: { tags: ['fruit'] } })
    expect(await idsOf(tab, { tags: ['fruit'] })).toBe('egg cherry apple date')
  })

  test('LI2 pages follow each other by cursor, each session once, with the total on request', async () => {
    const { tab } = await setUp()
    for (const sortBy of ['updatedAt', 'createdAt', 'name'] as const) {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await tab.sessions.list(tab.request(), {
          sortBy,
          limit: 2,
          ...(cursor === undefined ? {} : { cursor }),
        })
        expect(page.items.length).toBeLessThanOrEqual(2)
        expect(page).not.toHaveProperty('total')
        seen.push(...page.items.map(({ id }) => id))
        cursor = page.cursor
      } while (cursor !== undefined)
      expect(seen.join(' ')).toBe(await idsOf(tab, { sortBy }))
    }
    const counted = await tab.sessions.list(tab.request(), { limit: 1, tags: ['fruit'], count: true })
    expect([counted.items.length, counted.total]).toEqual([1, 3])
    const all = await tab.sessions.list(tab.request(), { count: true })
    expect(all).toMatchObject({ total: 5 })
    expect(all).not.toHaveProperty('cursor')
  })

  test('LI3 a session whose import has not finished is in no list', async () => {
    const { tab } = await setUp()
    await tab.sessions.create(tab.request(), { id: 'import', tags: ['fruit'] }, { hidden: true })
    expect(await idsOf(tab, { tags: ['fruit'] })).toBe('cherry apple date')
    expect(await tab.sessions.list(tab.request(), { count: true })).toMatchObject({ total: 5 })
    expect(await tab.sessions.get(tab.request(), { id: 'import' as SessionId })).toMatchObject({
      hidden: true,
    })
  })

  test('LI4 fifty sessions are listed unless told otherwise, a thousand at most', async () => {
    const tab = await openTab()
    await Promise.all(Array.from({ length: 60 }, () => created(tab)))
    expect((await tab.sessions.list(tab.request(), {})).items).toHaveLength(DEFAULT_LIST_LIMIT)
    expect((await tab.sessions.list(tab.request(), { limit: MAX_LIST_LIMIT })).items).toHaveLength(60)
    expect(parseSessionQuery({})).toEqual({ limit: 50 })
  })

  test.each([
    ['limit', 0],
    ['limit', MAX_LIST_LIMIT + 1],
    ['limit', 1.5],
    ['limit', '10'],
    ['status', 'gone'],
    ['tags', 'fruit'],
    ['tags', ['']],
    ['parentId', 'a b'],
    ['createdBy', ''],
    ['createdAfter', 'yesterday'],
    ['createdBefore', Number.NaN],
    ['updatedAfter', new Date(Number.NaN)],
    ['updatedBefore', null],
    ['search', 7],
    ['sortBy', 'size'],
    ['order', 'up'],
    ['cursor', 7],
    ['count', 1],
    ['tag', 'fruit'],
    ['toString', 'x'],
  ])('LI4 with %s as %j the list is refused', async (field, value) => {
    const tab = await openTab()
    const error = await refusal(tab.sessions.list(tab.request(), { [field]: value }), 'INVALID_ARGUMENT')
    expect(error.details.path).toMatch(new RegExp(`^${field}`))
  })
})
