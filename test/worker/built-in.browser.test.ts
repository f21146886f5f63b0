import { expect, onTestFinished, test } from 'vitest'
import { open } from '../client/open.ts'

const worker = () => new Worker(new URL('./fixtures/built-in.worker.ts', import.meta.url), { type: 'module' })
const secret = 'AKIAIOSFODNN7EXAMPLE'

test('WI41 the built-in hooks of a worker of the app own do as their options say', async () => {
  const entries: unknown[] = []
  const channel = new BroadcastChannel('log-entries')
  onTestFinished(() => channel.close())
  channel.onmessage = ({ data }) => entries.push(data)
  const { holdfast } = await open({ worker })
  const session = await holdfast.sessions.create()
  expect(await session.emit('it.was', { secret })).toMatchObject({ data: { secret } })
  await session.save()
  await expect
    .poll(() => entries)
    .toEqual([expect.objectContaining({ point: 'session:save', sessionId: session.id })])
  await expect
    .poll(async () => (await holdfast.hooks.metrics())?.points)
    .toEqual({ 'session:save': expect.objectContaining({ done: 1 }) })
})

test('WI41 the packaged worker redacts, and counts at every point', async () => {
  const { holdfast } = await open()
  const session = await holdfast.sessions.create()
  const { data } = await session.emit('it.was', { secret })
  expect(JSON.stringify(data)).not.toContain(secret)
  await session.save()
  const metrics = () => holdfast.hooks.metrics()
  await expect.poll(metrics).toMatchObject({
    points: { 'session:save': { done: 1 }, 'event:emit': { done: 1 } },
    events: { 'it.was': 1 },
  })
})
