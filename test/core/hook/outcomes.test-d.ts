import { expectTypeOf, test } from 'vitest'
import { defineHook, defineHooks } from '../../../src/core/hook/define-hook.ts'
import type { HookDefinition, HookOutcome } from '../../../src/core/hook/definition.ts'
import type { CommonOutcome, HookStage, MatchingPoint, PointPattern } from '../../../src/core/hook/points.ts'

test('HO18 an answer that has no consumer at its point and stage does not compile', () => {
  expectTypeOf<HookOutcome<'step:run', 'before'>['kind']>().toEqualTypeOf<
    'continue' | 'modify' | 'cancel' | 'replace'
  >()
  expectTypeOf<HookOutcome<'step:run', 'record'>['kind']>().toEqualTypeOf<'continue' | 'modify' | 'collect'>()
  expectTypeOf<HookOutcome<'state:write', 'before'>['kind']>().toEqualTypeOf<
    'continue' | 'modify' | 'cancel'
  >()
  expectTypeOf<HookOutcome<'artifact:read', 'before'>['kind']>().toEqualTypeOf<'continue' | 'cancel'>()
  expectTypeOf<HookOutcome<'session:save', 'after'>['kind']>().toEqualTypeOf<'continue'>()
  expectTypeOf<HookOutcome<'session:save', 'record'>>().toEqualTypeOf<never>()

  defineHook({
    id: 'a',
    version: 1,
    point: 'state:write',
    stage: 'before',
    // @ts-expect-error nobody takes a result at state:write
    run: () => ({ kind: 'replace', result: 1 }),
  })
  defineHook({
    id: 'a',
    version: 1,
    point: 'state:write',
    stage: 'after',
    // @ts-expect-error it has happened
    run: () => ({ kind: 'cancel', reason: 'no' }),
  })
  // @ts-expect-error a typing error is no veto
  defineHook({ id: 'a', version: 1, point: 'state:write', stage: 'before', run: () => 'cancel' })
})

test('HO18 at a pattern only what each of its points takes compiles', () => {
  type Common<Pattern extends PointPattern, Stage extends HookStage> = CommonOutcome<
    MatchingPoint<Pattern, Stage>,
    Stage
  >
  expectTypeOf<Common<'session:*', 'before'>>().toEqualTypeOf<'continue' | 'modify' | 'cancel'>()
  expectTypeOf<Common<'artifact:*', 'before'>>().toEqualTypeOf<'continue' | 'cancel'>()
  expectTypeOf<Common<'*', 'before'>>().toEqualTypeOf<'continue' | 'cancel'>()
  expectTypeOf<Common<'*', 'record'>>().toEqualTypeOf<'continue' | 'modify'>()
  expectTypeOf<Common<'*', 'after'>>().toEqualTypeOf<'continue'>()
  expectTypeOf<MatchingPoint<'artifact:*', 'before'>>().toEqualTypeOf<
    'artifact:store' | 'artifact:delete' | 'artifact:read'
  >()
  defineHooks({
    id: 'x',
    version: 1,
    point: 'artifact:*',
    stage: 'before',
    // @ts-expect-error no point but artifact:store takes a change
    run: () => ({ kind: 'modify', change: {} }),
  })
})

test('HO18 a change of what cannot be changed there does not compile', () => {
  defineHook({
    id: 'a',
    version: 1,
    point: 'state:write',
    stage: 'before',
    run: ({ key }) => ({ kind: 'modify', change: { value: key } }),
  })
  defineHook({
    id: 'a',
    version: 1,
    point: 'state:write',
    stage: 'before',
    // @ts-expect-error the key is what the write is about
    run: () => ({ kind: 'modify', change: { key: 'other' } }),
  })
  defineHook({
    id: 'a',
    version: 1,
    point: 'step:run',
    stage: 'before',
    // @ts-expect-error there is no result yet
    run: () => ({ kind: 'modify', change: { result: 1 } }),
  })
})

test('HO18 the payload has the type of its point, and any definition can stand in one list', () => {
  const hook = defineHook({
    id: 'a',
    version: 1,
    point: 'artifact:store',
    stage: 'before',
    run: async (payload, context) => {
      expectTypeOf(payload.draft.name).toEqualTypeOf<string>()
      expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>()
      return payload.draft.name === '' ? { kind: 'cancel', reason: 'no name' } : undefined
    },
  })
  const hooks: readonly HookDefinition[] = [hook]
  expectTypeOf(hooks).toExtend<readonly HookDefinition[]>()
})
