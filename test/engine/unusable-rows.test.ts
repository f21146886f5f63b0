/** Rows in messages whose sum is right, and that nobody can use all the same. */
import 'fake-indexeddb/auto'
import { expect, onTestFinished, test } from 'vitest'
import type { RowForm } from '../../src/core/commit.ts'
import { sessionStream } from '../../src/core/ids.ts'
import { fromJson, toJsonBytes } from '../../src/core/json.ts'
import { withSum } from '../../src/storage/checksum.ts'
import type { StoredMessage } from '../../src/sync/tab-message.ts'
import { settableWall, startEngine } from './rig.ts'
import { watchedChannel } from './watched-channel.ts'

test.each<[string, object]>([
  ['no commit id', { commitId: undefined }],
  ['an event that is none', { events: [null] }],
  ['an event without an id', { events: [{ type: 'it.was' }] }],
  ['a change of nothing', { events: [{ id: '0', type: 'state.changed', data: null }] }],
])('TA15 of a row with %s the log is read: it hides nothing that is stored', async (_, wrong) => {
  const name = `unusable-${crypto.randomUUID()}`
  const there = watchedChannel()
  const here = watchedChannel()
  const writer = await startEngine(name, { openChannel: there.openChannel, wall: settableWall() })
  // Who knows of nobody tells nobody.
  there.hear({ type: 'present', writer: 'reader', answer: false })
  const { id } = (await writer.call('sessions.create', { name: 'one' })).record
  const reader = await startEngine(name, { openChannel: here.openChannel, wall: settableWall() })
  onTestFinished(async () => {
    await reader.engine.close()
    await writer.engine.close()
  })
  reader.send({ type: 'attach', stream: sessionStream(id) })
  await reader.call('state.open', { session: id })
  there.posted.splice(0)
  await writer.write(id, 'k', 1)
  writer.send({ type: 'flush' })
  const message = there.posted.find((one): one is StoredMessage => (one as StoredMessage).type === 'stored')
  const { generation = '', rows = [] } = message?.carried ?? {}
  const changed = rows.map(([seq, form]) => [seq, changedForm(form, wrong)])

  here.hear({ ...message, carried: { generation, rows: changed } })
  const patched = () =>
    reader.sent.flatMap((one) => (one.type === 'patch' ? one.entries.map(({ value }) => value) : []))
  await expect.poll(patched).toEqual([1])
  expect(reader.errors.length).toBe(1)
})

function changedForm({ sum: _, ...form }: RowForm, wrong: object): RowForm {
  const body = fromJson(form.body as Uint8Array) as object
  return withSum({ ...form, body: toJsonBytes({ ...body, ...wrong }) })
}
