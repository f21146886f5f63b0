import type { Artifacts } from '../core/artifact/artifacts.ts'
import { listCheckpoints, saveSession } from '../core/session/checkpoint.ts'
import { createSession } from '../core/session/create.ts'
import { deleteSession } from '../core/session/delete.ts'
import type { SessionDeps } from '../core/session/deps.ts'
import { editSession } from '../core/session/edit.ts'
import { forkSession } from '../core/session/fork.ts'
import { listSessions } from '../core/session/list.ts'
import { openSession, openState } from '../core/session/open.ts'
import { sessionAt } from '../core/session/past.ts'
import { restoreSession } from '../core/session/restore.ts'
import { transitionSession } from '../core/session/transition.ts'
import { placeOf, writeState } from '../core/session/write-state.ts'
import { emitEvent } from '../core/timeline/emit.ts'
import { queryTimeline, readCorrelation } from '../core/timeline/query-timeline.ts'
import { toWireError } from '../protocol/wire-error.ts'
import type { Methods } from './methods.ts'

type Prefixed = Exclude<
  Extract<keyof Methods, `sessions.${string}` | `state.${string}` | `timeline.${string}`>,
  'sessions.import'
>

/** Sessions, their state and their timeline. */
export function createSessionMethods(deps: SessionDeps, artifacts: Artifacts): Pick<Methods, Prefixed> {
  const { log, tables } = deps
  return {
    'sessions.create': (request, input) => createSession(deps, request, input),
    'sessions.open': (_request, { id }) => openSession(log, id),
    'sessions.get': async (_request, { id }) => (await tables.session(id)) ?? null,
    'sessions.list': (_request, query) => listSessions(tables, query),
    'sessions.edit': (request, { id, changes }) => editSession(deps, request, { id, changes }),
    'sessions.transition': (request, input) => transitionSession(deps, request, input),
    'sessions.save': (request, input) => saveSession(deps, request, input),
    'sessions.restore': (request, input) => restoreSession(deps, request, input),
    'sessions.checkpoints': (_request, input) => listCheckpoints(tables, input),
    'sessions.delete': (request, input) => deleteSession(deps, request, input),
    'sessions.fork': (request, input) => forkSession(deps, request, input),
    'sessions.at': (_request, { id, event }) => sessionAt(log, id, event),
    'state.open': async (_request, target) => ({ entries: await openState(log, placeOf(target).stream) }),
    'state.write': async (request, input) => {
      const { refused, ...written } = await writeState(deps, request, input)
      if (refused === undefined) return written
      return { ...written, refused: refused.map(({ key, error }) => ({ key, error: toWireError(error) })) }
    },
    'timeline.emit': (request, input) => emitEvent({ ...deps, artifacts }, request, input),
    'timeline.query': (_request, query) => queryTimeline(log, query),
    'timeline.tree': (_request, { correlationId }) => readCorrelation(log, correlationId),
  }
}
