import type { App, TemplateName } from '../core/app/app.ts'
import type { SessionId } from '../core/ids.ts'
import type { CreateSession, SessionStart } from '../core/session/input.ts'
import { unpackKept, unpackPage } from '../core/session/kept-record.ts'
import type { SessionPage, SessionQuery } from '../core/session/query.ts'
import type { SessionRecord } from '../core/session/record.ts'
import type { ImportOptions, ImportReport } from '../protocol/worker-api.ts'
import { assertInEntries } from './assert-in-entries.ts'
import { assertStorable } from './assert-storable.ts'
import { toSendable } from './byte-source.ts'
import type { Caller } from './caller.ts'
import type { CurrentSession } from './current-session.ts'
import type { CallOptions, ChangeOptions } from './request.ts'
import type { Session } from './session-handle.ts'
import type { ListWatch, ListWatchOptions, StartListWatch } from './watch-list.ts'

/** A transcript to import: bytes, text, or a stream of bytes. */
export type ImportSource = Blob | string | Uint8Array | ArrayBuffer | ReadableStream<Uint8Array>

export interface ImportSettings extends Omit<ImportOptions, 'source'>, ChangeOptions {
  readonly onProgress?: (loaded: number, total: number | null) => void
}

/** All sessions of the store. */
export interface Sessions<A extends App = App> {
  /** @throws SESSION_EXISTS for a chosen id that is taken, SESSION_NOT_FOUND for a parent that is not there */
  create(
    what?: CreateSession & { readonly template?: TemplateName<A> },
    options?: ChangeOptions,
  ): Promise<Session<A>>
  /** A handle that follows the session. @throws SESSION_NOT_FOUND */
  open(id: string): Promise<Session<A>>
  /** The session as it is now, or null. */
  get(id: string, options?: CallOptions): Promise<SessionRecord | null>
  list(query?: SessionQuery, options?: CallOptions): Promise<SessionPage>
  /**
   * The list as it is now, and again whenever this or another tab made another one of it, for `for await`. Only the
   * newest waits to be read; a stream of changes is read about three times a second.
   * @throws what `list` throws, which ends the watch
   */
  watch(query?: SessionQuery, options?: ListWatchOptions): ListWatch<SessionPage>
  /**
   * Reads a transcript of another tool into a new session, through the same hooks and collectors as live work. The
   * session shows in lists when all of it is there.
   * @throws IMPORT_FAILED naming the line that is broken, unless such lines are to be skipped
   */
  import(source: ImportSource, settings: ImportSettings): Promise<ImportReport>
  /** This page's choice of a session. */
  readonly current: CurrentSession
}

export function createSessions<A extends App>(
  caller: Caller,
  current: CurrentSession,
  startListWatch: StartListWatch,
  handles: { open(id: SessionId): Promise<Session<A>>; adopt(start: SessionStart): Session<A> },
  app?: App,
): Sessions<A> {
  const list = async (query: SessionQuery | undefined, options?: CallOptions) =>
    unpackPage(await caller.call('sessions.list', { ...query }, options))

  return {
    current,
    create: async (what = {}, options) => {
      assertStorable(what)
      assertInEntries(what, app)
      return handles.adopt(await caller.call('sessions.create', { ...what }, options))
    },
    open: (id) => handles.open(id as SessionId),
    get: async (id, options) =>
      unpackKept(await caller.call('sessions.get', { id: id as SessionId }, options), id),
    list,
    watch: (query, options) => startListWatch(undefined, () => list(query), options),
    import: async (source, { requestId, signal, deadlineMs, onProgress, ...settings }) => {
      const bound = caller.now()
      const { content, transfers } = await toSendable(source, { signal, deadlineMs })
      const blob =
        content instanceof Uint8Array || content instanceof ArrayBuffer
          ? new Blob([content as BlobPart])
          : content
      return bound.call(
        'sessions.import',
        { ...settings, source: blob as ImportOptions['source'] },
        { requestId, signal, deadlineMs, onProgress, transfers },
      )
    },
  }
}
