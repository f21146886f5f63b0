/** The workers of five tabs in one thread, over one fake IndexedDB: the suite of Yjs itself never lets go of its own. */
import 'fake-indexeddb/auto'
import { type MessagePort, workerData } from 'node:worker_threads'
import { openEngine } from '../../../src/engine/engine.ts'
import { createWorld } from '../../../src/engine/world.ts'
import { createProcessLocks } from '../../../src/platform/process-locks.ts'
import type { EngineClient } from '../../../src/protocol/engine-host.ts'
import { PROTOCOL_VERSION } from '../../../src/protocol/hello.ts'
import type { PageMessage } from '../../../src/protocol/messages.ts'

interface ThreadData {
  readonly control: MessagePort
  readonly ports: readonly MessagePort[]
  /** Counts the times that everything was stored. */
  readonly settled: SharedArrayBuffer
}

const { control, ports, settled } = workerData as ThreadData
const world = createWorld({ locks: createProcessLocks() })
const engines = await Promise.all(
  ports.map(() =>
    openEngine('suite', {
      world,
      definitions: { steps: [], templates: {}, stateClasses: {} },
      hooks: [],
      onError: (error) => control.postMessage({ error: String(error) }),
    }),
  ),
)
const clients: EngineClient[] = []
for (const [index, port] of ports.entries()) {
  const hello = { protocol: PROTOCOL_VERSION, name: 'suite', client: `page-${index}` }
  const client = await engines[index]?.connect(hello, (message, transfer = []) =>
    port.postMessage(message, transfer as ArrayBuffer[]),
  )
  if (client === undefined) continue
  clients.push(client)
  port.on('message', (message: PageMessage) => client.receive(message))
}

let calls = 0
const call = (client: EngineClient | undefined, method: 'flush' | 'sessions.create') => {
  calls += 1
  return client?.call({ id: calls, method, input: {}, deadlineMs: 20_000 })
}

control.on('message', async (what: 'settle' | 'stop') => {
  if (what === 'settle') await Promise.all(clients.map((client) => call(client, 'flush')))
  else for (const engine of engines) await engine.close()
  Atomics.add(new Int32Array(settled), 0, 1)
  Atomics.notify(new Int32Array(settled), 0)
  if (what === 'stop') process.exit()
})
const { record } = (await call(clients[0], 'sessions.create')) as { readonly record: { readonly id: string } }
control.postMessage({ session: record.id })
