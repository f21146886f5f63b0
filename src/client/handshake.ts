/** Waits for the worker's answer to a hello, as long as it may take. */
import { createError } from '../core/errors.ts'
import { assertSpoken } from '../protocol/agree.ts'
import { assertWelcome } from '../protocol/assert-worker-message.ts'
import type { Welcome } from '../protocol/hello.ts'
import { fromWireError } from '../protocol/wire-error.ts'
import { type Spawner, workerStartError } from './spawn.ts'
import type { Timing } from './timing.ts'
import { TIME_OUT } from './within.ts'

/**
 * @throws WORKER_START where the worker's script fails, or does not answer
 * @throws ABORTED by the signal
 */
export async function handshake(
  {
    spawner,
    timing,
    signal,
  }: {
    readonly spawner: Spawner
    readonly timing: Pick<Timing, 'handshakeMs'>
    readonly signal?: AbortSignal | undefined
  },
  worker: Worker,
  hello: Promise<unknown>,
): Promise<Welcome> {
  const over = new AbortController()
  const failed = new Promise<never>((_resolve, reject) => {
    const start = (why: string) => reject(workerStartError(spawner.where, why))
    worker.addEventListener(
      'error',
      (event) => start(event.message || 'its script could not be loaded or run'),
      { signal: over.signal },
    )
    signal?.addEventListener('abort', () => reject(abortedError(signal)), { signal: over.signal })
    if (signal?.aborted) reject(abortedError(signal))
  })
  try {
    const answer = await Promise.race([hello, failed])
    return welcomeOf(answer)
  } catch (error) {
    if (error !== TIME_OUT) throw error
    throw workerStartError(spawner.where, `it did not answer within ${timing.handshakeMs} ms`)
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

function abortedError(signal: AbortSignal): Error {
  return createError('ABORTED', 'Opening was aborted by its signal.', {}, signal.reason)
}
