import { expect, test } from 'vitest'
import { toolResultCollector } from '../../../src/core/hook/collectors.ts'
import { redactionHooks } from '../../../src/core/hook/redaction.ts'
import { createRedactor } from '../../../src/core/hook/redactor.ts'
import { startTab } from '../policy/tab.ts'

const SECRET = 'sk-ant-api03-SECRETsecretSECRETsecretSECRET0000000001'

test('RD17 what is said of an artifact is redacted when it is stored and edited, its bytes are not', async () => {
  const redactor = createRedactor()
  const tab = await startTab({ hooks: redactionHooks(redactor) })
  const { id: sessionId } = (await tab.call('sessions.create', {})).record
  const said = {
    description: `with ${SECRET}`,
    tags: [SECRET, 'raw'],
    metadata: { apiKey: 'hunter2', rows: 3 },
  }

  const stored = await tab.call('artifacts.store', {
    sessionId,
    name: `key ${SECRET}.txt`,
    content: SECRET,
    ...said,
  })
  expect(stored).toMatchObject({
    name: 'key [REDACTED].txt',
    description: 'with [REDACTED]',
    tags: ['[REDACTED]', 'raw'],
    metadata: { apiKey: '[REDACTED]', rows: 3 },
    sizeBytes: SECRET.length,
  })
  const edited = await tab.call('artifacts.edit', { sessionId, id: stored.id, changes: { tags: [SECRET] } })
  expect(edited).toMatchObject({ tags: ['[REDACTED]'], description: 'with [REDACTED]' })

  const { items } = await tab.call('timeline.query', { sessionId })
  expect(JSON.stringify(items)).not.toContain(SECRET)
  expect(await tab.call('artifacts.get', { sessionId, name: 'key [REDACTED].txt' })).toEqual(edited)
})

test('CO2 what a failed step said is collected without the secrets that its record has none of', async () => {
  const redactor = createRedactor()
  const run = toolResultCollector({ redactor }).run
  const draft = {
    phase: 'failed',
    step: 'tool:sql@1',
    key: 'k',
    input: null,
    error: { name: 'Error', message: `refused ${SECRET}` },
    purity: 'pure',
  } as const

  expect(await run(draft, {} as never)).toMatchObject({
    kind: 'collect',
    artifacts: [{ content: 'refused [REDACTED]', tags: expect.arrayContaining(['error']) }],
  })
})
