import { expect, test } from 'vitest'
import { MAX_HELD_BYTES } from '../../src/client/pending.ts'
import { TIMING } from '../../src/client/timing.ts'
import { sizeOf } from '../../src/core/size.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { openClosing } from './closing.ts'

const QUICK = { ...TIMING, reopenAfterMs: [20, 40], probeMs: 300 }
const NEVER = { ...QUICK, probeMs: 600_000 }

/** A page whose browser has lost its storage process. */
async function openBroken(timing = NEVER) {
  const opened = await openClosing(true, timing)
  const session = await opened.holdfast.sessions.create()
  await session.state.set('before', 1)
  const states: string[] = []
  opened.holdfast.storage.subscribe((state) => states.push(state))
  await opened.fail('break')
  await expect.poll(() => states, { timeout: 15_000 }).toContain('needs-reload')
  return { ...opened, session, states }
}

test('DM13 a page whose browser opens no database any more says that it needs a reload', async () => {
  const { holdfast, states } = await openBroken()
  expect(states).toEqual(['needs-reload'])
  expect(holdfast.storage.state).toBe('needs-reload')
})

test('DM13 what waited for it, and each call after it, ends with STORAGE_NEEDS_RELOAD', async () => {
  const { holdfast, session } = await openBroken()
  const rejection = { code: 'STORAGE_NEEDS_RELOAD', retryable: false, cause: { code: 'STORAGE_FAILED' } }
  await expect(holdfast.sessions.list()).rejects.toMatchObject(rejection)
  await expect(session.emit('it.was', {})).rejects.toMatchObject(rejection)
  expect(session.state.get('before')).toBe(1)
})

test('DM14 state writes are kept and shown meanwhile, and stored when the database can be opened again', async () => {
  const { holdfast, name, session, states, fail } = await openBroken(QUICK)
  const stored = Promise.all([session.state.set('a', 1), session.state.set('b', 2)])
  await Promise.resolve()
  const later = session.state.set('a', 3)
  await expect.poll(() => holdfast.storage.heldWrites).toBeGreaterThan(0)
  expect(session.state.get('a')).toBe(3)
  expect(holdfast.writes.state).toBe('provisional')

  await fail('mend')
  await stored
  await later
  expect(holdfast.storage.heldWrites).toBe(0)
  expect(states).toEqual(['needs-reload', 'ok'])
  await holdfast.flush()
  await expect.poll(() => holdfast.writes.state).toBe('durable')
  expect((await holdfast.sessions.open(session.id)).state.get('a')).toBe(3)
  await holdfast.close()
  expect(await checkLaws(name)).toEqual([])
})

test('DM14 beyond so many bytes state writes are refused, and what was shown reverts', async () => {
  const { holdfast, session } = await openBroken()
  const value = 'x'.repeat(60_000)
  const fitting = Math.floor(MAX_HELD_BYTES / sizeOf([{ key: 'kept-00', value }]))
  const kept = Array.from({ length: fitting }, (_, at) => {
    const key = `kept-${String(at).padStart(2, '0')}`
    return session.state.set(key, value, { requestId: key })
  })
  const over = session.state.set('over-00', value, { requestId: 'over' })
  expect(session.state.has('over-00')).toBe(true)
  await expect(over).rejects.toMatchObject({ code: 'STORAGE_NEEDS_RELOAD' })
  expect(session.state.has('over-00')).toBe(false)
  expect(holdfast.storage.heldWrites).toBe(fitting)

  const ended = Promise.allSettled(kept)
  await holdfast.close()
  expect(new Set((await ended).map(({ status }) => status))).toEqual(new Set(['rejected']))
})
