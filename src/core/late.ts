/**
 * Modules that few sessions need, loaded when they are first asked for: what a worker loads to start is smaller by them.
 */
import { createError } from './errors.ts'

/**
 * The module, which is loaded once. After a failure the next call tries again.
 * @throws MODULE_UNAVAILABLE; the reason of the signal, which ends the waiting and not the loading
 */
export type Late<Module> = (signal?: AbortSignal) => Promise<Module>

const known = new Set<Late<unknown>>()

/**
 * @param name for errors: what it is for
 * @param load `() => import('./…')`, which bundlers know as a file of its own
 */
export function late<Module>(name: string, load: () => Promise<Module>): Late<Module> {
  let loading: Promise<Module> | undefined
  const get: Late<Module> = (signal) => {
    loading ??= load().catch((cause: unknown) => {
      loading = undefined
      throw unavailable(name, cause)
    })
    return signal === undefined ? loading : unlessAborted(loading, signal)
  }
  known.add(get)
  return get
}

/** Loads them all, for hosts that must not wait for a file later. */
export async function loadAllLate(): Promise<void> {
  // What is loaded may have late modules of its own, which are added while this goes on.
  for (const get of known) await get()
}

function unavailable(name: string, cause: unknown): Error {
  return createError(
    'MODULE_UNAVAILABLE',
    `The worker's code for ${name} could not be loaded, so nothing was done; send the call again when the files of the page can be reached.`,
    { module: name },
    cause,
  )
}

function unlessAborted<Value>(waited: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason)
    if (signal.aborted) return giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    const settle = (end: () => void) => {
      signal.removeEventListener('abort', giveUp)
      end()
    }
    waited.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    )
  })
}
