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
  await expect.poll(() => seen).toEqual(['strict', 'relaxed', 'strict', 'relaxed'])
})
