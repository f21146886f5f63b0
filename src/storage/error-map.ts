/**
 * Every failure of IndexedDB, mapped once, with the browser and the event that cause it.
 */
import { createError, type ErrorCode, type HoldfastError, isHoldfastError } from '../core/errors.ts'

/** What was being done, for the message: `storing a commit`, `reading the log of s1`. */
export type Doing = string

/**
 * The error to throw for a failure of the database. An error of ours passes as it is.
 *
 * @param cause What the browser gave: a DOMException, Dexie's error around one, or null.
 */
export function mapStorageError(cause: unknown, doing: Doing): HoldfastError {
  if (isHoldfastError(cause)) return cause
  const name = nameOf(cause)
  if (MISTAKES.has(name)) return mistake(doing, cause)
  const meaning = MEANING[name]
  return meaning === undefined ? failed(name, doing, cause) : known(meaning, name, doing, cause)
}

/** The error of a quota that is used up, whatever name the browser gave it. */
export function fullError(doing: Doing, cause: unknown): HoldfastError {
  return known(FULL, nameOf(cause), doing, cause)
}

/** The error of a connection that the browser ended: after deletion of the database nothing comes back. */
export function lostError(doing: Doing): HoldfastError {
  return createError(
    'STORAGE_LOST',
    `The database was deleted while ${doing}. Call reopen() or reload the page to start with an empty one.`,
    { doing },
  )
}

interface Meaning {
  readonly code: ErrorCode
  readonly says: string
  readonly advice: string
}

const RELOAD = 'Reload the page if it goes on.'

// All engines, as the transaction's error on `abort`: the origin's quota or the disk is full. Firefox gives it for its
// own group limit too, long before the disk is full.
const FULL: Meaning = {
  code: 'QUOTA_EXCEEDED',
  says: 'The browser gives this origin no more storage',
  advice: 'Nothing was stored; delete something and try again.',
}

const MEANING: Readonly<Record<string, Meaning>> = {
  QuotaExceededError: FULL,
  // A newer version opened with a lower number (all engines, on open).
  VersionError: {
    code: 'STORAGE_NEWER',
    says: 'The database was written by a newer version of this app',
    advice: 'Reload the page to get it.',
  },
  // All engines, thrown by `transaction()` on a closed connection; Firefox also for small writes after a full disk,
  // until the connection is opened anew.
  InvalidStateError: {
    code: 'STORAGE_FAILED',
    says: "The database's connection is closed or wedged",
    advice: RELOAD,
  },
  // Chromium: its backing store failed to open or read. WebKit: the network process ended ("Connection to Indexed
  // Database server lost"), after which every open fails until the page is reloaded. Firefox: also a quota that is used
  // up (see unnamed-quota.ts).
  UnknownError: {
    code: 'STORAGE_FAILED',
    says: 'The browser failed inside its own database',
    advice: RELOAD,
  },
  // Firefox and WebKit, on `abort`: a read of a damaged record, or the disk failed under the transaction.
  DataError: { code: 'STORAGE_FAILED', says: 'A stored record could not be read', advice: RELOAD },
  ReadOnlyError: { code: 'STORAGE_FAILED', says: 'The database is read-only', advice: RELOAD },
  // Chromium's and Firefox's end of a transaction whose page or process goes away.
  AbortError: { code: 'STORAGE_FAILED', says: 'The browser aborted a transaction', advice: 'Try again.' },
  TimeoutError: { code: 'STORAGE_FAILED', says: 'The browser gave up on a lock', advice: 'Try again.' },
  // A key stands there already: two writers took the same number. The journal never adds under a chosen key.
  ConstraintError: {
    code: 'STORAGE_FAILED',
    says: 'A row that must be new is there already',
    advice: RELOAD,
  },
  // A value that cannot be cloned (function, proxy) came through: refused before anything was written.
  DataCloneError: {
    code: 'INVALID_VALUE',
    says: 'A value cannot be stored',
    advice: 'Store JSON and Uint8Array only.',
  },
  // Firefox in windows whose settings forbid storage, all engines in opaque origins.
  SecurityError: {
    code: 'STORAGE_FAILED',
    says: 'The browser forbids this page to store anything',
    advice: 'Allow site data for this page.',
  },
}

/** Thrown by code, never by the browser's database. */
const MISTAKES: ReadonlySet<string> = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'])

function known({ code, says, advice }: Meaning, name: string, doing: Doing, cause: unknown): HoldfastError {
  return createError(code, `${says} while ${doing}. ${advice}`, { name, doing }, cause)
}

function mistake(doing: Doing, cause: unknown): HoldfastError {
  return createError(
    'INTERNAL',
    `Holdfast itself failed while ${doing}; nothing was stored. Please report it.`,
    { doing },
    cause,
  )
}

function failed(name: string, doing: Doing, cause: unknown): HoldfastError {
  // WebKit aborts with a null error when the disk is full: no error is a failure as well.
  const says = cause === null || cause === undefined ? 'without saying why' : `with ${name}`
  return createError(
    'STORAGE_FAILED',
    `The browser failed ${says} while ${doing}. ${RELOAD}`,
    { name, doing },
    cause,
  )
}

/** Dexie wraps the browser's error in one of its own, which keeps the browser's as `inner`. */
function nameOf(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return 'null'
  const { name, inner } = cause as { readonly name?: unknown; readonly inner?: unknown }
  if (typeof inner === 'object' && inner !== null) return nameOf(inner)
  return typeof name === 'string' ? name : 'Error'
}
