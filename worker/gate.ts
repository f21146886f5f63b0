import { type Endpoint, expose, finalizer } from 'comlink'
import { createError } from '../src/core/errors.ts'
import { agreeOnProtocol, newestOf } from '../src/protocol/agree.ts'
import { assertHello } from '../src/protocol/assert-page-message.ts'
import type { EngineHost } from '../src/protocol/engine-host.ts'
import { type Answered, GATE_NAMES, type Gate } from '../src/protocol/gate.ts'
import { toWireError } from '../src/protocol/wire-error.ts'
import { type Wording, wordingFor } from '../src/protocol/wording.ts'
import { holdAlive } from './alive.ts'
import { guardEndpoint } from './guarded-endpoint.ts'
import { openPage, type Page } from './page.ts'

/** Serves the page at the other end, behind a frozen gate without a prototype. */
export function openGate(host: EngineHost, endpoint: Endpoint = self): void {
  const gate = createGate(host)
  // A page that releases its proxy, or lets it be collected, has left.
  const exposed = Object.assign(Object.create(null), gate, { [finalizer]: gate.goodbye })
  expose(Object.freeze(exposed), guardEndpoint(endpoint, GATE_NAMES))
}

function createGate(host: EngineHost): Gate<unknown> {
  let page: Page | undefined
  let release = () => {}

  /** The lock is kept until here, also by a page that could not be opened: it would be taken for dead before it hears why. */
  const leave = async () => {
    const leaving = page
    page = undefined
    await leaving?.leave()
    release()
  }

  return {
    hello: (hello, port) =>
      answered(
        async () => {
          const protocol = agreeOnProtocol(hello)
          assertHello(hello)
          assertPort(port)
          await leave()
          release = await holdAlive(hello.client)
          page = await openPage(host, { ...hello, protocol }, port)
          return page.welcome
        },
        wordingFor(newestOf(hello)),
      ),
    batch: async (calls, posted) => {
      if (page === undefined) throw createError('CLOSED', 'This page has not said hello, or has left.')
      if (!Array.isArray(calls) || typeof posted !== 'number')
        throw createError('INVALID_ARGUMENT', 'A batch is a list of calls and a count.', { path: 'calls' })
      return page.batch(calls, posted)
    },
    goodbye: () =>
      answered(async () => {
        await leave()
        return null
      }),
  }
}

async function answered<Value>(work: () => Promise<Value>, wording?: Wording): Promise<Answered<Value>> {
  try {
    return { ok: true, value: await work() }
  } catch (thrown) {
    const error = toWireError(thrown)
    return { ok: false, error: wording?.error(error) ?? error }
  }
}

function assertPort(port: unknown): asserts port is MessagePort {
  if (port instanceof MessagePort) return
  throw createError('INVALID_ARGUMENT', 'The hello came without its data port.', { path: 'port' })
}
