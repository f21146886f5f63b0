import { expect, test } from 'vitest'
import { createdAs, openTab, reopen } from '../session/rig.ts'

const DAY_MS = 86_400_000

test('PO1 limits and retention are recorded with a session, its template and its edits, and are there after a restart', async () => {
  const tab = await openTab({ templates: { report: { limits: { maxTokens: 10 }, retention: { days: 2 } } } })
  const own = await tab.sessions.create(tab.request(), {
    template: 'report',
    limits: { maxTokens: 20, maxCostUsd: 1.5, maxOperations: 3, maxBytes: 4_096 },
  })
  const { id, createdAt } = own.record
  expect(own.record.limits).toEqual({ maxTokens: 20, maxCostUsd: 1.5, maxOperations: 3, maxBytes: 4_096 })
  expect(own.record).toMatchObject({ retention: { days: 2 }, expiresAt: createdAt + 2 * DAY_MS })

  await tab.sessions.edit(tab.request(), { id, changes: { retention: null, limits: { maxTokens: 5 } } })
  const again = await reopen(tab)
  const record = await again.sessions.get(again.request(), { id })

  expect(record?.limits).toEqual({ maxTokens: 5 })
  expect(record).not.toHaveProperty('retention')
  expect(record).not.toHaveProperty('expiresAt')
})

test('PO2 a session without limits and retention has none', async () => {
  const tab = await openTab()
  const id = await createdAs(tab, 'active')
  const record = await tab.sessions.get(tab.request(), { id })

  expect(record?.limits).toEqual({})
  expect(record).not.toHaveProperty('expiresAt')
})
