import { expect, test } from 'vitest'
import type { EventId } from '../../../src/core/ids.ts'
import { type PackedPast, pastValues, unpackPast } from '../../../src/core/session/packed-past.ts'
import { sessionRecord } from '../hook/harness.ts'

test('DM28 where the state that a mark holds is damaged, the error says of which session, and at which event', () => {
  const past: PackedPast = {
    record: sessionRecord(),
    eventId: 'event-7' as EventId,
    artifacts: [],
    state: {},
    packed: { bytes: new Uint8Array([1]), sensitive: [] },
  }
  const { id } = past.record
  for (const read of [pastValues, unpackPast])
    expect(() => read(past)).toThrow(
      expect.objectContaining({
        code: 'CONTENT_DAMAGED',
        message: `The kept state of ${id} before event event-7 is not what was stored; read another moment.`,
        details: { name: 'StateDamaged', id, event: 'event-7' },
      }),
    )
})
