import { isList } from '../state/same-value.ts'
import type { StateValue } from '../state/value.ts'
import { TextDraft } from '../timeline/event-text.ts'
import { defineHook } from './define-hook.ts'
import type { HookChange, HookOutcome, StepDraft } from './definition.ts'
import { andThen } from './in-turn.ts'
import type { Redactor } from './redactor.ts'
import type { BuiltIn } from './registered-hook.ts'

/** After an app's own record-hooks, so that what they add is redacted too. */
export const REDACTION_PRIORITY = 1_000

/**
 * Takes secrets out of what is written down: data, tags and targets of events, and inputs, results and errors of steps. The step's body
 * and its caller get the true values; artifacts and state are left alone. Where it fails nothing is recorded.
 */
export function redactionHooks({ redact, mayHold }: Redactor): readonly BuiltIn[] {
  const common = {
    id: 'redaction',
    version: 1,
    stage: 'record',
    priority: REDACTION_PRIORITY,
    breaker: false,
  } as const
  return [
    defineHook({
      ...common,
      point: 'step:run',
      run: (draft) => {
        const said = saidBy(draft)
        return andThen(redact(said), (clean) =>
          clean === said ? undefined : { kind: 'modify', change: changeOf(draft, clean) },
        )
      },
    }),
    {
      ...defineHook({
        ...common,
        point: 'event:emit',
        run: ({ data, tags, target }) => {
          const said = { data, ...(tags && { tags }), ...(target !== undefined && { target }) }
          return andThen(redact(said), (clean) => (clean === said ? undefined : changeOfEvent(clean)))
        },
      }),
      skips: (draft) => draft instanceof TextDraft && !mayHold(draft.text),
    },
  ]
}

/** All that a step writes down and that can hold a secret. */
function saidBy({ input, result, error }: StepDraft): Readonly<Record<string, StateValue>> {
  return {
    input,
    ...(result === undefined ? {} : { result }),
    ...(error === undefined ? {} : { errorName: error.name, message: error.message }),
    ...(error?.stack === undefined ? {} : { stack: error.stack }),
  }
}

function changeOf(draft: StepDraft, clean: StateValue): HookChange<'step:run', 'record'> {
  const { input, result, errorName, message, stack } = membersOf(clean)
  return {
    ...(input === undefined || input === draft.input ? {} : { input }),
    ...(result === undefined || result === draft.result ? {} : { result }),
    ...(draft.error === undefined
      ? {}
      : {
          error: {
            ...draft.error,
            ...textIn('name', errorName),
            ...textIn('message', message),
            ...textIn('stack', stack),
          },
        }),
  }
}

function changeOfEvent(clean: StateValue): HookOutcome<'event:emit', 'record'> {
  const { data = null, tags, target } = membersOf(clean)
  const change = {
    data,
    ...(isTexts(tags) && { tags }),
    ...(typeof target === 'string' && { target }),
  }
  return { kind: 'modify', change }
}

function isTexts(value: StateValue | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function textIn(key: string, value: StateValue | undefined): Readonly<Record<string, string>> {
  return typeof value === 'string' ? { [key]: value } : {}
}

function membersOf(value: StateValue): { readonly [key: string]: StateValue | undefined } {
  return typeof value === 'object' && value !== null && !isList(value) && !(value instanceof Uint8Array)
    ? value
    : {}
}
