/** A tab answers by what is stored, not by what it has heard. */
import 'fake-indexeddb/auto'
import { expect, onTestFinished, test } from 'vitest'
import { sessionStream } from '../../src/core/ids.ts'
import { done } from '../storage/alter.ts'
import { startEngine } from './rig.ts'

/** A channel on which nobody is ever heard. */
const openChannel = () => ({ post: () => {}, listen: () => () => {}, close: () => {} })

async function twoTabs() {
  const name = `deaf-${crypto.randomUUID()}`
  const [one, other] = [await startEngine(name, { openChannel }), await startEngine(name, { openChannel })]
  onTestFinished(async () => {
    for (const { engine, errors } of [one, other]) {
      await engine.close()
      expect(errors).toEqual([])
    }
  })
  const { record } = await one.call('sessions.create', {})
  one.send({ type: 'attach', stream: sessionStream(record.id) })
  expect(await one.call('sessions.get', { id: record.id })).toMatchObject({ status: 'active' })
  return { one, other, id: record.id }
}

test('SE13 of a deleted session that a page still has open nothing is told from memory', async () => {
  const { one, id } = await twoTabs()
  await one.call('sessions.delete', { id })
  expect(await one.call('sessions.get', { id })).toBeNull()
  await expect(one.call('artifacts.get', { sessionId: id, name: 'a' })).rejects.toMatchObject({
    code: 'SESSION_NOT_FOUND',
  })
})

test('SE21 what another tab made of a session is what get gives, also before this tab hears of it', async () => {
  const { one, other, id } = await twoTabs()
  await other.call('timeline.emit', { sessionId: id, type: 'it.was', data: {} })
  expect(await one.call('sessions.get', { id })).toMatchObject({ counters: { events: 2 } })
  await other.call('sessions.transition', { id, verb: 'suspend' })
  expect(await one.call('sessions.get', { id })).toMatchObject({ status: 'suspended' })
  await other.call('sessions.delete', { id })
  expect(await one.call('sessions.get', { id })).toBeNull()
})

/** The number of the last row that is stored. */
async function lastRow(name: string): Promise<number> {
  const database = await done(indexedDB.open(name))
  const cursor = await done(
    database.transaction('commits').objectStore('commits').openKeyCursor(null, 'prev'),
  )
  database.close()
  return Number(cursor?.key)
}

test('TA9 a tab to which false rows are told hears of what is stored next, once', async () => {
  const name = `lied-to-${crypto.randomUUID()}`
  const [one, other] = [await startEngine(name), await startEngine(name)]
  onTestFinished(async () => {
    for (const { engine } of [one, other]) await engine.close()
  })
  const { record } = await one.call('sessions.create', {})
  one.send({ type: 'watch', watch: 1, types: ['it.*'] })
  const seen = () => one.sent.flatMap((message) => (message.type === 'events' ? message.events : []))
  const emit = (type: string) => other.call('timeline.emit', { sessionId: record.id, type, data: {} })
  await emit('it.began')
  await expect.poll(seen).toMatchObject([{ type: 'it.began' }])

  const liar = new BroadcastChannel(`holdfast:${name}`)
  liar.postMessage({ type: 'stored', streams: [[record.id, Number.MAX_SAFE_INTEGER]] })
  liar.postMessage({ type: 'stored', streams: [[record.id, 1]], rows: [[1, Number.MAX_SAFE_INTEGER]] })
  liar.close()
  await emit('it.went-on')
  await expect.poll(() => seen().map(({ type }) => type)).toEqual(['it.began', 'it.went-on'])
})

test('TA9 a tab to which rows are told under other streams than theirs hears of them all the same, once', async () => {
  const name = `misled-${crypto.randomUUID()}`
  // What it stores no message tells of, but the liar's.
  const [one, other] = [await startEngine(name), await startEngine(name, { openChannel })]
  onTestFinished(async () => {
    for (const { engine } of [one, other]) await engine.close()
  })
  const { record } = await other.call('sessions.create', {})
  const decoy = await one.call('sessions.create', {})
  one.send({ type: 'watch', watch: 1, types: ['it.*'] })
  one.send({ type: 'attach', stream: sessionStream(record.id) })
  const liar = new BroadcastChannel(`holdfast:${name}`)
  const patched = () => one.sent.flatMap((message) => (message.type === 'patch' ? message.entries : []))
  await other.write(record.id, 'before', 0)
  // Nothing is missing up to here.
  const told = await lastRow(name)
  liar.postMessage({ type: 'stored', streams: [[record.id, told]], rows: [[1, told]] })
  await expect.poll(patched).toContainEqual(expect.objectContaining({ key: 'before' }))

  await other.write(record.id, 'k', 1)
  await other.call('timeline.emit', { sessionId: record.id, type: 'it.was', data: {} })

  const last = await lastRow(name)
  liar.postMessage({ type: 'stored', streams: [[decoy.record.id, last - 1]], rows: [[last - 1, last]] })
  liar.close()
  await expect.poll(patched).toContainEqual(expect.objectContaining({ key: 'k', value: 1 }))
  const seen = () =>
    one.sent.flatMap((message) => (message.type === 'events' ? message.events.map(({ type }) => type) : []))
  await expect.poll(seen).toEqual(['it.was'])
})
