/** The app documents that pages of this worker have open, one room each. */
import { assertDocumentName, storeDocumentEdit } from '../context/app-documents.ts'
import { createError, type HoldfastError, isHoldfastError } from '../core/errors.ts'
import { documentStream, type RequestId, type SessionId, type StreamId, sessionStream } from '../core/ids.ts'
import { readRecord } from '../core/session/lifecycle.ts'
import { type AwarenessChannel, createAwarenessChannel } from '../sync/awareness-channel.ts'
import type { Peers } from '../sync/peers.ts'
import { DocumentRoom } from './document-room.ts'
import type { DocumentPeer } from './document-seat.ts'
import type { Parts } from './parts.ts'
import type { StreamChange } from './stream-change.ts'
import type { StreamViews } from './stream-views.ts'

export interface OpenDocuments {
  /**
   * A page begins to edit. What it lacks is sent to it, and what it alone has is asked for.
   * @throws INVALID_NAME
   */
  enter(sessionId: SessionId, name: string, peer: DocumentPeer): OpenDocument
  /** A session has changed, here or in another tab. */
  take(change: StreamChange): void
  /** Another tab stored rows of a stream. */
  takeForeign(stream: StreamId): void
  /** A session was deleted. */
  gone(sessionId: SessionId): void
  /** Resolves when everything that pages sent until now was stored, or could not be. */
  flush(): Promise<void>
  close(): void
}

export interface OpenDocument {
  receive(frame: Uint8Array): void
  leave(): void
}

export interface OpenDocumentsDeps {
  readonly parts: Parts
  readonly views: StreamViews
  /** A tab that was closed or has crashed says no farewell. */
  readonly peers: Pick<Peers, 'onGone'>
  readonly databaseName: string
  /** Performs later what failed. */
  readonly later: (work: () => void) => void
  readonly onError: (error: unknown) => void
}

export function createOpenDocuments(deps: OpenDocumentsDeps): OpenDocuments {
  const { parts, views, later, onError } = deps
  const { journal, log, tables, clock, world } = parts
  const rooms = new Map<StreamId, { readonly sessionId: SessionId; readonly room: DocumentRoom }>()

  let channel: AwarenessChannel | undefined

  /** Most workers need none. */
  function channelToTabs(): AwarenessChannel {
    channel ??= createAwarenessChannel(
      world.openChannel(`holdfast:${deps.databaseName}:awareness`),
      journal.writer,
      {
        onSaid(stream, writer, update) {
          if (writer !== journal.writer) rooms.get(stream)?.room.whoEdits.take(writer, update)
        },
        onAsked(stream) {
          const states = rooms.get(stream)?.room.whoEdits.own()
          if (states !== undefined) channelToTabs().say(stream, states)
        },
      },
    )
    return channel
  }

  const stopPeers = deps.peers.onGone((writer) => {
    for (const { room } of rooms.values()) room.whoEdits.forget(writer)
  })

  function openRoom(sessionId: SessionId, name: string, stream: StreamId): DocumentRoom {
    const room = new DocumentRoom({
      wall: world.wall,
      writer: journal.writer,
      read: () => log.document(stream),
      readAfter: (seq) => log.tail(stream, seq),
      store: (update, by) => {
        const request = { id: clock.nextId<RequestId>(), mayRepeat: false, hookPath: [], ...by }
        return storeDocumentEdit(parts, request, { sessionId, name, update }, 'relaxed')
      },
      say: (update) => channelToTabs().say(stream, update),
      onError,
      onEmpty: () => {
        if (rooms.get(stream)?.room !== room) return
        rooms.delete(stream)
        views.detach(sessionStream(sessionId))
        room.end(createError('CLOSED', `No page has document ${JSON.stringify(name)} open.`, { name }))
      },
    })
    rooms.set(stream, { sessionId, room })
    // From here on changes of the session are told.
    const attached = views.attach(sessionStream(sessionId))
    const load = async () => {
      await attached
      room.setStatus((views.record(sessionStream(sessionId)) ?? (await readRecord(tables, sessionId))).status)
      await room.load()
      channelToTabs().ask(stream)
    }
    const begin = () => {
      load().catch((error: unknown) => {
        if (!isHoldfastError(error) || !error.retryable) return room.end(asError(error))
        onError(error)
        later(begin)
      })
    }
    begin()
    return room
  }

  return {
    enter(sessionId, name, peer) {
      assertDocumentName(name)
      const stream = documentStream(sessionId, name)
      const room = rooms.get(stream)?.room ?? openRoom(sessionId, name, stream)
      room.enter(peer)
      return {
        receive: (frame) => room.receive(peer, frame),
        leave: () => room.leave(peer),
      }
    },
    take({ stream, record }) {
      if (record === undefined) return
      for (const { sessionId, room } of rooms.values())
        if (sessionStream(sessionId) === stream) room.setStatus(record.status)
    },
    takeForeign(stream) {
      const look = () => rooms.get(stream)?.room.takeForeign() ?? Promise.resolve()
      look().catch((error: unknown) => {
        onError(error)
        // Once more: nothing else would tell of these rows until the next ones come.
        later(() => look().catch(onError))
      })
    },
    gone(id) {
      for (const { sessionId, room } of [...rooms.values()]) {
        if (sessionId !== id) continue
        room.end(createError('SESSION_NOT_FOUND', `Session ${id} was deleted.`, { id }))
      }
    },
    async flush() {
      await Promise.all([...rooms.values()].map(({ room }) => room.flush()))
    },
    close() {
      stopPeers()
      channel?.close()
      for (const { room } of [...rooms.values()])
        room.end(createError('CLOSED', 'The database was closed; open it again.'))
      rooms.clear()
    },
  }
}

function asError(error: unknown): HoldfastError {
  if (isHoldfastError(error)) return error
  throw error
}
