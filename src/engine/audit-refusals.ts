import { ERROR_CODES, type ErrorCode, isErrorCode } from '../core/errors.ts'

/** Why a call, or a part of it, was refused. */
export interface Refusal {
  readonly code: ErrorCode
  readonly hook?: string
  /** Why the hook refused. */
  readonly reason?: string
  readonly limit?: string
  /** The state key, where one change of several was refused. */
  readonly key?: string
}

/** The refusals in an answer: the error itself, or those of state changes and events that travelled together. */
export function refusalsIn(answer: unknown): readonly Refusal[] {
  const { error, refused, events } = fieldsOf(answer)
  const parts = [answer, ...(Array.isArray(refused) ? refused : []), ...(Array.isArray(events) ? events : [])]
  return (error === undefined ? parts.slice(1) : parts).flatMap(refusalOf)
}

function refusalOf(part: unknown): readonly Refusal[] {
  const { error, key } = fieldsOf(part)
  const { code, details } = fieldsOf(error)
  if (!isErrorCode(code) || !isRefusal(code)) return []
  const { hook, reason, limit } = fieldsOf(details)
  return [{ code, ...textsOf({ hook, reason, limit, key }) }]
}

/** Somebody said no. A call that its own caller gave up is none. */
function isRefusal(code: ErrorCode): boolean {
  return code === 'SESSION_NOT_ACTIVE' || (ERROR_CODES[code].kind === 'refused' && code !== 'ABORTED')
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}

function textsOf(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  )
}
