/** What names a step, a call or a run: checked here, once, for callers and transcripts alike. */
import { createError, type HoldfastError } from '../errors.ts'
import { UNNAMEABLE } from '../state/text.ts'

export const MAX_STEP_CHARACTERS = 200
/** A run's keys hold its id, the scopes, and a name. */
export const MAX_KEY_CHARACTERS = 1_024

const STEP = /^.+@\d{1,9}$/u

/** @throws INVALID_ARGUMENT unless it is `name@version`: up to 200 characters, no control characters, a whole number last. */
export function parseStep(step: unknown): string {
  const text = parseText('step', step, MAX_STEP_CHARACTERS)
  if (STEP.test(text)) return text
  throw invalid('step', `is ${JSON.stringify(text)}; give a name and a version, like "tool:sql@1"`)
}

/** @throws INVALID_ARGUMENT unless it has 1 to 1,024 characters and no control characters. */
export function parseKey(key: unknown): string {
  return parseText('key', key, MAX_KEY_CHARACTERS)
}

/** @throws INVALID_ARGUMENT unless it has 1 to 200 characters and no control characters. */
export function parseRunName(name: unknown): string {
  return parseText('name', name, MAX_STEP_CHARACTERS)
}

function parseText(path: string, given: unknown, limit: number): string {
  if (typeof given !== 'string') throw invalid(path, 'is not a string')
  if (given === '') throw invalid(path, 'is empty')
  if (given.length > limit) throw invalid(path, `has ${given.length} characters where ${limit} are the limit`)
  if (UNNAMEABLE.test(given)) throw invalid(path, 'holds a control character or half a surrogate pair')
  return given
}

export function invalid(path: string, reason: string): HoldfastError {
  return createError('INVALID_ARGUMENT', `A step's or run's ${path} ${reason}.`, { path, reason })
}
