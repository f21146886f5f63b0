import { expect, test } from 'vitest'
import type { Connection } from '../../src/client/connection.ts'
import { createStreams } from '../../src/client/streams.ts'
import { createError } from '../../src/core/errors.ts'
import type { SessionId } from '../../src/core/ids.ts'
import type { SessionRecord } from '../../src/core/session/record.ts'

const id = 'soon' as SessionId
const start = { record: { id, updatedAt: 1 } as SessionRecord, entries: [] }

/** Streams over a worker whose answers the test gives, in its order. */
function rig() {
  const asked: { resolve(answer: unknown): void; reject(error: Error): void }[] = []
  const stop = () => {}
  const connection = {
    welcome: { generation: 'g', writer: 'w' },
    listen: () => stop,
    onRespawn: () => stop,
    stand: () => stop,
    post: stop,
    call: () => new Promise((resolve, reject) => asked.push({ resolve, reject })),
  }
  const streams = createStreams(connection as unknown as Connection, () => false, stop)
  const refuse = (at: number) => asked[at]?.reject(createError('SESSION_NOT_FOUND', 'There is none.', { id }))
  return { streams, asked, refuse, find: (at: number) => asked[at]?.resolve(start) }
}

test('PG119 what one opening finds is open, though another one was just told that it is not there', async () => {
  const { streams, refuse, find } = rig()
  const refused = streams.open({ session: id }).catch((error: Error) => error.message)
  const opening = streams.open({ session: id })
  refuse(0)
  expect(await refused).toBe('There is none.')
  find(1)
  await new Promise(setImmediate)
  find(2)
  expect((await opening).isGone).toBe(false)
})

test.each([
  [{ session: id }, id],
  [{ scope: 'app' }, 'app'],
])('DM28 where the kept state is damaged, the error of who opens %o says whose it is', async (target, of) => {
  const { streams, asked } = rig()
  const opening = streams.open(target)
  asked[0]?.resolve({ ...start, packed: { bytes: new Uint8Array([1]), sensitive: [] } })
  await expect(opening).rejects.toMatchObject({
    code: 'CONTENT_DAMAGED',
    message: `The kept state of ${of} is not what was stored; call storage.repair(), which makes it anew from the log.`,
    details: { name: 'StateDamaged', id: of },
  })
})

test('PG119 what the page has just made is there, whatever an earlier opening is told', async () => {
  const { streams, refuse } = rig()
  const refused = streams.open({ session: id }).catch((error: Error) => error.message)
  const made = streams.adopt(start as never)
  refuse(0)
  await refused
  expect(made.isGone).toBe(false)
})
