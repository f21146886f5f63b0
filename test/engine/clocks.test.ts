import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { type SessionId, sessionStream } from '../../src/core/ids.ts'
import { checkLaws } from '../../src/testing/check-laws.ts'
import { settableWall, startEngine } from './rig.ts'

const NINE_MINUTES = 9 * 60_000

test('EN5 a write after the wall clock went back is newer than what another tab stored in the open session', async () => {
  const name = 'clocks-attached'
  const first = await startEngine(name, { wall: settableWall() })
  const wall = settableWall()
  const second = await startEngine(name, { wall })
  const { record } = await first.call('sessions.create', { name: 'one' })
  second.send({ type: 'attach', stream: sessionStream(record.id) })
  await first.write(record.id, 'k', 'old')
  await expect
    .poll(() => second.sent.flatMap((one) => (one.type === 'patch' ? one.entries : [])).length)
    .toBe(1)

  wall.set(wall.now() - NINE_MINUTES)
  await second.write(record.id, 'k', 'new')

  expect(await second.read(record.id, 'k')).toBe('new')
  await first.engine.close()
  await second.engine.close()
  expect(await checkLaws(name)).toEqual([])
})

test('EN5 what another tab stored is heard of where no page has the session open', async () => {
  const name = 'clocks-unopened'
  const ahead = settableWall()
  ahead.set(ahead.now() + NINE_MINUTES)
  const second = await startEngine(name, { wall: settableWall() })
  const own = await second.call('sessions.create', { name: 'own' })
  const first = await startEngine(name, { wall: ahead })
  const { record } = await first.call('sessions.create', { name: 'one' })
  const written = await first.write(record.id, 'k', 'old')

  await expect.poll(async () => (await second.write(own.record.id, 'x', 1)).at > written.at).toBe(true)
  await second.engine.close()
  await first.engine.close()
})

test('EN5 an engine that opens finds the newest of the last four commits, whoever wrote between', async () => {
  const name = 'clocks-between'
  const channel = { silent: true, post() {}, listen: () => () => {}, close() {} }
  const openChannel = () => channel
  const ahead = settableWall()
  ahead.set(ahead.now() + NINE_MINUTES)
  const others = [await startEngine(name, { wall: settableWall(), openChannel })]
  for (let count = 1; count < 3; count += 1)
    others.push(await startEngine(name, { wall: settableWall(), openChannel }))
  const own: SessionId[] = []
  for (const { call } of others) own.push((await call('sessions.create', { name: 'own' })).record.id)
  const first = await startEngine(name, { wall: ahead, openChannel })
  const { record } = await first.call('sessions.create', { name: 'one' })
  const newest = await first.write(record.id, 'k', 'old')
  // Each opens a turn of its own, and has heard of nothing.
  for (const [at, session] of own.entries()) await others[at]?.write(session, 'x', at)

  const last = await startEngine(name, { wall: settableWall(), openChannel })
  const { record: made } = await last.call('sessions.create', { name: 'made' })
  expect((await last.write(made.id, 'k', 'new')).at > newest.at).toBe(true)
  for (const { engine } of [...others, first, last]) await engine.close()
  expect(await checkLaws(name)).toEqual([])
})

test('EN5 an engine that opens with a clock set back stamps after what the database holds', async () => {
  const name = 'clocks-reopened'
  const first = await startEngine(name, { wall: settableWall() })
  const { record } = await first.call('sessions.create', { name: 'one' })
  const old = await first.write(record.id, 'k', 'old')
  await first.engine.close()

  const wall = settableWall()
  wall.set(wall.now() - NINE_MINUTES)
  const second = await startEngine(name, { wall })
  const written = await second.write(record.id, 'k', 'new')

  expect(written.at > old.at).toBe(true)
  expect(await second.read(record.id, 'k')).toBe('new')
  await second.engine.close()
})
