import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defineHook } from '../../../src/core/hook/define-hook.ts'
import { scope, setUp } from './harness.ts'

/** A hook as a table from what it sees (a number below 8) to what it answers. */
interface Script {
  readonly answers: readonly Answer[]
  readonly asynchronous: boolean
  /** Applies to even inputs only. */
  readonly even: boolean
}
type Answer =
  | { readonly kind: 'continue' }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'modify'; readonly to: number }

const INPUTS = 8

const answer: fc.Arbitrary<Answer> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'continue' } as const) },
  { weight: 2, arbitrary: fc.nat(INPUTS - 1).map((to) => ({ kind: 'modify', to }) as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'cancel' } as const) },
)

const script: fc.Arbitrary<Script> = fc.record({
  answers: fc.array(answer, { minLength: INPUTS, maxLength: INPUTS }),
  asynchronous: fc.boolean(),
  even: fc.boolean(),
})

const NOTHING: Answer = { kind: 'continue' }

test('HO12 whatever hooks answer, no veto is decided on an input other than the final one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(script, { maxLength: 6 }), fc.nat(INPUTS - 1), async (scripts, input) => {
      const { registry, executor } = setUp()
      const asked: { readonly hook: number; readonly saw: number }[] = []
      for (const [hook, { answers, asynchronous, even }] of scripts.entries()) {
        registry.register(
          defineHook({
            id: `hook-${hook}`,
            version: 1,
            point: 'artifact:store',
            stage: 'before',
            ...(even ? { when: { kinds: ['even'] } } : {}),
            run: ({ draft }) => {
              const saw = Number(draft.description)
              asked.push({ hook, saw })
              const says = answers[saw] ?? NOTHING
              const outcome =
                says.kind === 'cancel'
                  ? ({ kind: 'cancel', reason: `${hook} saw ${saw}` } as const)
                  : says.kind === 'modify'
                    ? ({ kind: 'modify', change: { draft: draftOf(says.to) } } as const)
                    : undefined
              return asynchronous ? Promise.resolve(outcome) : outcome
            },
          }),
        )
      }

      // The final input by the definition of the first pass alone.
      let final = input
      for (const { answers, even } of scripts) {
        const says = even && final % 2 === 1 ? NOTHING : (answers[final] ?? NOTHING)
        if (says.kind === 'modify') final = says.to
      }
      const judges = scripts.map(({ answers, even }) =>
        even && final % 2 === 1 ? NOTHING : (answers[final] ?? NOTHING),
      )
      const veto = judges.findIndex(({ kind }) => kind === 'cancel')

      const result = await attempt(() =>
        executor.before('artifact:store', { draft: draftOf(input) }, scope()),
      )
      if (veto >= 0)
        expect(result).toMatchObject({ code: 'HOOK_CANCELLED', details: { reason: `${veto} saw ${final}` } })
      else expect(result).toMatchObject({ kind: 'go', payload: { draft: { description: String(final) } } })

      // Nobody is asked more than twice, and who decides was asked about the final input last.
      for (const hook of scripts.keys()) {
        const calls = asked.filter((call) => call.hook === hook)
        expect(calls.length).toBeLessThanOrEqual(2)
        const counts = judges[hook] !== NOTHING && (veto < 0 || hook <= veto)
        if (counts && calls.length > 0) expect(calls.at(-1)?.saw).toBe(final)
      }
    }),
    { numRuns: 500, verbose: true },
  )
})

function draftOf(value: number) {
  const kind = value % 2 === 0 ? 'even' : 'odd'
  return { name: 'a', kind, mime: 'text/plain', description: String(value), tags: [], metadata: {} }
}

async function attempt(run: () => unknown): Promise<unknown> {
  try {
    return await run()
  } catch (error) {
    return error
  }
}
