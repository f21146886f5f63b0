import { describe, expect, test } from 'vitest'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import type { HookOutcome, StepDraft } from '../../../src/core/hook/definition.ts'
import { errorOf, scope, setUp, stepDraft } from './harness.ts'

type Answer = HookOutcome<'step:run', 'record'> | undefined

function shaper(id: string, run: (draft: StepDraft) => Answer | Promise<Answer>, priority = 0) {
  return defineHook({
    id,
    version: 1,
    point: 'step:run',
    stage: 'record',
    priority,
    run: (draft) => run(draft),
  })
}

const artifact = (name: string) => ({
  name,
  kind: 'tool_result',
  mime: 'text/plain',
  description: '',
  tags: [],
  metadata: {},
  content: name,
})

describe('the record stage', () => {
  test('HO33 each hook sees what the ones before left, and all that was collected is kept in order', async () => {
    const { registry, executor } = setUp()
    const seen: unknown[] = []
    registry.register(
      shaper('b', async ({ result }) => ({ kind: 'modify', change: { result: `${String(result)}b` } }), 2),
    )
    registry.register(
      shaper('a', ({ result }) => ({ kind: 'modify', change: { result: `${String(result)}a` } }), 1),
    )
    registry.register(
      shaper(
        'c',
        ({ result }) => {
          seen.push(result)
          return { kind: 'collect', artifacts: [artifact('one'), artifact('two')] }
        },
        3,
      ),
    )
    registry.register(
      shaper('d', () => ({ kind: 'collect', artifacts: [artifact('three')], note: 'more' }), 4),
    )
    const draft = stepDraft({ result: 'r' })
    const shaped = await executor.record('step:run', draft, scope())
    expect(seen).toEqual(['rab'])
    expect(shaped.payload).toEqual({ ...draft, result: 'rab' })
    expect(shaped.collected.map(({ name }) => name)).toEqual(['one', 'two', 'three'])
    expect(shaped.runs.map(({ hook, outcome }) => `${hook} ${outcome}`)).toEqual([
      'a@1 modify',
      'b@1 modify',
      'c@1 collect',
      'd@1 collect',
    ])
    expect(draft.result).toBe('r')
  })

  test('HO33 each hook is asked once', () => {
    const { registry, executor } = setUp()
    let asked = 0
    registry.register(
      shaper('a', () => {
        asked += 1
        return { kind: 'modify', change: { result: asked } }
      }),
    )
    registry.register(shaper('b', () => ({ kind: 'modify', change: { result: 'b' } })))
    executor.record('step:run', stepDraft(), scope())
    expect(asked).toBe(1)
  })

  test('HO33 an error is shaped like a result', () => {
    const { registry, executor } = setUp()
    registry.register(
      shaper('a', ({ error }) =>
        error === undefined
          ? undefined
          : { kind: 'modify', change: { error: { ...error, message: 'hidden' } } },
      ),
    )
    const draft = stepDraft({ phase: 'failed', error: { name: 'SqlError', message: 'password wrong' } })
    expect(executor.record('step:run', draft, scope())).toMatchObject({
      payload: { error: { name: 'SqlError', message: 'hidden' } },
    })
  })

  test('HO23 what one hook made is frozen for the next', async () => {
    const { registry, executor } = setUp()
    registry.register(shaper('a', () => ({ kind: 'modify', change: { result: { list: [1] } } })))
    registry.register(
      shaper('b', ({ result }) => {
        Object.assign(Object(result), { list: [] })
        return undefined
      }),
    )
    expect((await errorOf(() => executor.record('step:run', stepDraft(), scope()))).details).toMatchObject({
      hook: 'b',
    })
  })
})
