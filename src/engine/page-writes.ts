/** The state writes of one page: performed in the order of their coming, and told as its own in the patches that hold them. */
import type { RequestId } from '../core/ids.ts'
import type { SendToPage } from '../protocol/engine-host.ts'
import type { PageMessage, Settled } from '../protocol/messages.ts'
import { withBarrier } from '../protocol/settled.ts'
import { toWireError } from '../protocol/wire-error.ts'
import type { Wording } from '../protocol/wording.ts'
import type { Calls } from './calls.ts'
import type { Foretell, Foretold } from './foretell.ts'
import { type Methods, performMethod } from './methods.ts'

export interface PageWritesDeps {
  readonly client: string
  readonly calls: Calls
  readonly wording: Wording
  readonly methods: Methods
  readonly foretell: Foretell
  readonly exposedUntil: () => number | undefined
  /** The page will send it once more, after such a failure. */
  readonly isLeftOpen: (error: unknown) => boolean
  readonly send: SendToPage
}

export interface PageWrites {
  /** Those that are under way, by request. */
  readonly own: ReadonlyMap<RequestId, number>
  perform(message: Extract<PageMessage, { type: 'write' }>): Promise<void>
}

export function createPageWrites({
  client,
  calls,
  wording,
  methods,
  foretell,
  exposedUntil,
  isLeftOpen,
  send,
}: PageWritesDeps): PageWrites {
  const own = new Map<RequestId, number>()

  async function perform(message: Extract<PageMessage, { type: 'write' }>): Promise<void> {
    const { id, target, changes, durability } = message
    own.set(message.requestId, id)
    let foretold: Foretold | undefined
    let isStored = false
    let settled: Settled
    try {
      const input = { target, changes, ...(durability && { durability }) }
      foretold = foretell(message.requestId, client, message)
      const { heard } = foretold
      const context = heard === undefined ? {} : { before: heard }
      const written = await calls.perform(message, 'The state write', (request) =>
        performMethod(methods, 'state.write', request, input, context),
      )
      const value = wording.answer('state.write', written, input)
      settled = withBarrier({ id, ok: true, value }, exposedUntil())
      isStored = true
    } catch (error) {
      if (isLeftOpen(error)) return
      settled = { id, ok: false, error: toWireError(error) }
    } finally {
      own.delete(message.requestId)
      foretold?.settle(isStored)
    }
    send({ type: 'settled', settled: [settled] })
  }

  return { own, perform }
}
