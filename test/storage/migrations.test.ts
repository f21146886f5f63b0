import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { FIRST } from '../../src/storage/migrations/first.ts'
import { openConnection } from '../../src/storage/open-connection.ts'
import { NATIVE_VERSION } from '../../src/storage/schema.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { seededEntropy } from '../../src/testing/seeded-entropy.ts'
import first from '../versions/first/schema.json' with { type: 'json' }
import { createFirstDatabase, shapeOf } from '../versions/first-database.ts'
import { freshName } from './rig.ts'

const open = (name: string) => openConnection({ name, wall: fakeClock(), entropy: seededEntropy(1) })

test('VE1 the first schema is the one that the first build shipped with', () => {
  expect(FIRST).toEqual(first.stores)
})

test('VE2 a database of the first schema becomes one of this schema, and keeps its rows and its generation', async () => {
  const name = freshName()
  const head = { id: ['session', 's1'], version: 1, value: { status: 'active' }, commitId: 'c1' }
  await createFirstDatabase(name, { heads: [head] })

  const upgraded = await open(name)
  const fresh = await open(freshName())
  expect(upgraded.native.version).toBe(NATIVE_VERSION)
  expect(shapeOf(upgraded.native)).toEqual(shapeOf(fresh.native))
  expect(upgraded.generation).toBe('first')
  expect(await upgraded.db.heads.toArray()).toEqual([head])
  upgraded.close()
  fresh.close()
})
