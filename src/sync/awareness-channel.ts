/** Who edits what in the other tabs: passed on as it comes, never stored. */
import type { StreamId, WriterId } from '../core/ids.ts'
import type { TabChannel } from '../core/ports.ts'

export interface AwarenessListeners {
  /** Somebody in another tab edits a document, edits elsewhere in it, or has left it. */
  onSaid(stream: StreamId, writer: WriterId, update: Uint8Array): void
  /** Another tab has opened a document and wants to know who edits it. */
  onAsked(stream: StreamId): void
}

export interface AwarenessChannel {
  say(stream: StreamId, update: Uint8Array): void
  ask(stream: StreamId): void
  close(): void
}

interface Said {
  readonly type: 'said'
  readonly stream: StreamId
  readonly writer: WriterId
  readonly update: Uint8Array
}

interface Asked {
  readonly type: 'asked'
  readonly stream: StreamId
}

/** @param writer of this worker */
export function createAwarenessChannel(
  channel: TabChannel,
  writer: WriterId,
  { onSaid, onAsked }: AwarenessListeners,
): AwarenessChannel {
  const stop = channel.listen((message) => {
    if (isSaid(message)) onSaid(message.stream, message.writer, message.update)
    else if (isAsked(message)) onAsked(message.stream)
  })
  return {
    say: (stream, update) => channel.post({ type: 'said', stream, writer, update } satisfies Said),
    ask: (stream) => channel.post({ type: 'asked', stream } satisfies Asked),
    close() {
      stop()
      channel.close()
    },
  }
}

/** Another tab may run yesterday's build, or be hostile: nothing in its message is taken on trust. */
function isSaid(message: unknown): message is Said {
  if (typeof message !== 'object' || message === null) return false
  const { type, stream, writer, update } = message as { readonly [Key in keyof Said]?: unknown }
  return (
    type === 'said' &&
    typeof stream === 'string' &&
    typeof writer === 'string' &&
    update instanceof Uint8Array
  )
}

function isAsked(message: unknown): message is Asked {
  if (typeof message !== 'object' || message === null) return false
  const { type, stream } = message as { readonly [Key in keyof Asked]?: unknown }
  return type === 'asked' && typeof stream === 'string'
}
