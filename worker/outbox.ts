import { createError } from '../src/core/errors.ts'
import type { SendToPage, Transferred } from '../src/protocol/engine-host.ts'
import type { Settled, WorkerMessage } from '../src/protocol/messages.ts'
import { toWireError } from '../src/protocol/wire-error.ts'

export interface Outbox {
  readonly send: SendToPage
  /** Sends what is left, then closes the port. */
  close(): void
}

interface Sending {
  readonly message: WorkerMessage
  readonly transfer: readonly Transferred[]
}

/**
 * Turns of the microtask queue in a row without a message until what waits is sent. A group commit settles thousands of
 * writes in one task, and they reach this place within a few turns of each other; a task of its own, which would surely
 * come after all of them, costs a lone write a tenth of its time.
 */
const QUIET_TURNS = 24

/** Sends to the page what one task produced as one message, so that a burst costs one hop. */
export function createOutbox(port: MessagePort): Outbox {
  let waiting: Sending[] = []
  let quiet = 0

  const flush = () => {
    const sending = waiting
    waiting = []
    if (sending.length > 0) post(port, sending)
  }
  /** By promises: a call of queueMicrotask takes five times as long. */
  const flushWhenQuiet = async () => {
    for (quiet = 0; quiet < QUIET_TURNS; quiet += 1) await null
    flush()
  }

  return {
    send: (message, transfer = []) => {
      quiet = 0
      waiting.push({ message, transfer })
      if (waiting.length === 1) void flushWhenQuiet()
    },
    close: () => {
      flush()
      port.close()
    },
  }
}

function post(port: MessagePort, sending: readonly Sending[]): void {
  try {
    const transfer = sending.flatMap((each) => each.transfer) as Transferable[]
    port.postMessage(
      sending.map((each) => each.message),
      transfer,
    )
  } catch {
    for (const each of sending.flatMap(oneAnswerEach)) postAlone(port, each)
  }
}

/** After a group that could not be cloned: the good messages go alone, an answer that cannot cross becomes an error. */
function postAlone(port: MessagePort, { message, transfer }: Sending): void {
  try {
    port.postMessage([message], transfer as Transferable[])
  } catch (error) {
    if (message.type === 'settled')
      port.postMessage([{ ...message, settled: message.settled.map(refused(error)) }])
  }
}

function oneAnswerEach(sending: Sending): readonly Sending[] {
  const { message, transfer } = sending
  if (message.type !== 'settled') return [sending]
  return message.settled.map((settled) => ({ message: { type: 'settled', settled: [settled] }, transfer }))
}

const refused =
  (reason: unknown) =>
  ({ id }: Settled): Settled => {
    const error = createError(
      'INTERNAL',
      'An answer could not cross to the page; please report it.',
      {},
      reason,
    )
    return { id, ok: false, error: toWireError(error) }
  }
