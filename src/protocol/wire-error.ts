import {
  createError,
  type HoldfastError,
  isErrorCode,
  isHoldfastError,
  type WireError,
} from '../core/errors.ts'

/** What is left of an error that is not ours. */
export interface ForeignError {
  readonly name: string
  readonly message: string
  readonly stack?: string
}

/** How many causes are kept: a chain of errors may be circular. */
const MAX_CAUSES = 8

/** DOMExceptions that say the same as one of our codes, by name. */
const CODE_BY_NAME = {
  AbortError: 'ABORTED',
  DataCloneError: 'INVALID_VALUE',
  QuotaExceededError: 'QUOTA_EXCEEDED',
} as const

/** Any thrown value as data. What is not a HoldfastError becomes the cause of one, so that every error has a code. */
export function toWireError(thrown: unknown): WireError {
  return isHoldfastError(thrown) ? wireOf(thrown, MAX_CAUSES) : wireOf(adopt(thrown), MAX_CAUSES)
}

/** The error again, as the class its code says, with details and cause. */
export function fromWireError({ code, message, details, cause: data }: WireError): HoldfastError {
  const cause = data && errorFromData(data)
  if (isErrorCode(code)) return createError(code, message, details, cause)
  // A newer worker has codes that this page has no class for.
  return createError('INTERNAL', message, { ...details, code }, cause)
}

/** Any thrown value as name, message and stack. A HoldfastError keeps its code. */
export function toForeignError(thrown: unknown): ForeignError & { readonly code?: string } {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown) }
  return {
    name: thrown.name,
    message: thrown.message,
    ...(typeof thrown.stack === 'string' ? { stack: thrown.stack } : {}),
    ...(isHoldfastError(thrown) ? { code: thrown.code } : {}),
  }
}

/** An error that was data, as an Error with the name, message and stack it had. */
function fromForeignError(foreign: ForeignError): Error {
  const error = new Error(foreign.message)
  error.name = foreign.name
  if (foreign.stack !== undefined) error.stack = foreign.stack
  return error
}

/** Either kind of error that was data. */
export function errorFromData(data: WireError | ForeignError): Error {
  return isWireError(data) ? fromWireError(data) : fromForeignError(data)
}

/** How every code is spelled, those of newer builds too. */
const CODE = /^[A-Z][A-Z_]{1,63}$/

/** Says whether a value read from a message is a WireError; its code may be one of a newer build. */
export function isWireError(value: unknown): value is WireError {
  if (typeof value !== 'object' || value === null) return false
  const { code, message, details } = value as Partial<Record<keyof WireError, unknown>>
  if (typeof code !== 'string' || !CODE.test(code) || typeof message !== 'string') return false
  return typeof details === 'object' && details !== null
}

function wireOf(error: HoldfastError, causesLeft: number): WireError {
  const { code, message, details, cause } = error
  const wire: WireError = { code, message, details: plainDetails(details) }
  if (cause === undefined || causesLeft === 0) return wire
  return { ...wire, cause: isHoldfastError(cause) ? wireOf(cause, causesLeft - 1) : toForeignError(cause) }
}

function adopt(thrown: unknown): HoldfastError {
  const { name, message } = toForeignError(thrown)
  const known = Object.hasOwn(CODE_BY_NAME, name)
    ? CODE_BY_NAME[name as keyof typeof CODE_BY_NAME]
    : undefined
  if (known !== undefined) return createError(known, message, { name }, thrown)
  return createError(
    'INTERNAL',
    `Holdfast itself failed with ${name}: ${message}. The cause says where; please report it.`,
    { name },
    thrown,
  )
}

/** Details cross by structured clone, which one function or symbol among them would make fail: those become text. */
function plainDetails(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(details).map(([key, value]) => [
      key,
      typeof value === 'function' || typeof value === 'symbol' ? String(value) : value,
    ]),
  )
}
