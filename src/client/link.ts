import { transfer } from 'comlink'
import { createError, type HoldfastError } from '../core/errors.ts'
import {
  assertBatchAnswer,
  assertWorkerMessage,
  isUnheardOf,
  messagesIn,
} from '../protocol/assert-worker-message.ts'
import type { Welcome } from '../protocol/hello.ts'
import type { Call, PageMessage, Settled, WorkerMessage } from '../protocol/messages.ts'
import { toWireError } from '../protocol/wire-error.ts'
import type { Greeted } from './greet.ts'
import { type Life, watchLife } from './life.ts'
import { createPostQueue } from './post-queue.ts'
import type { Spawner } from './spawn.ts'
import type { Timing } from './timing.ts'
import { within } from './within.ts'

/** A call, and what it hands over to the worker. */
export interface Outbound {
  readonly call: Call
  readonly transfers: readonly Transferable[]
}

/** The wire to one living worker. When the worker dies the link is over; the connection opens another. */
export interface Link {
  readonly welcome: Welcome
  /** Sends calls as one message. They settle by `onMessage`. */
  batch(calls: readonly Outbound[]): void
  post(message: PageMessage, transfer?: readonly Transferable[]): void
  flush(): void
  /** Gives on what came in before the link was there. Call once. */
  begin(): void
  /** The worker closes its database, then it is ended. */
  close(): Promise<void>
}

export interface LinkOptions {
  readonly spawner: Spawner
  readonly timing: Timing
  isBusy(): boolean
  onMessage(message: WorkerMessage): void
  /** The worker is of a newer build, and said something that this one has no word for. */
  onUnheardOf(): void
  /** These calls were performed, or not: their answer did not come through. */
  onBatchLost(calls: readonly Call[], error: unknown): void
  /** The worker is gone and has been ended. Called at most once, and never after `close`. */
  onDeath(error: HoldfastError): void
}

/** Begins to listen to a worker that has answered. */
export function createLink(greeted: Greeted, options: LinkOptions): Link {
  const { spawner, timing, onMessage } = options
  const { worker, port, welcome, early, ended: signal, batch, goodbye } = greeted
  const posts = createPostQueue(port)
  let life: Life | undefined
  let retiring = false
  /** How many messages by the data port the worker was told to wait for. */
  let awaited = 0

  const end = () => {
    life?.stop()
    greeted.end()
  }
  const die = (why: string) => {
    if (signal.aborted) return
    end()
    options.onDeath(
      createError('WORKER_START', `The worker of Holdfast died: ${why}.`, { url: spawner.where }),
    )
  }
  /** An error that nobody caught leaves the worker alive in an unknown state: it may still close its database. */
  const retire = (why: string) => {
    if (signal.aborted || retiring) return
    retiring = true
    life?.stop()
    void goodbye().then(() => die(why))
  }
  /** What a worker gives up because it was told to leave nobody aborted: it goes on with the next one. */
  const settle = (settled: readonly Settled[]) => {
    onMessage({ type: 'settled', settled: retiring ? settled.filter((one) => !isGivenUp(one)) : settled })
  }
  const take = (message: unknown) => {
    if (isUnheardOf(message)) return options.onUnheardOf()
    try {
      assertWorkerMessage(message)
    } catch {
      return retire('it sent a message that this page does not understand')
    }
    if (message.type === 'settled') settle(message.settled)
    else onMessage(message)
  }

  worker.addEventListener('error', ({ message }) => retire(uncaught(message)), { signal })
  worker.addEventListener('messageerror', () => retire('a message could not be read'), { signal })
  port.onmessageerror = () => retire('a message could not be read')
  port.onmessage = ({ data }: MessageEvent<unknown>) => {
    life?.heard()
    for (const message of messagesIn(data)) if (!signal.aborted) take(message)
  }
  life = watchLife({
    client: greeted.client,
    timing,
    isBusy: options.isBusy,
    ping: () => posts.post({ type: 'ping', ping: posts.posted }),
    onDeath: die,
  })

  const send = async (outbound: readonly Outbound[]): Promise<void> => {
    const calls = outbound.map(({ call }) => call)
    const transfers = outbound.flatMap((one) => one.transfers)
    awaited = posts.posted
    try {
      const answer: unknown = await batch(transfer(calls, transfers), awaited)
      life?.heard()
      if (signal.aborted) return
      assertBatchAnswer(answer)
      settle(answer.settled)
    } catch (error) {
      if (!isCloneError(error)) options.onBatchLost(calls, error)
      // One argument that cannot be cloned keeps the whole batch from leaving: its neighbours go alone.
      else if (outbound.length > 1) for (const one of outbound) void send([one])
      else
        onMessage({
          type: 'settled',
          settled: calls.map(({ id }) => ({ id, ok: false, error: toWireError(error) })),
        })
    }
  }

  return {
    welcome,
    batch: (calls) => {
      // What is sent to a worker that is being replaced is sent again to the next one.
      if (retiring) return
      posts.flush()
      void send(calls)
    },
    post: posts.post,
    flush: posts.flush,
    begin: () => {
      early.forEach(take)
      if (greeted.trouble !== undefined) retire(uncaught(greeted.trouble))
    },
    close: async () => {
      if (signal.aborted) return
      life?.stop()
      posts.flush()
      // The two ways are separate queues: the goodbye would overtake what was just posted.
      if (posts.posted > awaited)
        await within<unknown>(timing.closeMs, batch([], posts.posted)).catch(() => {})
      await goodbye()
      end()
    },
  }
}

const uncaught = (message: string) => `an error that nobody caught: ${message}`

function isGivenUp(settled: Settled): boolean {
  return !settled.ok && settled.error.code === 'ABORTED'
}

function isCloneError(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'DataCloneError'
}
