import { expect, test } from 'vitest'
import type { ListWatch } from '../../src/client/watch-list.ts'
import { open, openAgain } from './open.ts'

async function nextOf<Page>(watch: ListWatch<Page>): Promise<Page> {
  const { done, value } = await watch.next()
  if (done === true) throw new Error('The watch has ended.')
  return value
}

test('WL1 lists of sessions and of artifacts that one tab watches show what another tab does', async () => {
  const opened = await open()
  const { holdfast } = opened
  const other = (await openAgain(opened)).holdfast
  const session = await holdfast.sessions.create({ name: 'one' })
  const there = await other.sessions.open(session.id)

  const sessions = holdfast.sessions.watch({ sortBy: 'name' })
  const artifacts = session.artifacts.watch({ tags: ['kept'] })
  expect((await nextOf(sessions)).items.map(({ name }) => name)).toEqual(['one'])
  expect((await nextOf(artifacts)).items).toEqual([])

  const stored = await there.artifacts.store({ name: 'a.txt', content: 'a', tags: ['kept'] })
  const found = (await nextOf(artifacts)).items
  expect(found.map(({ name }) => name)).toEqual(['a.txt'])
  expect(await found[0]?.text()).toBe('a')

  await other.sessions.create({ name: 'two' })
  for await (const page of sessions) if (page.items.length === 2) break
  await there.artifacts.delete(stored)
  for await (const page of artifacts) if (page.items.length === 0) break
  const left = holdfast.sessions.watch({ sortBy: 'name' })
  await there.delete()
  for await (const page of left) if (page.items.map(({ name }) => name).join() === 'two') break
})

test('WL2 a watch of a list with a filter that cannot be ends with the error', async () => {
  const { holdfast } = await open()
  await expect(holdfast.sessions.watch({ limit: -1 }).next()).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  })
})
