import { expect, test } from 'vitest'
import { createEarlyAborts } from '../../worker/early-aborts.ts'

test('WI12 an abort that came before its call is kept for it, once; of those that no call takes a thousand are kept', () => {
  const aborts = createEarlyAborts()
  for (let id = 1; id <= 1_001; id += 1) aborts.note(id)
  expect([aborts.take(1), aborts.take(2), aborts.take(2), aborts.take(1_001)]).toEqual([
    false,
    true,
    false,
    true,
  ])
})
