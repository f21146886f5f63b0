import type { EventId, SessionId } from '../ids.ts'
import { late } from '../late.ts'
import type { Request } from '../request.ts'
import type { ReadEntries } from '../state/packed-entries.ts'
import type { StateValue } from '../state/value.ts'
import { type CreateOptions, createSession } from './create.ts'
import type { SessionDeps } from './deps.ts'
import type { StateWritten } from './earlier-write.ts'
import { editSession } from './edit.ts'
import { parseSessionId } from './fields.ts'
import type {
  CreateSession,
  DeleteSession,
  EditSession,
  ForkSession,
  PackedStart,
  RestoreSession,
  SaveSession,
  SessionStart,
  StateTarget,
  TransitionSession,
  WriteState,
} from './input.ts'
import type { KeptRecord, PackedPage } from './kept-record.ts'
import { listSessions } from './list.ts'
import {
  type BegunStart,
  findKeptSession,
  observeEntries,
  readSession,
  readStream,
  type Starts,
  withBegun,
} from './open.ts'
import type { PackedPast } from './packed-past.ts'
import { placeOf } from './place.ts'
import type { SessionQuery } from './query.ts'
import type { ReadState } from './read-state.ts'
import type { Checkpoint, SessionRecord } from './record.ts'
import { transitionSession } from './transition.ts'
import { writeState } from './write-state.ts'

/** The use cases of sessions and their state. Every answer comes from the database. */
export interface SessionManager {
  create(request: Request, input: CreateSession, options?: CreateOptions): Promise<SessionStart>
  open(request: Request, input: { readonly id: SessionId }, begun?: BegunStart): Promise<PackedStart>
  /** null where there is no such session. */
  get(request: Request, input: { readonly id: SessionId }): Promise<KeptRecord | null>
  list(request: Request, query: SessionQuery): Promise<PackedPage>
  edit(
    request: Request,
    input: { readonly id: SessionId; readonly changes: EditSession },
  ): Promise<SessionRecord>
  transition(request: Request, input: TransitionSession): Promise<SessionRecord>
  save(request: Request, input: SaveSession): Promise<Checkpoint>
  restore(request: Request, input: RestoreSession): Promise<SessionStart>
  checkpoints(request: Request, input: { readonly id: SessionId }): Promise<readonly Checkpoint[]>
  delete(request: Request, input: DeleteSession): Promise<null>
  fork(request: Request, input: ForkSession): Promise<SessionStart>
  at(request: Request, input: { readonly id: SessionId; readonly event: EventId }): Promise<PackedPast>
  openState(request: Request, target: StateTarget, begun?: BegunStart): Promise<ReadEntries>
  readState(request: Request, input: ReadState): Promise<{ readonly value?: StateValue }>
  writeState(request: Request, input: WriteState): Promise<StateWritten>
}

const cases = late('checkpoints, past moments and deletions of sessions', () => import('./late-cases.ts'))

export function createSessionManager(deps: SessionDeps): SessionManager {
  const { clock, log, tables } = deps
  return {
    create: (request, input, options) => createSession(deps, request, input, options),
    open: async (_request, { id }, begun) => {
      const start = await readSession(withBegun(log, begun), parseSessionId(id))
      observeEntries(clock, start)
      return start
    },
    get: async (_request, { id }) => findKeptSession(log, parseSessionId(id)),
    list: async (_request, query) => listSessions(tables, query),
    edit: (request, input) => editSession(deps, request, input),
    transition: (request, input) => transitionSession(deps, request, input),
    save: async (request, input) => (await cases(request.signal)).saveSession(deps, request, input),
    restore: async (request, input) => (await cases(request.signal)).restoreSession(deps, request, input),
    checkpoints: async ({ signal }, input) => (await cases(signal)).listCheckpoints(tables, input),
    delete: async (request, input) => (await cases(request.signal)).deleteSession(deps, request, input),
    fork: async (request, input) => (await cases(request.signal)).forkSession(deps, request, input),
    at: async ({ signal }, { id, event }) =>
      (await cases(signal)).packedSessionAt(log, parseSessionId(id), event),
    openState: async (_request, target, begun) => openTarget({ clock, log: withBegun(log, begun) }, target),
    readState: async ({ signal }, input) => (await cases(signal)).readState(deps, input),
    writeState: (request, input) => writeState(deps, request, input),
  }
}

async function openTarget(
  { clock, log }: { readonly clock: SessionDeps['clock']; readonly log: Starts },
  target: StateTarget,
): Promise<ReadEntries> {
  const { session, stream } = placeOf(target)
  if (session === undefined) {
    const read = await readStream(log, stream)
    observeEntries(clock, read)
    return read
  }
  const { record: _, ...read } = await readSession(log, session)
  observeEntries(clock, read)
  return read
}
