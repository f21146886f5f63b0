/** Opens the database of an engine, and tells how many older tabs keep it waiting. */
import type { Connection } from '../storage/connection.ts'
import { openConnection } from '../storage/open-connection.ts'
import { countWorkers } from './prefix-locks.ts'
import type { World } from './world.ts'

/** How an engine waits for a database that has to be upgraded. */
export interface OpeningOptions {
  readonly blockedMs?: number | undefined
  /** The browser closed it before, or failed to open it: it may write behind a record that was cut off. */
  readonly inDoubt?: boolean | undefined
  /** Older tabs keep it waiting. */
  readonly onBlocked?: (waiting: { readonly tabs: number | null; readonly leftMs: number }) => void
}

export function openDatabase(
  name: string,
  world: World,
  { blockedMs, inDoubt, onBlocked }: OpeningOptions,
  onError: (error: unknown) => void,
): Promise<Connection> {
  return openConnection({
    name,
    wall: world.wall,
    entropy: world.entropy,
    ...(blockedMs === undefined ? {} : { blockedMs }),
    renewsLog: inDoubt === true,
    onBlocked: (leftMs) => {
      countWorkers(world, name).then((tabs) => onBlocked?.({ tabs, leftMs }), onError)
    },
  })
}
