import { createError } from '../errors.ts'
import type { StateChange } from '../timeline/catalog.ts'
import type { SessionFields } from './fields.ts'
import { assertOnly, type Given, isRecord, parseFields, parseState } from './fields.ts'

/** The fields that a template can bring. */
const TEMPLATE_FIELDS = ['name', 'description', 'tags', 'metadata', 'limits', 'retention', 'state'] as const

/** What a new session begins with. */
export interface Beginnings {
  readonly fields: SessionFields
  readonly state: readonly StateChange[]
}

/** The fields and first state that were given to a new session. */
export function parseBeginnings(given: Given): Beginnings {
  return { fields: parseFields(given), state: given.state === undefined ? [] : parseState(given.state) }
}

/**
 * Checks a template as the app gave it.
 *
 * @throws INVALID_ARGUMENT where there is none of this name, or a field of it is wrong.
 */
export function parseTemplate(name: string, template: unknown): Beginnings {
  if (!isRecord(template)) {
    throw createError(
      'INVALID_ARGUMENT',
      `The app has no template ${name}; declare it in defineApp({ templates }).`,
      { path: 'template', template: name },
    )
  }
  assertOnly(template, TEMPLATE_FIELDS, `the template ${name}`)
  return parseBeginnings(template)
}

/**
 * A copy of the template with what was given on top: texts and retention replace, tags are united, and metadata,
 * limits and state are merged by key.
 */
export function onTopOf(template: Beginnings, given: Beginnings): Beginnings {
  const { fields: base } = template
  const { fields: own } = given
  const fields: SessionFields = { ...base, ...own }
  if (base.tags && own.tags) fields.tags = [...new Set([...base.tags, ...own.tags])]
  if (base.metadata && own.metadata) fields.metadata = { ...base.metadata, ...own.metadata }
  if (base.limits && own.limits) fields.limits = { ...base.limits, ...own.limits }
  const state = new Map([...template.state, ...given.state].map((change) => [change.key, change]))
  return { fields, state: [...state.values()] }
}
