import { expect, onTestFinished, test } from 'vitest'
import { open } from '../client/open.ts'

const worker = () =>
  new Worker(new URL('./fixtures/transactions.worker.ts', import.meta.url), { type: 'module' })

test('PG100 what openHoldfast says of durability reaches the transaction, and a call that says other wins', async () => {
  const name = `test-${crypto.randomUUID()}`
  const seen: string[] = []
  const channel = new BroadcastChannel('transactions')
  onTestFinished(() => channel.close())
  channel.onmessage = ({ data }: MessageEvent<{ name: string; durability: string }>) => {
    if (data.name === name) seen.push(data.durability)
  }
  const { holdfast } = await open({ worker, name, durability: 'strict' })
  const session = await holdfast.sessions.create()
  await expect.poll(() => seen.length).toBeGreaterThan(0)
  seen.length = 0

  await session.state.set('a', 1)
  await session.state.set('b', 2, { durability: 'relaxed' })
  await session.emit('it.was', {})
  await session.emit('it.was', {}, { durability: 'relaxed' })
  await session.state.delete('a')
  await session.state.delete('b', { durability: 'relaxed' })
  const global = holdfast.state({ scope: 'global' })
  await global.set('a', 1)
  await global.set('b', 2, { durability: 'relaxed' })
  const inTurn = ['strict', 'relaxed']
  await expect.poll(() => seen).toEqual([...inTurn, ...inTurn, ...inTurn, ...inTurn])
})

test('PG100 without a word of it writes are relaxed, and a call that says strict is strict', async () => {
  const name = `test-${crypto.randomUUID()}`
  const seen: string[] = []
  const channel = new BroadcastChannel('transactions')
  onTestFinished(() => channel.close())
  channel.onmessage = ({ data }: MessageEvent<{ name: string; durability: string }>) => {
    if (data.name === name) seen.push(data.durability)
  }
  const { holdfast } = await open({ worker, name })
  const session = await holdfast.sessions.create()
  await expect.poll(() => seen.length).toBeGreaterThan(0)
  seen.length = 0

  await session.state.set('a', 1)
  await session.state.set('b', 2, { durability: 'strict' })
  await session.state.delete('a', { durability: 'strict' })
  await session.emit('it.was', {})
  await session.emit('it.was', {}, { durability: 'strict' })
  await expect.poll(() => seen).toEqual(['relaxed', 'strict', 'strict', 'relaxed', 'strict'])
})
