import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { sessionStream } from '../../src/core/ids.ts'
import { startEngine } from './rig.ts'

test('EN6 a change of status is decided on what is stored, not on what this tab has heard', async () => {
  const name = 'lifecycle-unheard'
  // Nothing that one tab stores is told to the other.
  const openChannel = () => ({ post: () => {}, listen: () => () => {}, close: () => {} })
  const first = await startEngine(name, { openChannel })
  const second = await startEngine(name, { openChannel })
  const { record } = await first.call('sessions.create', { name: 'one' })
  first.send({ type: 'attach', stream: sessionStream(record.id) })
  await first.write(record.id, 'k', 1)
  await second.call('sessions.transition', { id: record.id, verb: 'suspend' })

  const resumed = await first.call('sessions.transition', { id: record.id, verb: 'resume' })

  expect(resumed.status).toBe('active')
  await first.engine.close()
  await second.engine.close()
})
