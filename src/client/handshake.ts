import { createError } from '../core/errors.ts'
import { assertSpoken } from '../protocol/agree.ts'
import {
  assertWelcome,
  isBlockedMessage,
  isLivingMessage,
  messagesIn,
} from '../protocol/assert-worker-message.ts'
import type { Hello, Welcome } from '../protocol/hello.ts'
import { fromWireError } from '../protocol/wire-error.ts'
import { watchLock } from './life.ts'
import { createPatience } from './patience.ts'
import { type Spawner, workerStartError } from './spawn.ts'
import type { Timing } from './timing.ts'
import { TIME_OUT } from './within.ts'

export interface HandshakeOptions {
  readonly spawner: Spawner
  readonly hello: Hello
  readonly timing: Timing
  readonly signal?: AbortSignal | undefined
  /** Older tabs keep the database from being upgraded; it goes on by itself when they close. */
  readonly onBlocked?: ((waiting: Blocked) => void) | undefined
}

/** Why an opening takes its time. */
export interface Blocked {
  /** Other tabs that use the database, as far as the browser says; at least one of them holds an older version open. */
  readonly tabs: number | null
  /** Milliseconds until it is given up. */
  readonly leftMs: number
}

export interface Handshake {
  readonly welcome: Welcome
  /** What the worker said before it and others have to hear. */
  readonly early: readonly unknown[]
}

/** @throws WORKER_START, VERSION_MISMATCH, ABORTED, or the reason why the database cannot be opened */
export async function shakeHands(
  { spawner, hello, timing, signal, onBlocked }: HandshakeOptions,
  worker: Worker,
  port: MessagePort,
  greeting: Promise<unknown>,
): Promise<Handshake> {
  const over = new AbortController()
  const patience = createPatience(timing.handshakeMs)
  const early: unknown[] = []
  const failed = new Promise<never>((_resolve, reject) => {
    const fail = (why: string) => reject(workerStartError(spawner.where, why))
    worker.addEventListener(
      'error',
      (event) => fail(event.message || 'its script could not be loaded or run'),
      { signal: over.signal },
    )
    const take = (message: unknown) => {
      if (isBlockedMessage(message)) {
        const { tabs, leftMs } = message
        patience.putOff(leftMs + timing.handshakeMs)
        onBlocked?.({ tabs, leftMs })
      } else if (isLivingMessage(message)) {
        watchLock(hello.client, over.signal, () =>
          reject(workerStartError(spawner.where, 'it ended before it had answered', { how: 'ended' })),
        )
      } else early.push(message)
    }
    port.onmessage = ({ data }: MessageEvent<unknown>) => messagesIn(data).forEach(take)
    signal?.addEventListener('abort', () => reject(abortedError(signal)), { signal: over.signal })
    if (signal?.aborted) reject(abortedError(signal))
  })
  try {
    return { welcome: welcomeOf(await Promise.race([patience.wait(greeting), failed])), early }
  } catch (error) {
    if (error !== TIME_OUT) throw error
    const why = `it did not answer within ${timing.handshakeMs} ms`
    throw workerStartError(spawner.where, why, { how: 'silent' })
  } finally {
    over.abort()
  }
}

function welcomeOf(answer: unknown): Welcome {
  const { ok, value, error } = answer as {
    ok?: unknown
    value?: unknown
    error?: Parameters<typeof fromWireError>[0]
  }
  if (ok !== true && error !== undefined) throw fromWireError(error)
  assertWelcome(value)
  assertSpoken(value.protocol)
  return value
}

export function abortedError(signal: AbortSignal): Error {
  return createError('ABORTED', 'Opening was aborted by its signal.', {}, signal.reason)
}
