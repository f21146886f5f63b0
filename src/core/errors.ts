/**
 * Every error Holdfast throws: one base class, one table of codes, and a few subclasses by what the caller can do.
 * Across the wire an error is data ({@link WireError}) and is rebuilt on the page with its code, details and cause.
 */

/** What a code means to the caller: which class it is thrown as, and whether the same call may succeed later. */
interface CodeEntry {
  readonly kind: 'input' | 'state' | 'refused' | 'storage' | 'unknown' | 'run'
  readonly retryable: boolean
}

const code = <Kind extends CodeEntry['kind']>(kind: Kind, retryable = false) => ({ kind, retryable })

/** The table of codes. Each one's meaning stands in error-meanings.ts, which pages need not load. */
export const ERROR_CODES = {
  INVALID_ARGUMENT: code('input'),
  INVALID_NAME: code('input'),
  INVALID_VALUE: code('input'),
  VALUE_TOO_LARGE: code('input'),
  SCHEMA_INVALID: code('input'),
  SCHEMA_ASYNC: code('input'),
  SESSION_NOT_FOUND: code('state'),
  SESSION_EXISTS: code('state'),
  SESSION_NOT_ACTIVE: code('state'),
  SESSION_HAS_CHILDREN: code('state'),
  INVALID_TRANSITION: code('state'),
  ARTIFACT_NOT_FOUND: code('state'),
  CHECKPOINT_NOT_FOUND: code('state'),
  EVENT_NOT_FOUND: code('state'),
  WATCH_OVERFLOW: code('state', true),
  DOCUMENT_NOT_FOUND: code('state'),
  DOCUMENT_FORKED: code('state'),
  RUN_NOT_FOUND: code('state'),
  DEFINITION_MISSING: code('state'),
  CONTENT_DAMAGED: code('storage'),
  HOOK_CANCELLED: code('refused'),
  HOOK_FAILED: code('refused'),
  HOOK_TIMEOUT: code('refused', true),
  HOOK_REENTRANT: code('refused'),
  HOOK_DUPLICATE: code('input'),
  LIMIT_EXCEEDED: code('refused'),
  RATE_LIMITED: code('refused', true),
  CONFLICT: code('unknown', true),
  DEADLINE: code('unknown', true),
  OUTCOME_UNKNOWN: code('unknown', true),
  ABORTED: code('refused'),
  CLOSED: code('state'),
  WORKER_START: code('storage', true),
  MODULE_UNAVAILABLE: code('storage', true),
  VERSION_MISMATCH: code('storage'),
  QUOTA_EXCEEDED: code('storage', true),
  STORAGE_LOST: code('storage'),
  STORAGE_FAILED: code('storage', true),
  STORAGE_BLOCKED: code('storage', true),
  STORAGE_NEWER: code('storage'),
  STORAGE_NEEDS_RELOAD: code('storage'),
  STEWARD_FENCED: code('state'),
  STEP_FAILED: code('run'),
  STEP_INTERRUPTED: code('run'),
  RUN_FENCED: code('run'),
  RUN_DIVERGED: code('run'),
  RUN_BLOCKED: code('run'),
  IMPORT_FAILED: code('input'),
  INTERNAL: code('unknown'),
  ADOPT_FAILED: code('storage'),
} as const satisfies Record<string, CodeEntry>

export type ErrorCode = keyof typeof ERROR_CODES
export type ErrorDetails = Readonly<Record<string, unknown>>

/** An error as data, as it crosses to the page or is recorded in an event. */
export interface WireError {
  readonly code: ErrorCode
  readonly message: string
  readonly details: ErrorDetails
  readonly cause?: { readonly name: string; readonly message: string; readonly stack?: string } | WireError
}

/** Base of all errors. `retryable` says whether the same call may succeed later without a change by the caller. */
export class HoldfastError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails
  readonly retryable: boolean

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.code = code
    this.details = details
    this.retryable = ERROR_CODES[code].retryable
  }
}

/** The caller gave something that can never be stored or named so: mend the call. */
export class InputError extends HoldfastError {}
/** The thing is not there or not in the right status: look at it, then decide. */
export class StateError extends HoldfastError {}
/** A hook or the caller's own signal said no: nothing was stored. */
export class RefusedError extends HoldfastError {}
/** The browser's storage failed: free space, reload, or tell the person. */
export class StorageError extends HoldfastError {}
/** It did not happen in time, or it is not known whether it did: send it again with the same request id. */
export class OutcomeError extends HoldfastError {}
/** A step or a run could not go on. */
export class RunError extends HoldfastError {}

const CLASSES = {
  input: InputError,
  state: StateError,
  refused: RefusedError,
  storage: StorageError,
  unknown: OutcomeError,
  run: RunError,
} as const satisfies Record<CodeEntry['kind'], typeof HoldfastError>

/** Makes the error of a code, as the subclass its kind says. */
export function createError(
  code: ErrorCode,
  message: string,
  details: ErrorDetails = {},
  cause?: unknown,
): HoldfastError {
  return new CLASSES[ERROR_CODES[code].kind](code, message, details, cause)
}

export function isHoldfastError(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError
}

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code)
}
