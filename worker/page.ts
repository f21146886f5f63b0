import { assertCall } from '../src/protocol/assert-page-message.ts'
import type { EngineHost, SendToPage } from '../src/protocol/engine-host.ts'
import type { Hello, Welcome } from '../src/protocol/hello.ts'
import type { BatchAnswer, Call, PageMessage, Settled } from '../src/protocol/messages.ts'
import { withBarrier } from '../src/protocol/settled.ts'
import { toWireError } from '../src/protocol/wire-error.ts'
import { wordingFor } from '../src/protocol/wording.ts'
import { createEarlyAborts } from './early-aborts.ts'
import { createInbox } from './inbox.ts'
import { createOutbox } from './outbox.ts'
import { settleTogether } from './settle-together.ts'

/** One page as the worker serves it. */
export interface Page {
  readonly welcome: Welcome
  batch(calls: readonly unknown[], posted: number): Promise<BatchAnswer>
  leave(): Promise<void>
}

/** @throws what the engine throws when it cannot open the database */
export async function openPage(host: EngineHost, hello: Hello, port: MessagePort): Promise<Page> {
  const outbox = createOutbox(port)
  const wording = wordingFor(hello.protocol)
  const send: SendToPage = (message, transfer) => {
    const worded = wording.message(message)
    if (worded !== undefined) outbox.send(worded, transfer)
  }
  // From here on the page watches whether this worker lives.
  send({ type: 'pong', ping: 0 })
  const client = await host.connect(hello, send).catch((error: unknown) => {
    outbox.close()
    throw error
  })
  const started = new Set<number>()
  const earlyAborts = createEarlyAborts()

  const take = (message: PageMessage) => {
    if (message.type === 'abort' && !started.has(message.id)) earlyAborts.note(message.id)
    client.receive(message)
  }
  const refuse = (message: unknown, error: unknown) => {
    const id = idOf(message)
    if (id !== undefined) send({ type: 'settled', settled: [failed(id, error)] })
  }
  const inbox = createInbox(port, take, refuse)

  const perform = async (call: Call): Promise<Settled> => {
    try {
      assertCall(call)
      started.add(call.id)
      const answer = client.call(call)
      if (earlyAborts.take(call.id)) client.receive({ type: 'abort', id: call.id })
      return withBarrier({ id: call.id, ok: true, value: await answer }, client.exposedUntil)
    } catch (error) {
      return failed(call.id, error)
    } finally {
      started.delete(call.id)
    }
  }

  return {
    welcome: client.welcome,
    batch: async (calls, posted) => {
      await inbox.received(posted)
      const settled = await settleTogether(
        calls.map((call) => perform(call as Call)),
        (late) => send({ type: 'settled', settled: [late] }),
      )
      return { settled: settled.map(wording.settled) }
    },
    leave: async () => {
      await client.disconnect()
      outbox.close()
    },
  }
}

function failed(id: number, error: unknown): Settled {
  return { id, ok: false, error: toWireError(error) }
}

function idOf(message: unknown): number | undefined {
  const id: unknown =
    typeof message === 'object' && message !== null && 'id' in message ? message.id : undefined
  return typeof id === 'number' ? id : undefined
}
