import { expect, test } from 'vitest'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import { createRedactor } from '../../../src/core/hook/redactor.ts'
import type { SessionId } from '../../../src/core/ids.ts'
import { createAudit } from '../../../src/engine/audit.ts'
import type { AuditOptions } from '../../../src/engine/audit-options.ts'
import { rejectionOf } from '../../client/rejection.ts'
import { type PolicyTab, startTab } from './tab.ts'

const SECRET = 'sk-ant-api03-SECRETsecretSECRETsecretSECRET0000000001'

const noSecrets = defineHook({
  id: 'no-secrets',
  version: 1,
  point: 'artifact:store',
  stage: 'before',
  run: ({ draft }) => (draft.name === 'no' ? { kind: 'cancel', reason: `not ${SECRET}` } : undefined),
})

const noKeys = defineHook({
  id: 'no-keys',
  version: 1,
  point: 'state:write',
  stage: 'before',
  when: { names: ['no*'] },
  run: () => ({ kind: 'cancel', reason: 'no' }),
})

const auditing = (options: AuditOptions = {}) => createAudit(options, { redactor: createRedactor() })

const recorded = async (tab: PolicyTab, sessionId: SessionId | undefined, type = 'audit.*') => {
  const query = { types: [type], ...(sessionId === undefined ? {} : { sessionId }) }
  return (await tab.call('timeline.query', query)).items
}

const store = (tab: PolicyTab, sessionId: SessionId, name: string) =>
  tab.call('artifacts.store', { sessionId, name, content: 'text' })

test('PO17 what a hook, a limit or the status refused is in the timeline of its session, after a restart too', async () => {
  const tab = await startTab({ audit: auditing(), hooks: [noSecrets, noKeys] })
  const { id } = (await tab.call('sessions.create', { limits: { maxOperations: 2 } })).record
  await rejectionOf(store(tab, id, 'no'))
  await tab.call('state.write', {
    target: { session: id },
    changes: [
      { key: 'yes', value: 1 },
      { key: 'no-1', value: 1 },
    ],
  })
  await store(tab, id, 'yes')
  await rejectionOf(store(tab, id, 'too many'))
  await tab.call('sessions.transition', { id, verb: 'suspend' })
  await rejectionOf(tab.call('timeline.emit', { sessionId: id, type: 'app.worked', data: 1 }))
  await rejectionOf(tab.call('sessions.get', { id: 7 as never }))
  await tab.call('flush', {})
  await tab.stop()

  const again = await startTab({ name: tab.name, wall: tab.wall })
  const events = await recorded(again, id)
  expect(events.map(({ data }) => data)).toEqual([
    {
      call: 'artifacts.store',
      code: 'HOOK_CANCELLED',
      hook: 'no-secrets',
      reason: 'not [REDACTED]',
      count: 1,
    },
    { call: 'state.write', code: 'HOOK_CANCELLED', hook: 'no-keys', reason: 'no', key: 'no-1', count: 1 },
    { call: 'artifacts.store', code: 'LIMIT_EXCEEDED', limit: 'maxOperations', count: 1 },
    { call: 'timeline.emit', code: 'SESSION_NOT_ACTIVE', count: 1 },
  ])
  expect(new Set(events.map(({ actor }) => actor?.id))).toEqual(new Set(['ada']))
})

test('PO17 of a session that is not there the store is told', async () => {
  const hook = defineHook({
    id: 'nobody',
    version: 1,
    point: 'session:start',
    stage: 'before',
    run: () => ({ kind: 'cancel', reason: 'closed' }),
  })
  const tab = await startTab({ audit: auditing(), hooks: [hook] })
  await rejectionOf(tab.call('sessions.create', {}))
  await tab.call('flush', {})

  expect((await recorded(tab, undefined)).map(({ data }) => data)).toEqual([
    { call: 'sessions.create', code: 'HOOK_CANCELLED', hook: 'nobody', reason: 'closed', count: 1 },
  ])
})

test('PO17 of a reason that is long the beginning is recorded', async () => {
  const hook = defineHook({
    id: 'talker',
    version: 1,
    point: 'session:save',
    stage: 'before',
    run: () => ({ kind: 'cancel', reason: 'no'.repeat(50_000) }),
  })
  const tab = await startTab({ audit: auditing(), hooks: [hook] })
  const { id } = (await tab.call('sessions.create', {})).record
  await rejectionOf(tab.call('sessions.save', { id }))
  await tab.call('flush', {})
  expect((await recorded(tab, id)).map(({ data }) => data)).toMatchObject([{ reason: 'no'.repeat(512) }])
})

test('PO18 equal refusals are recorded as the first and the count of the rest', async () => {
  const tab = await startTab({ audit: auditing({ togetherMs: 50 }), hooks: [noSecrets] })
  const { id } = (await tab.call('sessions.create', {})).record
  for (let at = 0; at < 5; at += 1) await rejectionOf(store(tab, id, 'no'))

  await expect
    .poll(async () => (await recorded(tab, id)).map(({ data }) => (data as { count: number }).count))
    .toEqual([1, 4])
})

test('PO18 allowed calls are recorded where they are asked for, and refusals are not where they are not', async () => {
  const tab = await startTab({
    audit: auditing({ refused: false, allowed: ['artifacts.get'] }),
    hooks: [noSecrets],
  })
  const { id } = (await tab.call('sessions.create', {})).record
  await rejectionOf(store(tab, id, 'no'))
  const stored = await store(tab, id, 'yes')
  await tab.call('artifacts.get', { sessionId: id, id: stored.id })
  await tab.call('flush', {})

  expect((await recorded(tab, id)).map(({ type, data }) => [type, data])).toEqual([
    ['audit.allowed', { call: 'artifacts.get' }],
  ])
})
