import { expect, test } from 'vitest'
import type { Stream } from '../../src/client/streams.ts'
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
