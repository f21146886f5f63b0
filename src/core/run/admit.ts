/** What comes from a page is looked at once more: another build of it may run there, or none of ours at all. */
import { createError, type HoldfastError } from '../errors.ts'
import { isPlainObject } from '../hook/plain-value.ts'
import { assertOnly, isRecord, MAX_REASON_CHARACTERS, parseSessionId } from '../session/fields.ts'
import type { Usage } from '../session/record.ts'
import type { StateValue } from '../state/value.ts'
import { invalid, parseKey, parseRunName, parseStep } from './fields.ts'
import type {
  CancelRun,
  ExpireStep,
  FinishRun,
  FinishStep,
  FreeRun,
  OpenRun,
  StartStep,
  StepOutcome,
  ThrownError,
} from './input.ts'
import { PURITIES } from './record.ts'

/** An encoded value nests deeper than the value: a tagged object stands around what it holds. */
const ENCODED_DEPTH_LIMIT = 256

/** What a step threw may hold a whole document; people read the beginning, and events are at most 32 KB. */
export const MAX_MESSAGE_CHARACTERS = 16_384
export const MAX_STACK_CHARACTERS = 8_192
const MAX_NAME_CHARACTERS = 255

/** Checks that a value has the encoded form. It came by a message, so it is nobody else's. */
export function admitEncoded(value: unknown, path: string, depth = 0): StateValue {
  assertEncoded(value, path, depth)
  return value
}

function assertEncoded(value: unknown, path: string, depth: number): asserts value is StateValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number' && Number.isFinite(value)) return
  if (value instanceof Uint8Array) return
  if (depth >= ENCODED_DEPTH_LIMIT) throw unfit(path, `nested deeper than ${ENCODED_DEPTH_LIMIT} levels`)
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) assertEncoded(item, `${path}.${at}`, depth + 1)
  } else if (isPlainObject(value)) {
    for (const [key, item] of Object.entries(value)) assertEncoded(item, `${path}.${key}`, depth + 1)
  } else {
    throw unfit(path, typeof value === 'object' ? 'an object of a class' : `${typeof value} ${String(value)}`)
  }
}

function unfit(path: string, reason: string): HoldfastError {
  return createError('INVALID_VALUE', `The value at ${path} cannot be recorded: it is ${reason}.`, {
    path,
    reason,
  })
}

/** @throws INVALID_ARGUMENT, INVALID_VALUE */
export function parseStartStep(given: StartStep): StartStep {
  assertOnly({ ...given }, ['sessionId', 'step', 'purity', 'input', 'key', 'runId', 'epoch'], 'steps.start')
  const { sessionId, step, purity, input, key } = given
  if (!PURITIES.includes(purity))
    throw invalid('purity', `is ${JSON.stringify(purity)}; give ${PURITIES.join(', ')}`)
  return {
    sessionId: parseSessionId(sessionId, 'sessionId'),
    step: parseStep(step),
    purity,
    input: admitEncoded(input, 'input'),
    ...(key === undefined ? {} : { key: parseKey(key) }),
    ...parsePlaceInRun(given),
  }
}

/** @throws INVALID_ARGUMENT, INVALID_VALUE */
export function parseFinishStep(given: FinishStep): FinishStep {
  assertOnly({ ...given }, ['sessionId', 'startedId', 'runId', 'epoch', 'outcome'], 'steps.finish')
  const { sessionId, startedId, outcome } = given
  if (typeof startedId !== 'string') throw invalid('startedId', 'is not a string')
  return {
    sessionId: parseSessionId(sessionId, 'sessionId'),
    startedId,
    outcome: parseOutcome(outcome),
    ...parsePlaceInRun(given),
  }
}

/** @throws INVALID_ARGUMENT */
export function parseExpireStep(given: ExpireStep): ExpireStep {
  assertOnly({ ...given }, ['sessionId', 'startedId', 'runId', 'epoch', 'usage'], 'steps.expire')
  const { sessionId, startedId, usage } = given
  if (typeof startedId !== 'string') throw invalid('startedId', 'is not a string')
  return {
    sessionId: parseSessionId(sessionId, 'sessionId'),
    startedId,
    ...(usage === undefined ? {} : { usage: parseUsage(usage) }),
    ...parsePlaceInRun(given),
  }
}

/** @throws INVALID_ARGUMENT, INVALID_VALUE */
export function parseOpenRun(given: OpenRun): OpenRun {
  assertOnly({ ...given }, ['sessionId', 'name', 'key', 'input'], 'runs.open')
  const { sessionId, name, key, input } = given
  return {
    sessionId: parseSessionId(sessionId, 'sessionId'),
    name: parseRunName(name),
    ...(key === undefined ? {} : { key: parseKey(key) }),
    ...(input === undefined ? {} : { input: admitEncoded(input, 'input') }),
  }
}

/** @throws INVALID_ARGUMENT, INVALID_VALUE */
export function parseFinishRun(given: FinishRun): FinishRun {
  const { runId, epoch } = parsePlaceInRun(given)
  if (runId === undefined || epoch === undefined) throw invalid('runId', 'and its epoch must be given')
  return { runId, epoch, outcome: parseOutcome(given.outcome) }
}

/** @throws INVALID_ARGUMENT, INVALID_VALUE */
export function parseFreeRun({ runId, answer }: FreeRun): FreeRun {
  if (typeof runId !== 'string') throw invalid('runId', 'is not a string')
  if (answer === undefined) return { runId }
  if (answer.kind === 'retry') return { runId, answer: { kind: 'retry' } }
  if (answer.kind !== 'result') throw invalid('answer', 'is neither retry nor a result')
  return { runId, answer: { kind: 'result', value: admitEncoded(answer.value, 'answer.value') } }
}

/** @throws INVALID_ARGUMENT */
export function parseCancelRun({ runId, reason }: CancelRun): CancelRun {
  if (typeof runId !== 'string') throw invalid('runId', 'is not a string')
  if (typeof reason !== 'string') throw invalid('reason', 'is not a string')
  return { runId, reason: cut(reason, MAX_REASON_CHARACTERS) }
}

function parsePlaceInRun({
  runId,
  epoch,
}: Pick<StartStep, 'runId' | 'epoch'>): Pick<StartStep, 'runId' | 'epoch'> {
  if (runId === undefined) return {}
  if (typeof runId !== 'string') throw invalid('runId', 'is not a string')
  if (epoch !== undefined && !Number.isSafeInteger(epoch)) throw invalid('epoch', 'is no whole number')
  return { runId, ...(epoch === undefined ? {} : { epoch }) }
}

function parseOutcome(outcome: StepOutcome): StepOutcome {
  if (!isRecord(outcome) || typeof outcome.ok !== 'boolean')
    throw invalid('outcome', 'does not say whether it is ok')
  const usage = outcome.usage === undefined ? {} : { usage: parseUsage(outcome.usage) }
  if (outcome.ok) return { ok: true, value: admitEncoded(outcome.value, 'outcome.value'), ...usage }
  return { ok: false, error: parseThrown(outcome.error), ...usage }
}

const USAGE_FIELDS = [
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'costUsd',
] as const

function parseUsage(usage: Partial<Usage>): Partial<Usage> {
  assertOnly({ ...usage }, USAGE_FIELDS, 'usage')
  for (const field of USAGE_FIELDS) {
    const amount = usage[field]
    if (amount === undefined || (Number.isFinite(amount) && amount >= 0)) continue
    throw invalid(`outcome.usage.${field}`, `is ${String(amount)}; give a number from 0`)
  }
  return usage
}

function parseThrown(error: ThrownError): ThrownError {
  if (!isRecord(error)) throw invalid('outcome.error', 'is no object')
  const { name, message, stack, code } = error
  return {
    name: cut(name, MAX_NAME_CHARACTERS) || 'Error',
    message: cut(message, MAX_MESSAGE_CHARACTERS),
    ...(stack === undefined ? {} : { stack: cut(stack, MAX_STACK_CHARACTERS) }),
    ...(code === undefined ? {} : { code: cut(code, MAX_NAME_CHARACTERS) }),
  }
}

/** Anything can be thrown, so what is too long is cut and never refused: the failure itself must be recorded. */
function cut(text: unknown, limit: number): string {
  const whole = typeof text === 'string' ? text : String(text ?? '')
  return whole.length <= limit ? whole : `${whole.slice(0, limit - 1)}…`
}
