/** The chores that are done once for all tabs of a database, and whether this worker is the one who does them. */
import { sweepUnfinishedImports } from '../core/transcript/unfinished.ts'
import { createSteward } from '../sync/steward.ts'
import type { Parts } from './parts.ts'
import { createStewardChores, type StewardChores } from './steward-chores.ts'

export interface Stewardship {
  readonly chores: StewardChores
  stop(): void
}

/** Waits to be the steward, and does its chores while it is. */
export function beginStewardship(parts: Parts, onError: (error: unknown) => void): Stewardship {
  const { journal, clock, connection, log, tables, world } = parts
  const chores = createStewardChores({
    wall: world.wall,
    epoch: () => steward.epoch,
    onFenced: () => steward.fenced(),
    onDue: () => {},
    onError,
  })
  // Chunks of a worker that died while it took them in, or before it removed them.
  chores.register({ name: 'sweeping contents', run: (fence) => journal.sweep([], [], fence) })
  chores.register({
    name: 'removing unfinished imports',
    run: (fence) => sweepUnfinishedImports({ journal, clock, log, tables, locks: world.locks }, fence),
  })
  const steward = createSteward({
    locks: world.locks,
    wall: world.wall,
    takeEpoch: () => journal.takeStewardship(),
    onTaken: () => void chores.run(),
    onError,
  })
  const stopNoting = journal.onStored((rows) => {
    chores.noteWork()
    if (rows.some(({ events }) => events.some(({ type }) => ENDS_A_STRETCH.has(type)))) void chores.run()
  })

  function stop(): void {
    stopEnding()
    stopNoting()
    chores.stop()
    steward.close()
  }
  const stopEnding = connection.onEnding(stop)

  return { chores, stop }
}

/** After these a session is left alone for a while: what is to be done for it is done now. */
const ENDS_A_STRETCH: ReadonlySet<string> = new Set(['session.suspended', 'session.archived'])
