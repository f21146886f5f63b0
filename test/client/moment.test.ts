import { expect, test } from 'vitest'
import type { Caller } from '../../src/client/caller.ts'
import { requireId } from '../../src/client/moment.ts'
import { createTimeline } from '../../src/client/timeline.ts'

test('BI22 what names no moment and no correlation is INVALID_ARGUMENT, and nothing is asked', async () => {
  const call = () => expect.unreachable('nothing may be asked')
  const timeline = createTimeline({ call } as unknown as Caller, () => expect.unreachable())
  for (const nothing of [undefined, null, 7, {}, { id: 7, correlationId: 7 }]) {
    expect(() => requireId(nothing as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', details: { path: 'event' } }),
    )
    await expect(timeline.tree(nothing as never)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { path: 'correlation' },
    })
  }
  expect([requireId('e1'), requireId({ id: 'e2' as never })]).toEqual(['e1', 'e2'])
})
