import { describe, expect, test } from 'vitest'
import type { HookDefinition } from '../../../src/core/hook/definition.ts'
import { rerunBeforeHooks, rerunRecordHooks } from '../../../src/core/hook/rerun.ts'
import { createFakeWall, scope, setUp, stepDraft } from './harness.ts'

type Run = HookDefinition<'state:write', 'before'>['run']

function rig() {
  const { registry, executor } = setUp()
  const seen: [string, unknown][] = []
  const add = (id: string, run: Run = () => undefined) =>
    registry.register({
      id,
      version: 1,
      point: 'state:write',
      stage: 'before',
      run: (payload, context) => {
        seen.push([id, context.notes])
        return run(payload, context)
      },
    })
  const write = () => executor.before('state:write', { key: 'k', value: 1 }, scope())
  return { executor, registry, add, write, seen }
}

describe('notes', () => {
  test('HO58 a hook gets what those before it noted on the operation, and of no other operation', () => {
    const { add, write, seen } = rig()
    add('a', () => ({ kind: 'continue', note: { n: 1 } }))
    add('b')
    add('c', () => ({ kind: 'continue', note: 'c' }))
    add('d')
    write()
    const once = [
      ['a', {}],
      ['b', { a: { n: 1 } }],
      ['c', { a: { n: 1 } }],
      ['d', { a: { n: 1 }, c: 'c' }],
    ]
    expect(seen).toEqual(once)
    write()
    expect(seen).toEqual([...once, ...once])
  })

  test('HO58 they are frozen, and of an asynchronous hook, too', async () => {
    const { add, write, seen } = rig()
    add('a', async () => ({ kind: 'continue', note: ['x'] }))
    add('b')
    await write()
    const [, [, notes] = []] = seen
    expect(notes).toEqual({ a: ['x'] })
    expect(Object.values(Object(notes)).every(Object.isFrozen)).toBe(true)
  })

  test('HO58 in the second pass a hook is asked again where the notes before it are other ones', () => {
    const { add, write, seen } = rig()
    add('a', ({ value }) => ({ kind: 'continue', note: value ?? null }))
    add('b', ({ value }) => (value === 1 ? { kind: 'modify', change: { value: 2 } } : undefined))
    add('c')
    write()
    expect(seen).toEqual([
      ['a', {}],
      ['b', { a: 1 }],
      ['c', { a: 1 }],
      ['a', {}],
      ['b', { a: 2 }],
      ['c', { a: 2 }],
    ])
  })

  test('HO58 record-hooks and after-hooks have them, each of their own stage', async () => {
    const { registry, executor } = setUp()
    const seen: unknown[] = []
    for (const stage of ['before', 'record', 'after'] as const)
      for (const id of ['a', 'b'])
        registry.register({
          id,
          version: 1,
          point: 'step:run',
          stage,
          run: (_payload, { notes }) => {
            seen.push([stage, id, notes])
            return { kind: 'continue', note: stage }
          },
        })
    executor.before('step:run', stepDraft(), scope())
    executor.record('step:run', stepDraft(), scope())
    executor.after('step:run', stepDraft(), scope())
    await executor.drain()
    expect(seen).toEqual(
      (['before', 'record', 'after'] as const).flatMap((stage) => [
        [stage, 'a', {}],
        [stage, 'b', { a: stage }],
      ]),
    )
  })

  test('HO58 a replay gives the same notes', async () => {
    const reader = (stage: 'before' | 'record') =>
      ['a', 'b'].map(
        (id): HookDefinition<'step:run', typeof stage> => ({
          id,
          version: 1,
          point: 'step:run',
          stage,
          run: (_payload, { notes }) => ({ kind: 'continue', note: { saw: notes.a ?? null } }),
        }),
      )
    const ports = { wall: createFakeWall() }
    const context = { now: () => 0 }
    const before = await rerunBeforeHooks(reader('before'), stepDraft(), context, ports)
    const { runs } = await rerunRecordHooks(reader('record'), stepDraft(), context, ports)
    for (const again of [before, runs])
      expect(again.map(({ note }) => note)).toEqual([{ saw: null }, { saw: { saw: null } }])
  })
})
