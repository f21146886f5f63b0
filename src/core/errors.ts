/**
 * Every error Holdfast throws: one base class, one table of codes, and a few subclasses by what the caller can do.
 * Across the wire an error is data ({@link WireError}) and is rebuilt on the page with its code, details and cause.
 */

/** What a code means to the caller: may the same call succeed later, and which class it is thrown as. */
interface CodeEntry {
  readonly retryable: boolean
  readonly kind: 'input' | 'state' | 'refused' | 'storage' | 'unknown' | 'run'
  readonly meaning: string
}

const code = (kind: CodeEntry['kind'], meaning: string, retryable = false): CodeEntry => ({ kind, meaning, retryable })

/** The table of codes. The documentation's error table is made from it. */
export const ERROR_CODES = {
  INVALID_ARGUMENT: code('input', 'An argument has the wrong shape; details.path names it.'),
  INVALID_NAME: code('input', 'A name is empty, longer than 255 characters, or holds control characters.'),
  INVALID_VALUE: code('input', 'A value cannot be stored; details.path names where and details.reason says why.'),
  VALUE_TOO_LARGE: code('input', 'A value is above its limit; store it as an artifact instead.'),
  SCHEMA_INVALID: code('input', 'A value does not fit the schema that the app declared for it.'),
  SCHEMA_ASYNC: code('input', 'A declared schema validates asynchronously, which state, events and steps do not support.'),
  SESSION_NOT_FOUND: code('state', 'No session has this id, or it was deleted.'),
  SESSION_EXISTS: code('state', 'A session with the chosen id exists already.'),
  SESSION_NOT_ACTIVE: code('state', 'The session takes no writes in its present status.'),
  SESSION_HAS_CHILDREN: code('state', 'The session has children; delete with children: "orphan" or "cascade".'),
  INVALID_TRANSITION: code('state', 'The session cannot go from its status to the asked one; details.allowed lists what it can.'),
  ARTIFACT_NOT_FOUND: code('state', 'No artifact has this id or name and version.'),
  CHECKPOINT_NOT_FOUND: code('state', 'The session has no checkpoint with this id.'),
  EVENT_NOT_FOUND: code('state', 'The session has no event with this id.'),
  DOCUMENT_NOT_FOUND: code('state', 'The session has no document of this name.'),
  DEFINITION_MISSING: code('state', 'No step definition is known under this id and version.'),
  CONTENT_DAMAGED: code('storage', 'Stored bytes do not match their hash; the artifact was not returned.'),
  HOOK_CANCELLED: code('refused', 'A before-hook cancelled the operation; details.hook and details.reason say which and why.'),
  HOOK_FAILED: code('refused', 'A before-hook threw, so the operation was refused; nothing was stored.'),
  HOOK_TIMEOUT: code('refused', 'A before-hook did not answer in time, so the operation was refused; nothing was stored.', true),
  HOOK_REENTRANT: code('refused', 'A hook called back into the operation that runs it, or calls nest deeper than 4.'),
  HOOK_DUPLICATE: code('input', 'A hook with this id is registered already.'),
  CONFLICT: code('unknown', 'Other writers changed the same thing five times in a row; send the call again.', true),
  DEADLINE: code('unknown', 'The call was aborted at its deadline; nothing was stored.', true),
  OUTCOME_UNKNOWN: code('unknown', 'It is not known whether the call was stored; send it again with details.requestId.', true),
  ABORTED: code('refused', 'The caller aborted the call by its signal.'),
  CLOSED: code('state', 'This Holdfast was closed; open a new one.'),
  WORKER_START: code('storage', 'The worker did not start; details.url names it and the message says what to check.', true),
  VERSION_MISMATCH: code('storage', 'Page and worker speak different protocol versions; reload the page.'),
  QUOTA_EXCEEDED: code('storage', 'The browser gives this origin no more storage; delete something and try again.', true),
  STORAGE_LOST: code('storage', 'The database was deleted under the running page; call reopen() or reload.'),
  STORAGE_FAILED: code('storage', 'The browser failed to read or write its database; details.name is its own error.', true),
  STORAGE_BLOCKED: code('storage', 'Another tab holds an older version of the database open; close or reload it.', true),
  STORAGE_NEWER: code('storage', 'The database was written by a newer version of this app; reload the page to get it.'),
  STEP_FAILED: code('run', 'The step threw; its error is recorded and is the cause.'),
  STEP_INTERRUPTED: code('run', 'The step was cut off before it finished and its outcome is not known.'),
  RUN_FENCED: code('run', 'Another tab has taken this run over; this one may not go on.'),
  RUN_DIVERGED: code('run', 'The code asks for another step than the one recorded; the run is parked.'),
  RUN_BLOCKED: code('run', 'The run is parked; explain() says why and who can free it.'),
  IMPORT_FAILED: code('input', 'The transcript could not be read; details.line is the number of the broken line.'),
  INTERNAL: code('unknown', 'Holdfast itself failed; the cause says where. Please report it.'),
  ADOPT_FAILED: code('storage', 'The old database could not be moved, or its copy differs from it; nothing was removed.'),
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
export function createError(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown): HoldfastError {
  return new CLASSES[ERROR_CODES[code].kind](code, message, details, cause)
}

export function isHoldfastError(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError
}

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code)
}
