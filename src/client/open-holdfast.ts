import type { App } from '../core/app/app.ts'
import { createHoldfast, type Holdfast, type OpenOptions } from './holdfast.ts'
import { TIMING } from './timing.ts'

/**
 * Opens the store of a name: spawns the worker, which opens the database.
 *
 * @throws WORKER_START when the worker does not start, with what to check
 * @throws VERSION_MISMATCH when page and worker are of different builds
 * @throws STORAGE_BLOCKED, STORAGE_NEWER, STORAGE_LOST, STORAGE_FAILED when the database cannot be opened
 * @example
 * const holdfast = await openHoldfast({ name: 'my-app' })
 * const session = await holdfast.sessions.create({ name: 'Q4 sales' })
 * await session.state.set('progress', 0.5)
 */
export function openHoldfast<A extends App = App>(options: OpenOptions<A>): Promise<Holdfast<A>> {
  return createHoldfast(options, TIMING)
}
