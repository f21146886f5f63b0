import { expect, test } from 'vitest'
import { openBothBuilds } from './both-builds.ts'
import { open, readAll, useAll } from './in-page.ts'

const name = 'skew'

test('VE8 a page of the first build works with a worker of today, by the protocol of the first', async () => {
  await using builds = await openBothBuilds()
  const old = await builds.openFirst()
  expect(await old.evaluate(open, { name, workerUrl: builds.todaysWorker })).toMatchObject({ state: 'ok' })
  const id = await old.evaluate(useAll)
  const seen = await old.evaluate(readAll, id)
  expect(seen).toMatchObject({
    listed: [id],
    state: { hooked: 'seen by a hook', count: 2 },
    artifacts: expect.arrayContaining([
      ['notes.txt', 1, 'some text'],
      ['notes.txt', 2, 'more text'],
    ]),
    past: { count: 1 },
    checkpoint: { label: 'kept' },
    runs: [[expect.any(String), 'done']],
  })

  const today = await builds.openToday()
  await today.evaluate(open, { name })
  expect(await today.evaluate(readAll, id)).toEqual(seen)
  expect(await today.evaluate((db) => window.checkLaws(db), name)).toEqual([])
})

test('VE9 a page of today works with a worker of the first build, and says that it speaks the first protocol', async () => {
  await using builds = await openBothBuilds()
  const page = await builds.openToday()
  expect(await page.evaluate(open, { name, workerUrl: builds.firstWorker })).toEqual({
    protocol: 1,
    state: 'ok',
  })
  const id = await page.evaluate(useAll)
  const seen = await page.evaluate(readAll, id)
  expect(seen).toMatchObject({ listed: [id], state: { hooked: 'seen by a hook', count: 2 } })
  await page.evaluate(() => window.opened.close())

  const old = await builds.openFirst()
  await old.evaluate(open, { name })
  expect(await old.evaluate(readAll, id)).toEqual(seen)
  await old.evaluate(() => window.opened.close())
  expect(await page.evaluate((db) => window.checkLaws(db), name)).toEqual([])
})
