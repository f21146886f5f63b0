/** One page's side of the engine: its calls, its writes, what it has open, and the hooks and steps that live on it. */
import { createError, isHoldfastError } from '../core/errors.ts'
import type { StreamId, WriterId } from '../core/ids.ts'
import { withEntryKey } from '../core/state/scope.ts'
import type { EngineClient, SendToPage } from '../protocol/engine-host.ts'
import type { Hello, Welcome } from '../protocol/hello.ts'
import type { Call, PageMessage } from '../protocol/messages.ts'
import type { PageStep } from '../protocol/page-definitions.ts'
import { STORAGE_STATES_SINCE, WATCHES_TOGETHER_SINCE } from '../protocol/since.ts'
import { wordingFor } from '../protocol/wording.ts'
import { type Asks, createAsks } from './asks.ts'
import { createCalls } from './calls.ts'
import type { Foreseen } from './foreseen-writes.ts'
import { performMethod } from './methods.ts'
import { createNotices } from './notices.ts'
import { createPageDocuments } from './page-documents.ts'
import { createPageHooks } from './page-hooks.ts'
import type { PageServices } from './page-services.ts'
import { createPageStreams } from './page-streams.ts'
import { createPageWrites } from './page-writes.ts'
import { goneMessage, patchOf } from './patches.ts'
import type { RoomTold } from './room-watch.ts'
import type { StreamChange } from './stream-change.ts'
import { createWatches, type Watches } from './watches.ts'

/** A connected page, as the engine sees it. */
export interface Page extends EngineClient {
  /** It tells other pages what it is about to write. */
  readonly tells: boolean
  readonly name: string
  readonly watches: Watches
  /** `name@version` of the step definitions that live on this page. */
  readonly steps: ReadonlyMap<string, PageStep>
  readonly asks: Asks
  take(change: StreamChange): void
  foresee(change: Foreseen): void
  /** The worker of another tab has ended. What it stored was told. */
  tabEnded(writer: WriterId): void
  /** Something was stored in this stream, here or in another tab. */
  note(stream: StreamId): void
  /** A session that this page may have open was deleted. */
  gone(stream: StreamId, source: StreamChange['source']): void
  /** Everything stored before survives a power cut. */
  barrier(passed: number): void
  room(told: RoomTold): void
  storage(state: 'lost' | 'stale' | 'closed', message: string): void
}

export function createPage(
  hello: Hello,
  welcome: Welcome,
  send: SendToPage,
  services: PageServices,
  onLeave: () => void,
): Page {
  const asks = createAsks(hello.client, send)
  const calls = createCalls({
    wall: services.wall,
    client: hello.client,
    actor: hello.actor,
    newRequestId: services.newRequestId,
  })
  const wording = wordingFor(hello.protocol)
  const opensAnew = hello.protocol >= STORAGE_STATES_SINCE.closed
  const streams = createPageStreams(services.views, services.onError)
  const hooks = createPageHooks((hook) => services.addHook(hook, hello.client, asks))
  const steps = new Map<string, PageStep>()
  const documents = createPageDocuments(services.documents, hello, send)

  const watches = createWatches({
    send,
    attach: streams.attach,
    detach: streams.detach,
    isGone: services.isGone,
    missed: services.missedEvents,
    areTogether: hello.protocol >= WATCHES_TOGETHER_SINCE,
    nextId: services.nextEventId,
    onError: services.onError,
  })

  const notices = createNotices(services.wall, send)

  /** The page is told to open the database anew, and sends what was not answered once more. */
  function isLeftOpen(error: unknown): boolean {
    return opensAnew && services.isClosed() && isHoldfastError(error) && error.code === 'STORAGE_FAILED'
  }

  const writes = createPageWrites({
    client: hello.client,
    calls,
    wording,
    methods: services.methods,
    foretell: services.foretell,
    exposedUntil: services.exposedUntil,
    isLeftOpen,
    send,
  })

  function receive(message: PageMessage): void {
    switch (message.type) {
      case 'write':
        void writes.perform(message)
        return
      case 'abort':
        calls.abort(message.id)
        return
      case 'attach':
        streams.attachAndKeep(message.stream)
        return
      case 'detach':
        streams.detach(message.stream)
        return
      case 'watch':
        watches.watch(message)
        return
      case 'notice':
        notices.add(message)
        return
      case 'unnotice':
        notices.remove(message.watch)
        return
      case 'unwatch':
        watches.unwatch(message.watch)
        return
      case 'hook':
        hooks.add(message.hook)
        return
      case 'unhook':
        hooks.remove(message)
        return
      case 'switchHooks':
        services.switchHooks(message.which, message.enabled, hello.client)
        return
      case 'steps':
        for (const step of message.steps) steps.set(step.step, step)
        return
      case 'answer':
        asks.answer(message)
        return
      case 'openDocument':
        documents.open(message)
        return
      case 'documentFrame':
        documents.receive(message)
        return
      case 'closeDocument':
        documents.close(message)
        return
      case 'flush':
        services.secure(message.unsafe ?? false).catch(services.onError)
        return
      case 'life':
        services.onLife(hello.client, message.life)
        return
      case 'ping':
        send({ type: 'pong', ping: message.ping })
        return
      default:
        message satisfies never
    }
  }

  return {
    name: hello.client,
    tells: hello.tells === true,
    welcome,
    watches,
    steps,
    asks,
    call: (call: Call) =>
      calls
        .perform(call, call.method, (request, { goesOn }) =>
          performMethod(services.methods, call.method, request, call.input, {
            page: hello.client,
            takeStart: streams.takeStart,
            progress: (loaded, total) => {
              goesOn()
              send({ type: 'progress', id: call.id, loaded, total })
            },
          }),
        )
        .then((answer) => wording.answer(call.method, answer, call.input))
        .catch((error: unknown) => {
          if (isLeftOpen(error)) return new Promise(() => {})
          throw error
        }),
    receive,
    take(change) {
      watches.take(change)
      if (streams.has(change.stream)) send(patchOf(change, writes.own))
    },
    foresee({ stream, begun, ended }) {
      if (!streams.has(stream)) return
      const writes = begun.map(({ request, changes }) => ({ request, entries: changes.map(withEntryKey) }))
      send({ type: 'foreseen', stream, begun: writes, ended })
    },
    tabEnded(writer) {
      if (hello.tells) send({ type: 'tabEnded', writer })
    },
    note: notices.note,
    gone(stream, source) {
      if (streams.has(stream)) send(goneMessage(stream, source))
    },
    get exposedUntil() {
      return services.exposedUntil()
    },
    barrier: (passed) => send({ type: 'barrier', passed }),
    room: ({ room, message }) => send({ type: 'room', room, message }),
    storage(state, message) {
      send({ type: 'storage', state: state === 'closed' && !opensAnew ? 'lost' : state, message })
    },
    async disconnect() {
      asks.close()
      watches.close()
      notices.close()
      streams.detachAll()
      hooks.removeAll()
      calls.abortAll(createError('ABORTED', 'The page left before the call was stored.'))
      documents.closeAll()
      onLeave()
      await services.flush().catch(services.onError)
      calls.stop()
    },
  }
}
