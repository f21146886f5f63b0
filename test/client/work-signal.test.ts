import { expect, test } from 'vitest'
import type { Stream } from '../../src/client/shared-stream.ts'
import { createWorkSignal } from '../../src/client/work-signal.ts'
import type { SessionRecord } from '../../src/core/session/record.ts'

test('PG103 what follows a session for its bodies ends with the handle', () => {
  const listeners = new Set<unknown>()
  const stream = {
    record: { id: 's1', status: 'active' } as Partial<SessionRecord> as SessionRecord,
    subscribe: (listener: unknown) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  } as Partial<Stream> as Stream
  const work = createWorkSignal(stream)
  expect(listeners.size).toBe(1)
  work.stop()
  expect(listeners.size).toBe(0)
})

test('RU14 a run that waits for its session to be resumed ends when the session is deleted, before it asks or later', async () => {
  let isGone = false
  let tell = (_record: SessionRecord | undefined) => {}
  const stream = {
    record: { id: 's1', status: 'suspended' } as Partial<SessionRecord> as SessionRecord,
    get isGone() {
      return isGone
    },
    subscribe: (listener: typeof tell) => {
      tell = listener
      return () => {}
    },
  } as Partial<Stream> as Stream
  const work = createWorkSignal(stream)
  const waiting = work.resumed()
  isGone = true
  tell(undefined)
  await expect(waiting).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' })
  await expect(work.resumed()).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' })
})

test('PG103 a body that begins in a session that takes no work is told why', () => {
  let tell = (_record: SessionRecord | undefined) => {}
  const recordOf = (status: string) => ({ id: 's1', status }) as Partial<SessionRecord> as SessionRecord
  const stream = {
    record: recordOf('active'),
    subscribe: (listener: typeof tell) => {
      tell = listener
      return () => {}
    },
  } as Partial<Stream> as Stream
  const work = createWorkSignal(stream)
  tell(recordOf('suspended'))
  const { signal } = work
  expect(signal.reason).toMatchObject({ code: 'SESSION_NOT_ACTIVE' })
  tell(recordOf('active'))
  expect(work.signal.aborted).toBe(false)
  tell(undefined)
  expect(work.signal.reason).toMatchObject({ code: 'SESSION_NOT_FOUND' })
  expect(createWorkSignal({ ...stream, record: recordOf('completed') }).signal.aborted).toBe(true)
})
