import type { HoldfastError } from '../core/errors.ts'
import { type StreamId, scopeStream, sessionStream } from '../core/ids.ts'
import type { SessionStart } from '../core/session/input.ts'
import type { CloseAsk } from '../protocol/messages.ts'
import type { StateTarget } from '../protocol/worker-api.ts'
import type { Connection } from './connection.ts'
import { createEphemeral } from './ephemeral.ts'
import { createPageTalk } from './page-talk.ts'
import { type IsGated, SharedStream, type Stream } from './shared-stream.ts'

export interface Streams {
  /**
   * Listens to the stream, then loads it, also when it is here already: it may have been deleted a moment ago.
   * @param trusted what is here is good enough, since the worker has just spoken of it
   * @throws SESSION_NOT_FOUND
   */
  open(target: StateTarget, trusted?: boolean): Promise<Stream>
  /**
   * Listens to a session that a call has just answered. What was stored between that answer and now is read once more,
   * which nobody waits for.
   */
  adopt(start: SessionStart): Stream
  /** Listens at once and loads meanwhile; `loaded` rejects when that fails. */
  attach(target: StateTarget): { readonly stream: Stream; readonly loaded: Promise<void> }
  /** Whether other tabs are listened to beside the worker: not by a page that is frozen or goes. */
  listenToTabs(isHere: boolean): void
  /** These keys are about to hold sensitive values. */
  close(ask: CloseAsk): void
}

export function createStreams(
  connection: Connection,
  isGated: IsGated,
  onError: (error: unknown) => void,
): Streams {
  const shared = new Map<StreamId, SharedStream>()
  const ephemeral = createEphemeral(onError)
  const talk = createPageTalk(
    connection.welcome.channel,
    (stream) => shared.get(stream)?.mirror,
    () => connection.welcome.writer,
  )
  /** Of each stream the keys that hold sensitive values, or are about to, also where the page has not opened it yet. */
  const closed = new Map<StreamId, Set<string>>()

  connection.listen((message) => {
    if (message.type === 'patch') {
      talk.stored(message.foreseen ?? [])
      shared.get(message.stream)?.patch(message)
    }
    if (message.type === 'tabEnded') talk.tabEnded(message.writer)
    if (message.type === 'foreseen')
      shared.get(message.stream)?.foresee({ ...message, begun: talk.confirm(message) })
  })
  let { generation } = connection.welcome
  // Nobody listened while there was no worker.
  connection.onRespawn(() => {
    const isAnother = connection.welcome.generation !== generation
    generation = connection.welcome.generation
    talk.forget()
    for (const stream of shared.values()) {
      stream.mirror.withdraw()
      if (isAnother) stream.mirror.forget()
      inBackground(stream.reload(), onError)
    }
  })

  const closedOf = (stream: StreamId) => {
    const known = closed.get(stream) ?? new Set()
    closed.set(stream, known)
    return known
  }

  const attach = (target: StateTarget) => {
    const id = 'session' in target ? sessionStream(target.session) : scopeStream(target.scope)
    const present = shared.get(id)
    if (present !== undefined) {
      present.users += 1
      return present
    }
    const stream: SharedStream = new SharedStream(
      connection,
      target,
      id,
      ephemeral,
      isGated,
      talk,
      closedOf(id),
      onError,
      () => {
        shared.delete(id)
        if (closed.get(id)?.size === 0) closed.delete(id)
      },
    )
    shared.set(id, stream)
    return stream
  }

  return {
    listenToTabs: talk.listen,
    close({ stream, keys }) {
      for (const key of keys) closedOf(stream).add(key)
    },
    open: async (target, trusted = false) => {
      for (;;) {
        const stream = attach(target)
        try {
          await (trusted ? stream.load() : stream.reload())
        } catch (error) {
          stream.release()
          throw error
        }
        // Found, though another opening of the same moment was told that it is not there: it was made in between.
        if (!stream.isGone) return stream
        stream.release()
      }
    },
    adopt: ({ record, entries }) => {
      const stream = attach({ session: record.id })
      stream.adopt(record, entries)
      inBackground(stream.load(), onError)
      return stream
    },
    attach: (target) => {
      const stream = attach(target)
      return { stream, loaded: stream.load() }
    },
  }
}

/** That the session is gone, its listeners were told; that the page is closing, whoever closed it knows. */
function inBackground(loading: Promise<void>, onError: (error: unknown) => void): void {
  loading.catch((error: HoldfastError) => {
    if (error.code !== 'SESSION_NOT_FOUND' && error.code !== 'CLOSED') onError(error)
  })
}
