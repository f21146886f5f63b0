import { expect, test } from 'vitest'
import type { SessionRecord } from '../../src/core/session/record.ts'
import { open, openAgain } from './open.ts'
import { rejectionOf } from './rejection.ts'

test('JO42 a session that was open before is shown as another tab left it, whatever it did', async () => {
  const opened = await open()
  const { holdfast } = opened
  const made = await holdfast.sessions.create({ name: 'one', state: { large: 'x'.repeat(4_000) } })
  const { id } = made
  made.close()
  const other = (await openAgain(opened)).holdfast
  const there = await other.sessions.open(id)

  /** As this tab, which has nothing open, is told next. */
  async function shown() {
    const session = await holdfast.sessions.open(id)
    const { info } = session
    const value = session.state.get('k')
    session.close()
    return { info, value }
  }

  const deeds: readonly (() => Promise<unknown>)[] = [
    () => there.edit({ name: 'two', tags: ['t'] }),
    () => there.state.set('k', 1),
    () => there.suspend(),
    () => there.resume(),
    () => there.state.set('k', 2),
    () => there.state.delete('k'),
    () => there.complete(),
    () => there.reopen('not done'),
    () => there.archive(),
    () => there.unarchive(),
    async () => (await there.at(there.info.revision)).restore(),
  ]
  await shown()
  for (const deed of deeds) {
    await deed()
    const stored: SessionRecord | null = await holdfast.sessions.get(id)
    // From the view, and once more after it was rewritten.
    for (let times = 0; times < 2; times += 1) {
      expect(await shown()).toEqual({ info: stored, value: there.state.get('k') })
      await other.flush()
    }
  }
  await there.delete()
  expect(await rejectionOf(shown())).toMatchObject({ code: 'SESSION_NOT_FOUND', details: { id } })
})
