/** Tabs of one process: an engine each over one fake IndexedDB, and the adapter at the other end of a message port. */
import 'fake-indexeddb/auto'
import { onTestFinished } from 'vitest'
import type { LiveDocument } from '../../../src/adapters/yjs/live-document.ts'
import type { DocumentOptions } from '../../../src/adapters/yjs/open-document.ts'
import { openDocument } from '../../../src/adapters/yjs/open-document.ts'
import { type ChannelConnection, openChannel } from '../../../src/client/document-channel.ts'
import type { HoldfastError } from '../../../src/core/errors.ts'
import type { SessionId } from '../../../src/core/ids.ts'
import { loadAllLate } from '../../../src/core/late.ts'
import type { Verb } from '../../../src/core/session/status.ts'
import { type Engine, openEngine } from '../../../src/engine/engine.ts'
import { createWorld, type World } from '../../../src/engine/world.ts'
import { createProcessLocks } from '../../../src/platform/process-locks.ts'
import type { EngineClient } from '../../../src/protocol/engine-host.ts'
import { PROTOCOL_VERSION } from '../../../src/protocol/hello.ts'
import type { PageMessage, WorkerMessage } from '../../../src/protocol/messages.ts'

export interface NodeTab {
  readonly engine: Engine
  /** What the engine reported that no call waits for. */
  readonly errors: unknown[]
  /** What the page sent, in order. */
  readonly posted: PageMessage[]
  createSession(): Promise<SessionId>
  transition(session: SessionId, verb: Verb): Promise<unknown>
  deleteSession(session: SessionId): Promise<unknown>
  changes(session: SessionId): Promise<readonly unknown[]>
  /** The document, when what is stored is in it. */
  open(session: SessionId, name?: string, options?: DocumentOptions): Promise<LiveDocument>
  /** Sends a frame as it is. */
  post(message: PageMessage): void
  readonly call: ChannelConnection['call']
  /** The worker dies without a word, and another takes its place. */
  respawn(): Promise<void>
  close(): Promise<void>
}

// Loading takes the host's time, which no clock of a test knows of.
await loadAllLate()

const locks = createProcessLocks()
let tabs = 0

export async function openNodeTab(database: string, parts: Partial<World> = {}): Promise<NodeTab> {
  tabs += 1
  const page = `page-${tabs}`
  const errors: unknown[] = []
  const posted: PageMessage[] = []
  const standing = new Set<() => readonly PageMessage[]>()
  const respawned = new Set<() => void>()
  const listeners = new Set<Parameters<ChannelConnection['listen']>[0]>()
  let worker = await spawn()
  let calls = 0

  async function spawn() {
    const engine = await openEngine(database, {
      world: createWorld({ locks, ...parts }),
      definitions: { steps: [], templates: {}, stateClasses: {} },
      hooks: [],
      onError: (error) => errors.push(error),
    })
    const { port1, port2 } = new MessageChannel()
    const hello = { protocol: PROTOCOL_VERSION, name: database, client: page }
    const client: EngineClient = await engine.connect(hello, (message, transfer = []) =>
      port2.postMessage(message, transfer as Transferable[]),
    )
    port2.onmessage = ({ data }: MessageEvent<PageMessage>) => client.receive(data)
    port1.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
      for (const listener of listeners) listener(data, () => {})
    }
    return { engine, client, port1, port2 }
  }

  function post(message: PageMessage, transfer: readonly Transferable[] = []): void {
    posted.push(structuredClone(message))
    worker.port1.postMessage(message, [...transfer])
  }

  /** Behind everything that was posted, as a batch is. */
  async function received(): Promise<void> {
    const { port1, port2 } = worker
    await new Promise<void>((resolve) => {
      const { port1: near, port2: far } = new MessageChannel()
      near.onmessage = () => {
        near.close()
        resolve()
      }
      const take = port2.onmessage
      port2.onmessage = (event: MessageEvent) => {
        if (event.data !== 'received') return take?.call(port2, event)
        port2.onmessage = take
        far.postMessage(null)
      }
      port1.postMessage('received')
    })
  }

  const call: ChannelConnection['call'] = async (method, input) => {
    await received()
    calls += 1
    return (await worker.client.call({ id: calls, method, input, deadlineMs: 10_000 })) as never
  }

  const connection: ChannelConnection = {
    deadlineMs: 10_000,
    call,
    post,
    stand(messages) {
      standing.add(messages)
      for (const message of messages()) post(message)
      return () => standing.delete(messages)
    },
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onRespawn(listener) {
      respawned.add(listener)
      return () => respawned.delete(listener)
    },
    onGivenUp: () => () => {},
    busy: () => () => {},
    wake: () => {},
  }

  const end = async () => {
    worker.port1.close()
    worker.port2.close()
    await worker.engine.close().catch((error: HoldfastError) => errors.push(error))
  }
  const tab: NodeTab = {
    get engine() {
      return worker.engine
    },
    errors,
    posted,
    post,
    call,
    createSession: async () => (await call('sessions.create', {})).record.id,
    transition: (id, verb) => call('sessions.transition', { id, verb }),
    deleteSession: (id) => call('sessions.delete', { id }),
    changes: async (sessionId) =>
      (await call('timeline.query', { sessionId, types: ['document.changed'], limit: 1_000 })).items,
    async open(sessionId, name = 'notes', options = {}) {
      const document = await openDocument(
        {
          documents: {
            list: () => call('documents.list', { sessionId }),
            export: (each) => call('documents.export', { sessionId, name: each }),
            channel: async (each, clientId, listener) =>
              openChannel(connection, sessionId, each, clientId, listener),
          },
        },
        name,
        options,
      )
      await document.synced
      return document
    },
    async respawn() {
      const dead = worker
      dead.port1.close()
      dead.port2.close()
      worker = await spawn()
      for (const messages of standing) for (const message of messages()) post(message)
      for (const listener of respawned) listener()
      await dead.engine.close()
    },
    close: end,
  }
  onTestFinished(end)
  return tab
}
