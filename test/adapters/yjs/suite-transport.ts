/**
 * The transport of documents in the place of the suite's own connector. The suite is synchronous, so the page's microtasks
 * and messages are taken by hand, and the workers run in a thread of their own meanwhile.
 */
import { join } from 'node:path'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import * as prng from 'lib0/prng'
import { build } from 'vite'
import { equalSnapshots, snapshot } from 'yjs'
import type { TestYInstance } from 'yjs/testHelper'
import { root } from '../../../scripts/report.mjs'
import { BoundDocument } from '../../../src/adapters/yjs/bound-document.ts'
import { type ChannelConnection, openChannel } from '../../../src/client/document-channel.ts'
import type { SessionId } from '../../../src/core/ids.ts'
import type { PageMessage, WorkerMessage } from '../../../src/protocol/messages.ts'
import { buildOnce } from '../../pages/harness/fixture.ts'

const TABS = 5
/** One step of waiting for the thread. */
const SETTLE_MS = 10_000
/** Not counted in steps: hundreds may go by in 20 ms and find nothing to store, while messages are still on their way. */
const REST_MS = 20_000

export interface SuiteTransport {
  /** Takes a user of the suite off its connector and onto the next tab. */
  attach(user: TestYInstance, document: string): void
  /** What the workers reported. */
  errors(): readonly string[]
  stop(): Promise<void>
}

export async function startTransport(): Promise<SuiteTransport> {
  const thread = await startThread()
  const microtasks: (() => void)[] = []
  let tabs: Tab[] = []

  const drain = () => {
    for (let task = microtasks.shift(); task !== undefined; task = microtasks.shift()) task()
  }
  const deliver = (tab: Tab | undefined): boolean => {
    drain()
    const isDelivered = tab?.deliverOne() === true
    drain()
    return isDelivered
  }
  const isSettled = () => {
    const online = tabs.filter((tab) => tab.isOnline)
    const [first, ...others] = online.map(({ user }) => snapshot(user))
    return (
      online.every(({ document }) => document.state.stored) &&
      (first === undefined || others.every((other) => equalSnapshots(first, other)))
    )
  }
  const settle = () => {
    const end = performance.now() + REST_MS
    while (performance.now() < end) {
      while (tabs.filter(deliver).length > 0);
      if (isSettled()) return
      thread.settle()
    }
    throw new Error('The documents did not come to rest.')
  }

  return {
    attach(user, document) {
      if (tabs.length === TABS) tabs = []
      const port = thread.ports[tabs.length]
      if (port === undefined) throw new Error('There is no tab for this user.')
      // The page's microtasks are this test's to run.
      globalThis.queueMicrotask = (task) => void microtasks.push(task)
      const tab = createTab(user, port, thread.session, document)
      tabs.push(tab)
      const { tc } = user
      tc.flushRandomMessage = () => deliver(prng.oneOf(tc.prng, tabs))
      tc.flushAllMessages = () => {
        settle()
        return false
      }
      drain()
    },
    errors: thread.errors,
    stop: thread.stop,
  }
}

interface Tab {
  readonly user: TestYInstance
  readonly document: BoundDocument
  readonly isOnline: boolean
  deliverOne(): boolean
}

/** Its worker dies when it goes offline, and another is there when it is back. */
function createTab(user: TestYInstance, port: MessagePort, session: SessionId, name: string): Tab {
  const listeners = new Set<Parameters<ChannelConnection['listen']>[0]>()
  const standing = new Set<() => readonly PageMessage[]>()
  const respawned = new Set<() => void>()
  const document = new BoundDocument(user, undefined, false)
  let isOnline = true

  const post: ChannelConnection['post'] = (message, transfer = []) => {
    if (isOnline) port.postMessage(message, transfer as ArrayBuffer[])
  }
  const connection: ChannelConnection = {
    post,
    call: () => Promise.reject(new Error('The suite calls nothing.')),
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stand(messages) {
      standing.add(messages)
      for (const message of messages()) post(message)
      return () => standing.delete(messages)
    },
    onRespawn(listener) {
      respawned.add(listener)
      return () => respawned.delete(listener)
    },
    onGivenUp: () => () => {},
    wake: () => {},
    deadlineMs: 20_000,
    busy: () => () => {},
  }
  while (receiveMessageOnPort(port) !== undefined);
  openChannel(connection, session, name, () => user.clientID, document)

  const { onlineConns } = user.tc
  Object.assign(user, {
    _receive: () => {},
    disconnect() {
      isOnline = false
      onlineConns.delete(user)
    },
    connect() {
      if (onlineConns.has(user)) return
      onlineConns.add(user)
      while (receiveMessageOnPort(port) !== undefined);
      isOnline = true
      for (const messages of standing) for (const message of messages()) post(message)
      for (const listener of respawned) listener()
    },
  })
  user.receiving.clear()

  return {
    user,
    document,
    get isOnline() {
      return isOnline
    },
    deliverOne() {
      const received = isOnline ? receiveMessageOnPort(port) : undefined
      if (received === undefined) return false
      for (const listener of listeners) listener(received.message as WorkerMessage, () => {})
      return true
    },
  }
}

async function startThread() {
  const folder = await buildOnce(
    'yjs-suite-thread',
    ['src', 'test/adapters', 'package-lock.json'],
    (outDir) =>
      build({
        root,
        configFile: false,
        logLevel: 'error',
        build: {
          ssr: join(root, 'test/adapters/yjs/suite-thread.ts'),
          outDir,
          target: 'node20',
          rolldownOptions: { output: { entryFileNames: 'thread.mjs' } },
        },
      }),
  )
  const channels = Array.from({ length: TABS }, () => new MessageChannel())
  const control = new MessageChannel()
  const settled = new SharedArrayBuffer(4)
  const far = channels.map(({ port2 }) => port2)
  const worker = new Worker(join(folder, 'thread.mjs'), {
    workerData: { control: control.port2, ports: far, settled },
    transferList: [control.port2, ...far],
  })
  const failed = new Promise<never>((_resolve, reject) => worker.once('error', reject))
  const started = new Promise<SessionId>((resolve) => {
    control.port1.once('message', ({ session }: { session: SessionId }) => resolve(session))
  })
  const session = await Promise.race([started, failed])
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  const errors: string[] = []

  return {
    session,
    ports: channels.map(({ port1 }) => port1),
    /** Blocks until the workers have stored what has come to them. */
    settle() {
      const counter = new Int32Array(settled)
      const before = Atomics.load(counter, 0)
      control.port1.postMessage('settle')
      Atomics.wait(counter, 0, before, SETTLE_MS)
    },
    errors() {
      for (
        let one = receiveMessageOnPort(control.port1);
        one !== undefined;
        one = receiveMessageOnPort(control.port1)
      )
        errors.push((one.message as { error: string }).error)
      return errors
    },
    async stop() {
      control.port1.postMessage('stop')
      await exited
      for (const { port1 } of [control, ...channels]) port1.close()
    },
  }
}
