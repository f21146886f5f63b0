import { createError, type HoldfastError } from '../core/errors.ts'
import { nextTurn } from '../core/next-turn.ts'
import type { Room } from '../core/ports.ts'
import { sizeOf } from '../core/size.ts'
import { fromWireError, toWireError } from '../protocol/wire-error.ts'
import type { Answer, Connection, ConnectionOptions } from './connection.ts'
import { createHookFrame } from './hook-frame.ts'
import type { Outbound } from './link.ts'
import { createLinkKeeper } from './link-keeper.ts'
import { createOutgoing } from './outgoing.ts'
import { createPending } from './pending.ts'
import type { Sending } from './pending-entry.ts'
import { createSendWindow, HIGH_WATER_MARK_BYTES } from './send-window.ts'
import { streamOf } from './stream-of-call.ts'
import { within } from './within.ts'
import { createWriteLedger } from './writes.ts'

/** @throws what the handshake throws */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const { name, timing } = options
  const window = createSendWindow(options.highWaterMark ?? HIGH_WATER_MARK_BYTES)
  const ledger = createWriteLedger(reportError)
  const pending = createPending(timing, window, {
    onAbort: (id) => keeper.link?.post({ type: 'abort', id }),
    onRoom: () => schedule(),
  })
  const listeners = new Set<Parameters<Connection['listen']>[0]>()
  const givenUpListeners = new Set<(error: HoldfastError) => void>()
  const busy = new Set<() => boolean>()
  const leaving = new Set<() => void>()
  let closed = false
  let firstWrite: (() => void) | undefined
  let flushing = false
  let unheardOf = 0
  let room: Room = 'unknown'

  const keeper = createLinkKeeper(options, {
    isBusy: () => pending.size > 0 || [...busy].some((isBusy) => isBusy()),
    onMessage: (message, reply) => {
      if (message.type === 'settled') for (const settled of message.settled) pending.settle(settled)
      else if (message.type === 'progress') pending.progress(message.id, message.loaded, message.total)
      else if (message.type === 'barrier') ledger.passed(message.passed)
      else {
        // It may come before anybody listens.
        if (message.type === 'room') room = message.room
        for (const listener of listeners) listener(message, reply)
      }
    },
    onUnheardOf: () => {
      unheardOf += 1
    },
    onBatchLost: (calls, error) => {
      for (const { id } of calls) pending.lose(id, fromWireError(toWireError(error)))
    },
    onOpen: () => {
      pending.release()
      // What the worker before stored is not safe before this one has put something strictly.
      if (ledger.restart()) keeper.link?.post({ type: 'flush', unsafe: true })
      flush()
    },
    onDeath: pending.workerDied,
    onGivenUp: (error) => {
      if (error.code === 'STORAGE_NEEDS_RELOAD') pending.hold(error)
      else {
        pending.release()
        pending.rejectAll(error)
        if (error.code.startsWith('STORAGE_')) tellUnavailable(error)
      }
      for (const listener of [...givenUpListeners]) listener(error)
    },
  })

  /** As the worker would say it, which there is none of. */
  const tellUnavailable = ({ code, message }: HoldfastError) => {
    const state = code === 'STORAGE_NEWER' ? 'stale' : 'lost'
    for (const listener of listeners) listener({ type: 'storage', state, message }, () => {})
  }

  const flush = () => {
    flushing = false
    const { link } = keeper
    if (pending.size === 0) return
    if (link === undefined) return keeper.ensure()
    const calls: Outbound[] = []
    for (const { outgoing, transfers = [] } of pending.takeUnsent()) {
      if ('method' in outgoing) calls.push({ call: outgoing, transfers })
      else link.post(outgoing)
    }
    if (calls.length > 0) link.batch(calls)
  }

  const schedule = () => {
    if (!flushing) nextTurn(flush)
    flushing = true
  }

  const send = (sending: Sending): Promise<unknown> => {
    if (closed) {
      sending.onEnd?.()
      return Promise.reject(createError('CLOSED', `Holdfast "${name}" was closed; open it again.`))
    }
    schedule()
    return pending.add(sending)
  }

  const noteWrite = () => {
    const tell = firstWrite
    firstWrite = undefined
    tell?.()
  }

  const hookFrame = createHookFrame()
  const { durability } = options
  const messages = createOutgoing({ timing, durability, protocol: () => keeper.welcome.protocol })

  const connection: Connection = {
    get welcome() {
      return keeper.welcome
    },
    get room() {
      return room
    },
    get unheardOf() {
      return unheardOf
    },
    durability,
    get heldWrites() {
      return pending.held
    },
    deadlineMs: timing.deadlineMs,
    ledger,
    pressure: window,
    hookFrame,
    hurry: () => {
      for (const leave of [...leaving]) leave()
      flush()
    },
    beforeHurry: (leave) => {
      leaving.add(leave)
      return () => leaving.delete(leave)
    },
    grew: (load, bytes) => {
      load.bytes += bytes
      // A call that was refused on the page has left nothing to be taken out again.
      if (load.isCounted) window.add(bytes)
    },
    call: async (method, input, sendOptions = {}, bound = {}) => {
      const frame = hookFrame.of(bound)
      const { outgoing, isWrite } = messages.call(method, input, sendOptions, frame)
      if (isWrite) noteWrite()
      const { signal, transfers, onProgress, onSend, once } = sendOptions
      const load = sendOptions.load ?? { bytes: sizeOf(input) }
      const onEnd = isWrite ? ledger.begin(streamOf(method, input)) : undefined
      // The worker speaks this build's protocol, or an older one that had the same method: answers only ever gained.
      return (await send({ outgoing, transfers, signal, onProgress, onSend, onEnd, load, once })) as Answer<
        typeof method
      >
    },
    write: (target, changes, writeOptions, frame, tell) => {
      // Without a worker nobody hears which keys are not to be told of.
      const teller = keeper.link === undefined ? undefined : tell
      const outgoing = messages.write(target, changes, writeOptions, frame, teller)
      noteWrite()
      const onEnd = ledger.begin(streamOf('state.write', { target }))
      const { signal } = writeOptions
      const sent = send({ outgoing, signal, onEnd, load: { bytes: sizeOf(changes) } })
      return { id: outgoing.id, stored: sent as Promise<Answer<'state.write'>> }
    },
    stand: keeper.stand,
    post: (message, transfer) => keeper.link?.post(message, transfer),
    listen: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onRespawn: keeper.onRespawn,
    onGivenUp: (listener) => {
      givenUpListeners.add(listener)
      return () => givenUpListeners.delete(listener)
    },
    wake: () => {
      if (keeper.link === undefined && !closed) keeper.ensure()
    },
    busy: (isBusy) => {
      busy.add(isBusy)
      return () => busy.delete(isBusy)
    },
    onFirstWrite: (listener) => {
      firstWrite = listener
    },
    reopen: keeper.reopen,
    close: async () => {
      // State writes of this microtask are sent first: their microtask was queued before this one.
      await null
      if (closed) return
      closed = true
      // What is kept for storage that does not come back is not waited for.
      if (pending.held === 0) await within(timing.closeMs, pending.drained()).catch(() => {})
      await keeper.close()
      const reason = createError('CLOSED', `Holdfast "${name}" was closed before the call was answered.`)
      for (const listener of [...givenUpListeners]) listener(reason)
      window.close()
      pending.rejectAll(reason)
    },
  }

  await keeper.open()
  return connection
}
