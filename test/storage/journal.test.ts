import { expect, test } from 'vitest'
import type { StreamId } from '../../src/core/ids.ts'
import { createSession, openTab, SESSION, setState } from './rig.ts'

const STREAM = SESSION as string as StreamId

test('JO1 what a commit lands is there in one row per stream', async () => {
  const tab = await openTab()
  await createSession(tab)
  await Promise.all([setState(tab, 'a', '1'), setState(tab, 'b', '2')])
  const start = await tab.log.start(STREAM)
  expect(start.tail).toHaveLength(1)
  expect(start.record?.name).toBe('one')
  expect(await tab.tables.session(SESSION)).toMatchObject({ name: 'one' })
})
