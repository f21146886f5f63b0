import { createError, isHoldfastError } from '../core/errors.ts'

export interface WorkerOptions {
  /**
   * A worker of the app's own that calls `serveHoldfast`, or a function that makes one. With a function a dead worker
   * is replaced; an instance stays the app's: it is never ended here and cannot be replaced.
   * @defaultValue the packaged worker
   */
  readonly worker?: Worker | (() => Worker)
  /** Where `worker.js` of this package is served from, where the bundler does not find it by itself. */
  readonly workerUrl?: string | URL
}

/** Makes workers. */
export interface Spawner {
  /** Where they come from, for messages. */
  readonly where: string
  /** False where there is only the one instance that the app handed over. */
  readonly respawns: boolean
  /** @throws WORKER_START when the browser refuses to make one */
  spawn(): Worker
}

export function createSpawner({ worker, workerUrl }: WorkerOptions, name: string): Spawner {
  if (worker !== undefined && typeof worker !== 'function') {
    return { where: 'the worker instance given to openHoldfast', respawns: false, spawn: () => worker }
  }
  const where =
    workerUrl?.toString() ??
    (worker === undefined ? 'worker.js beside the package' : 'the worker function given to openHoldfast')
  const make = worker ?? (() => makeWorker(workerUrl, `holdfast:${name}`))
  return {
    where,
    respawns: true,
    spawn: () => {
      try {
        return make()
      } catch (error) {
        throw workerStartError(where, 'the browser refused to make it', { cause: error })
      }
    },
  }
}

/** Whether the worker was there and ended before it had answered, or gave no answer in time; neither says much of the next. */
export function howItFailed(error: unknown): unknown {
  return isHoldfastError(error) && error.code === 'WORKER_START' ? error.details.how : undefined
}

/** A script that is missing, blocked or broken fails by an event without any message: the text names what to check. */
export function workerStartError(
  where: string,
  why: string,
  { how, cause }: { readonly how?: 'ended' | 'silent'; readonly cause?: unknown } = {},
): Error {
  return createError(
    'WORKER_START',
    `The worker of Holdfast did not start: ${why}. It comes from ${where}. Check that this address answers with JavaScript and that the page's Content-Security-Policy allows it (worker-src), or pass workerUrl or worker to openHoldfast.`,
    { url: where, ...(how && { how }) },
    cause,
  )
}

function makeWorker(url: string | URL | undefined, name: string): Worker {
  if (url !== undefined) return new Worker(url, { type: 'module', name })
  // Bundlers find the worker by this very text: nothing of it may be moved into a variable.
  return new Worker(new URL('../../worker/session.worker.ts', import.meta.url), { type: 'module', name })
}
