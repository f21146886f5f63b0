import { MAX_TIMER_MS } from '../core/deadlines.ts'
import { createError, type HoldfastError } from '../core/errors.ts'
import type { SessionId } from '../core/ids.ts'
import { nextTurn } from '../core/next-turn.ts'
import type { WorkerMessage } from '../protocol/messages.ts'
import { fromWireError } from '../protocol/wire-error.ts'
import type { Connection } from './connection.ts'
import { abortedBySignal, type CallOptions } from './request.ts'

/** How a document stands, as the worker says. */
export interface ChannelState {
  /** So many of the frames with edits sent since the last `onOpen` are stored. */
  readonly stored: number
  /** The session takes no writes at present: edits wait for the day it does. */
  readonly readOnly: boolean
  /** Why edits are not stored; null where nothing is wrong. */
  readonly error: HoldfastError | null
  /** For that error, nothing sent here will be stored any more. */
  readonly isOver: boolean
}

/** What a channel calls back. None of it may throw. */
export interface ChannelListener {
  /** A worker is there, at first or after another one's death: whoever edits has to ask for what it lacks. */
  onOpen(channel: DocumentChannel): void
  /** A frame of y-protocols. */
  onFrame(frame: Uint8Array): void
  onState(state: ChannelState): void
  /** Whether edits wait for the worker: one that keeps silent then is replaced. */
  isWaiting(): boolean
}

/** An app document as frames of y-protocols, both ways: what adapters for editors are made of. */
export interface DocumentChannel {
  /**
   * Resolves when the worker has said how the document stands.
   * @throws why it cannot be opened; DEADLINE or ABORTED where the worker does not say it in time
   */
  opened(options?: CallOptions): Promise<void>
  /** Sends a frame. Its buffer is handed over: it is empty afterwards. */
  send(frame: Uint8Array): void
  /** Resolves when what was sent until now was stored, or could not be, and what is stored survives a power cut. */
  flush(): Promise<void>
  close(): void
}

/** What a channel uses of the page's wire. */
export type ChannelConnection = Pick<
  Connection,
  'stand' | 'post' | 'listen' | 'onRespawn' | 'onGivenUp' | 'wake' | 'busy' | 'call' | 'deadlineMs'
>

type Message = Extract<WorkerMessage, { type: 'documentFrame' | 'documentState' }>

interface Open {
  take(message: Message): void
}

/** The numbers and listeners of one connection's channels. */
const channels = new WeakMap<ChannelConnection, Map<number, Open>>()
let lastNumber = 0

/** Opens a channel. Its listener is called from the next microtask on. */
export function openChannel(
  connection: ChannelConnection,
  sessionId: SessionId,
  name: string,
  clientId: () => number,
  listener: ChannelListener,
): DocumentChannel {
  lastNumber += 1
  const document = lastNumber
  const open = channelsOf(connection)
  let state: ChannelState = { stored: 0, readOnly: false, error: null, isOver: false }
  const tell = (changes: Partial<ChannelState>) => {
    state = { ...state, ...changes }
    listener.onState(state)
    settleOpening(state.isOver ? state.error : null)
  }
  let settleOpening: (error: HoldfastError | null) => void = () => {}
  const opening = new Promise<void>((resolve, reject) => {
    settleOpening = (error) => (error === null ? resolve() : reject(error))
  })
  // Whoever does not wait for it hears by its listener.
  opening.catch(() => {})
  const take = (message: Message) => {
    if (message.type === 'documentFrame') return listener.onFrame(message.frame)
    const { error, isOver = false, ...rest } = message.state
    tell({ ...rest, error: error === undefined ? null : fromWireError(error), isOver })
  }
  const begin = () => {
    state = { ...state, stored: 0, error: null }
    listener.onOpen(channel)
  }
  open.set(document, { take })
  const stops = [
    connection.stand(() => [{ type: 'openDocument', document, sessionId, name, clientId: clientId() }]),
    connection.onRespawn(begin),
    connection.onGivenUp((error) => tell({ error, isOver: error.code === 'CLOSED' })),
    connection.busy(() => listener.isWaiting()),
    connection.listen((message) => {
      if (message.type !== 'storage' || !(message.state === 'lost' || message.state === 'stale')) return
      const code = message.state === 'stale' ? 'STORAGE_NEWER' : 'STORAGE_LOST'
      tell({ readOnly: true, error: createError(code, message.message), isOver: true })
    }),
  ]
  const channel: DocumentChannel = {
    opened: ({ signal, deadlineMs = connection.deadlineMs } = {}) =>
      untilOpened(opening, name, { signal, deadlineMs }),
    send: (frame) => {
      if (!open.has(document)) return
      connection.wake()
      connection.post({ type: 'documentFrame', document, frame }, [frame.buffer as ArrayBuffer])
    },
    flush: async () => {
      await connection.call('flush', {})
    },
    close: () => {
      if (!open.delete(document)) return
      for (const stop of stops) stop()
      connection.post({ type: 'closeDocument', document })
    },
  }
  nextTurn(begin)
  return channel
}

function untilOpened(
  opening: Promise<void>,
  name: string,
  { signal, deadlineMs }: CallOptions & { readonly deadlineMs: number },
): Promise<void> {
  const what = `Opening document ${JSON.stringify(name)}`
  let stop = () => {}
  const givenUp = new Promise<never>((_resolve, reject) => {
    const abort = () => reject(abortedBySignal(what, signal))
    const message = `${what} did not end within ${deadlineMs} ms. Open it again, with a longer deadline if need be.`
    const late = () => reject(createError('DEADLINE', message, { name, deadlineMs }))
    const timer = setTimeout(late, Math.min(deadlineMs, MAX_TIMER_MS))
    signal?.addEventListener('abort', abort)
    if (signal?.aborted) abort()
    stop = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
  })
  return Promise.race([opening, givenUp]).finally(() => stop())
}

function channelsOf(connection: ChannelConnection): Map<number, Open> {
  const known = channels.get(connection)
  if (known !== undefined) return known
  const open = new Map<number, Open>()
  channels.set(connection, open)
  connection.listen((message) => {
    if (message.type === 'documentFrame' || message.type === 'documentState')
      open.get(message.document)?.take(message)
  })
  return open
}
