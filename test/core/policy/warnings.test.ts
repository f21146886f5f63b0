import { expect, test } from 'vitest'
import { startTab } from './tab.ts'

test('PO9 tokens and cost are told of by the end of the step that used them, bytes by the artifact that takes them, in their own commits', async () => {
  const tab = await startTab()
  const limits = { maxTokens: 100, maxCostUsd: 10, maxBytes: 10 }
  const { id } = (await tab.call('sessions.create', { limits })).record
  await tab.step(id, 'agent:ask@1', { usage: { inputTokens: 40, outputTokens: 20, costUsd: 1 } })
  await tab.step(id, 'agent:ask@1', { usage: { inputTokens: 35, costUsd: 8.5 } })
  await tab.call('artifacts.store', { sessionId: id, name: 'whole', content: '12' })

  const { items } = await tab.call('timeline.query', { sessionId: id, limit: 200 })
  const told = items.filter(({ type }) => type === 'limit.neared')
  const causes = told.map(({ causeId }) => items.find((event) => event.id === causeId)?.type)

  // Each answer of an agent is an artifact of four bytes.
  expect(told.map(({ data }) => data)).toEqual([
    { limit: 'maxTokens', share: 0.5, used: 60, max: 100 },
    { limit: 'maxTokens', share: 0.9, used: 95, max: 100 },
    { limit: 'maxCostUsd', share: 0.9, used: 9.5, max: 10 },
    { limit: 'maxBytes', share: 0.75, used: 8, max: 10 },
    { limit: 'maxBytes', share: 1, used: 10, max: 10 },
  ])
  expect(causes).toEqual([...Array(4).fill('step.completed'), 'artifact.stored'])
})

test('PO9 idleness is told within its grace, and what a limit refuses tells nothing', async () => {
  const tab = await startTab()
  const limits = { maxIdleMs: 1_000, graceMs: 500, maxOperations: 2 }
  const { id } = (await tab.call('sessions.create', { limits })).record
  const emit = () => tab.call('timeline.emit', { sessionId: id, type: 'app.worked', data: null })
  const told = async () =>
    (await tab.call('timeline.query', { sessionId: id, types: ['limit.*'] })).items.map(({ data }) => data)
  tab.wall.advance(1_200)
  await emit()
  expect(await told()).toEqual([
    { limit: 'maxOperations', share: 0.5, used: 1, max: 2 },
    { limit: 'maxIdleMs', share: 1, used: 1_200, max: 1_000 },
  ])
  await emit()
  await emit().catch(() => undefined)
  expect(await told()).toHaveLength(3)
})
