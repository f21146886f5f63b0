import { expect, test } from 'vitest'
import { artifacts } from '../../docs/examples/artifacts.ts'
import { basicState } from '../../docs/examples/basic-state.ts'
import { documents } from '../../docs/examples/documents.ts'
import { keyValue } from '../../docs/examples/key-value.ts'
import { lifecycleWithHooks } from '../../docs/examples/lifecycle-with-hooks.ts'
import { ownWorker } from '../../docs/examples/own-worker.ts'
import { replay } from '../../docs/examples/replay.ts'

const name = () => `example-${crypto.randomUUID()}`

test('DO1 the example of state keeps it over a restart', async () => {
  expect(await basicState(name())).toEqual({
    atOnce: 'load sales.csv',
    after: 'load sales.csv',
    tags: ['sales'],
    seen: ['last_command local'],
  })
})

test('DO1 the example of a lifecycle is refused by its hook until the review is there', async () => {
  expect(await lifecycleWithHooks(name())).toEqual({
    refusedWith: 'HOOK_CANCELLED',
    status: 'completed',
    story: ['session.created', 'session.suspended', 'session.resumed', 'session.edited', 'session.completed'],
  })
})

test('DO1 the example of artifacts reads versions, ranges and lists', async () => {
  expect(await artifacts(name())).toEqual({
    versions: [1, 2],
    newest: 'region,total\nnorth,13\n',
    before: 'region,total\nnorth,12\n',
    header: 'region,total',
    raw: ['sales.csv'],
  })
})

test('DO1 the example of replay finds the changed tool and its collector', async () => {
  const { same, changed, modified, stoppedBefore, collected } = await replay(name())
  expect(same).toBe('same')
  expect(changed[0]).toBe('step tool:convert@1')
  expect(changed.some((one) => one.startsWith('hook '))).toBe(true)
  expect(modified).toEqual([[100, 200]])
  expect(stoppedBefore).toBe('tool:convert@1')
  expect(collected).toBe(1)
})

test('DO1 the example with a worker of its own is gated by its hook', async () => {
  expect(await ownWorker(name())).toEqual({ refusedWith: 'HOOK_CANCELLED', reason: 'too big' })
})

test('DO1 the example of documents is saved, and read-only once its session is suspended', async () => {
  expect(await documents(name())).toEqual({
    atOnce: false,
    afterFlush: true,
    text: 'Hello.',
    readOnly: true,
    names: ['notes'],
  })
})

test('DO1 the example of bytes under keys finds the last of them by the beginning of its key', async () => {
  expect(await keyValue(name())).toEqual([{ key: ['notes', 'snapshot'], bytes: [1, 2, 3, 4] }])
})
