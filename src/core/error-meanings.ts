import type { ErrorCode } from './errors.ts'

/** What each code says to the caller: the documentation's error table is made from it. */
export const ERROR_MEANINGS = {
  INVALID_ARGUMENT: 'An argument has the wrong shape; details.path names it.',
  INVALID_NAME: 'A name is empty, longer than 255 characters, or holds control characters.',
  INVALID_VALUE: 'A value cannot be stored; details.path names where and details.reason says why.',
  VALUE_TOO_LARGE: 'A value is above its limit; store it as an artifact instead.',
  SCHEMA_INVALID: 'A value does not fit the schema that the app declared for it.',
  SCHEMA_ASYNC: 'A declared schema validates asynchronously, which state, events and steps do not support.',
  SESSION_NOT_FOUND: 'No session has this id, or it was deleted.',
  SESSION_EXISTS: 'A session with the chosen id exists already.',
  SESSION_NOT_ACTIVE: 'The session takes no writes in its present status.',
  SESSION_HAS_CHILDREN: 'The session has children; delete with children: "orphan" or "cascade".',
  INVALID_TRANSITION:
    'The session cannot go from its status to the asked one; details.allowed lists what it can.',
  ARTIFACT_NOT_FOUND: 'No artifact has this id or name and version.',
  CHECKPOINT_NOT_FOUND: 'The session has no checkpoint with this id.',
  EVENT_NOT_FOUND: 'The session has no event with this id.',
  WATCH_OVERFLOW:
    'More events waited for a watch than its buffer holds, and it was to fail then; details.since is the last one it took.',
  DOCUMENT_NOT_FOUND: 'The session has no document of this name.',
  DOCUMENT_FORKED:
    'Two copies of a document wrote under the same Yjs client id, so their edits cannot be told apart.',
  RUN_NOT_FOUND: 'No run has this id, or its session was deleted.',
  DEFINITION_MISSING: 'No step definition is known under this id and version.',
  CONTENT_DAMAGED: 'Stored bytes do not match their hash, or cannot be read; the artifact was not returned.',
  HOOK_CANCELLED: 'A before-hook cancelled the operation; details.hook and details.reason say which and why.',
  HOOK_FAILED: 'A before-hook threw, so the operation was refused; nothing was stored.',
  HOOK_TIMEOUT: 'A before-hook did not answer in time, so the operation was refused; nothing was stored.',
  HOOK_REENTRANT: 'A hook called back into the operation that runs it, or calls nest deeper than 4.',
  HOOK_DUPLICATE: 'A hook with this id is registered already.',
  LIMIT_EXCEEDED:
    'A limit of the session is reached; details say which limit, its maximum and what is used. Nothing was stored.',
  RATE_LIMITED:
    'Too much was asked for at once; details.retryAfterMs says in how many milliseconds it may be sent again.',
  CONFLICT:
    'Other writers changed the same thing each time that it was tried, five times or more; send the call again.',
  DEADLINE: 'The call was aborted at its deadline; nothing was stored.',
  OUTCOME_UNKNOWN: 'It is not known whether the call was stored; send it again with details.requestId.',
  ABORTED: 'The caller aborted the call by its signal.',
  CLOSED: 'This Holdfast was closed; open a new one.',
  WORKER_START: 'The worker did not start; details.url names it and the message says what to check.',
  MODULE_UNAVAILABLE:
    'A part of the worker that is loaded when it is first asked for could not be loaded; nothing was done.',
  VERSION_MISMATCH: 'Page and worker speak different protocol versions; reload the page.',
  QUOTA_EXCEEDED: 'The browser gives this origin no more storage; delete something and try again.',
  STORAGE_LOST:
    'The database that was here is gone; call reopen(), or open it with reopen: true, to begin anew.',
  STORAGE_FAILED: 'The browser failed to read or write its database; details.name is its own error.',
  STORAGE_BLOCKED: 'Another tab holds an older version of the database open; close or reload it.',
  STORAGE_NEWER: 'The database was written by a newer version of this app; reload the page to get it.',
  STORAGE_NEEDS_RELOAD:
    'The browser opens no database any more in this page; reload the page. What was stored is there.',
  STEWARD_FENCED: 'Another tab does the shared chores of the database now; no call of an app meets this.',
  STEP_FAILED: 'The step threw; its error is recorded and is the cause.',
  STEP_INTERRUPTED: 'The step was cut off before it finished and its outcome is not known.',
  RUN_FENCED: 'Another tab has taken this run over; this one may not go on.',
  RUN_DIVERGED: 'The code asks for another step than the one recorded; the run is parked.',
  RUN_BLOCKED: 'The run is parked; explain() says why and who can free it.',
  IMPORT_FAILED: 'The transcript could not be read; details.line is the number of the broken line.',
  INTERNAL: 'Holdfast itself failed; the cause says where. Please report it.',
  ADOPT_FAILED: 'The old database could not be moved, or its copy differs from it; nothing was removed.',
} as const satisfies Record<ErrorCode, string>
