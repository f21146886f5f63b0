/**
 * Modules that few sessions need, loaded when they are first asked for: what a worker loads to start is smaller by them.
 */
import { createError } from './errors.ts'
import { unlessAborted } from './unless-aborted.ts'

/**
 * The module, which is loaded once. After a failure the next call tries again.
 * @throws MODULE_UNAVAILABLE; the reason of the signal, which ends the waiting and not the loading
 */
export type Late<Module> = (signal?: AbortSignal) => Promise<Module>

const known = new Set<Late<unknown>>()

/**
 * @param name for errors: what it is for
 * @param load `() => import('./…')`, which bundlers know as a file of its own
 * @param needs what is of no use without: loaded together with it
 */
export function late<Module>(
  name: string,
  load: () => Promise<Module>,
  needs: readonly Late<unknown>[] = [],
): Late<Module> {
  let loading: Promise<Module> | undefined
  let failures = 0

  async function begin(): Promise<Module> {
    const [module] = await Promise.all([loadModule(), ...needs.map((need) => need())])
    return module
  }

  async function loadModule(): Promise<Module> {
    try {
      return await load().catch((cause: unknown) => loadAnew<Module>(cause, failures))
    } catch (cause) {
      failures += 1
      throw unavailable(name, cause)
    }
  }

  const get: Late<Module> = (signal) => {
    loading ??= begin().catch((error: unknown) => {
      loading = undefined
      throw error
    })
    return signal === undefined ? loading : unlessAborted(loading, signal)
  }
  known.add(get)
  return get
}

/** What is made of a late module, once. */
export function madeLate<Module, Made>(
  load: (signal?: AbortSignal) => Promise<Module>,
  make: (module: Module) => Made,
): (signal?: AbortSignal) => Promise<Made> {
  let made: { readonly value: Made } | undefined
  return async (signal) => {
    const module = await load(signal)
    made ??= { value: make(module) }
    return made.value
  }
}

/**
 * Loads them all, for hosts that must not wait for a file later.
 * @throws the first failure, once the others were loaded
 */
export async function loadAllLate(): Promise<void> {
  const failures: unknown[] = []
  // What is loaded may have late modules of its own, which are added while this goes on.
  for (const get of known) await get().catch((error: unknown) => failures.push(error))
  if (failures.length > 0) throw failures[0]
}

/** How Firefox and Chromium name the file. */
const ADDRESS = /dynamically imported module: (\S+\.js)$/

/**
 * Firefox keeps in mind that an address failed, and never asks for it again; for the same file at another address it does.
 * The first failure is told as it is.
 */
async function loadAnew<Module>(cause: unknown, failures: number): Promise<Module> {
  const [, address] = (cause instanceof TypeError && ADDRESS.exec(cause.message)) || []
  if (failures === 0 || address === undefined || !isBesideThis(address)) throw cause
  const module: unknown = await import(/* @vite-ignore */ `${address}?again=${failures}`)
  return module as Module
}

function isBesideThis(address: string): boolean {
  const { url } = import.meta
  return address.startsWith(url.slice(0, url.lastIndexOf('/') + 1))
}

function unavailable(name: string, cause: unknown): Error {
  return createError(
    'MODULE_UNAVAILABLE',
    `The worker's code for ${name} could not be loaded, so nothing was done; send the call again when the files of the page can be reached.`,
    { module: name },
    cause,
  )
}
