import { runStorageAdapterTests } from '@automerge/automerge-repo/helpers/tests/storage-adapter-tests.js'
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  type RunnerTestCase,
  type RunnerTestSuite,
  test,
} from 'vitest'
import { createKeyValue } from '../../../src/adapters/key-value/key-value.ts'
import type { Holdfast } from '../../../src/client/holdfast.ts'
import { openWith } from '../../../src/client/open-holdfast.ts'
import { TIMING } from '../../../src/client/timing.ts'
import { spawnPackaged } from '../../client/open.ts'

let holdfast: Holdfast

beforeAll(async () => {
  holdfast = await openWith({ worker: spawnPackaged, name: `test-${crypto.randomUUID()}` }, TIMING)
})

afterAll(() => holdfast.close())

const suites = ['strict', 'relaxed'] as const

for (const durability of suites) {
  describe(durability, () => {
    runStorageAdapterTests(async () => {
      const session = await holdfast.sessions.create()
      return { adapter: createKeyValue(session, { durability }), teardown: () => session.delete() }
    })
  })
}

test('KV1 each case that automerge-repo publishes ran and passed, strict and relaxed', ({ task }) => {
  const ran = suites.map((name) => task.file.tasks.find((suite) => suite.name === name)).map(casesOf)
  expect(ran.map((cases) => cases.length)).toEqual([11, 11])
  const failed = ran.flat().filter(({ result }) => result?.state !== 'pass')
  expect(failed.map(({ name }) => name)).toEqual([])
})

function casesOf(task: RunnerTestCase | RunnerTestSuite | undefined): readonly RunnerTestCase[] {
  if (task === undefined) return []
  return task.type === 'test' ? [task] : task.tasks.flatMap(casesOf)
}
