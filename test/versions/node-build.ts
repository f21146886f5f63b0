/**
 * Either build's worker in Node, each behind a message port, driven by raw calls. Tests import fake-indexeddb first: the
 * workers share its databases as tabs of one browser do.
 */
import { transfer, wrap } from 'comlink'
import type { RequestId } from '../../src/core/ids.ts'
import { createPackagedHost } from '../../src/engine/packaged-host.ts'
import type { Gate } from '../../src/protocol/gate.ts'
import type { Settled } from '../../src/protocol/messages.ts'
import type { Answer, Input, MethodName } from '../../src/protocol/worker-api.ts'
import { openGate } from '../../worker/gate.ts'

export type Build = 'first' | 'today'

/** A tab of that build, with the database of that name open. */
export interface BuildTab {
  readonly build: Build
  /** @throws the error as data: what crosses the wire */
  call<Method extends MethodName>(
    method: Method,
    input: Input<Method>,
    requestId?: RequestId,
  ): Promise<Answer<Method>>
  close(): Promise<void>
}

let started = 0

/** @throws the error as data when the database cannot be opened */
export async function openBuild(build: Build, name: string): Promise<BuildTab> {
  const { port1: page, port2: worker } = new MessageChannel()
  await serve(build, worker)
  page.start()
  const gate = wrap<Gate<MessagePort>>(page)
  const { port1: data, port2: dataOfWorker } = new MessageChannel()
  const waiting = new Map<number, (settled: Settled) => void>()
  const settle = (settled: readonly Settled[]) => {
    for (const one of settled) waiting.get(one.id)?.(one)
  }
  data.onmessage = ({ data: messages }) => {
    for (const message of messages) if (message.type === 'settled') settle(message.settled)
  }

  const end = () => {
    for (const port of [page, worker, data]) port.close()
  }
  started += 1
  const hello = { protocol: 1, name, client: `tab ${started}`, ...(build === 'today' && { newest: 2 }) }
  const welcome = await gate.hello(hello, transfer(dataOfWorker, [dataOfWorker]))
  if (!welcome.ok) {
    end()
    throw welcome.error
  }

  let calls = 0
  return {
    build,
    async call<Method extends MethodName>(method: Method, input: Input<Method>, requestId?: RequestId) {
      calls += 1
      const id = calls
      const repeated = requestId && { requestId, mayRepeat: true }
      const call = { id, method, input, deadlineMs: 10_000, ...repeated }
      const settled = new Promise<Settled>((resolve) => waiting.set(id, resolve))
      const { settled: early } = await gate.batch([call], 0)
      settle(early)
      const answer = await settled
      if (!answer.ok) throw answer.error
      return answer.value as Answer<Method>
    },
    async close() {
      await gate.goodbye()
      end()
    },
  }
}

// Node 20 has no navigator at all; a worker without locks looks for them there.
if (!('navigator' in globalThis)) Object.assign(globalThis, { navigator: {} })

async function serve(build: Build, port: MessagePort): Promise<void> {
  if (build === 'today') {
    openGate(createPackagedHost({}), port)
    return
  }
  // The frozen script serves whatever is its global's `self` when it runs, and runs once for each address.
  Object.assign(globalThis, { self: port })
  started += 1
  await import(/* @vite-ignore */ new URL(`first/worker.js?${started}`, import.meta.url).href)
  Reflect.deleteProperty(globalThis, 'self')
}
