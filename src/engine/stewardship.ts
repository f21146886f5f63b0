/** The chores that are done once for all tabs of a database, and whether this worker is the one who does them. */
import type { DamageBook } from '../core/damage/repair.ts'
import { type StreamId, TURNS_STREAM } from '../core/ids.ts'
import { sweepUnfinishedImports } from '../core/transcript/unfinished.ts'
import type { Peers } from '../sync/peers.ts'
import { createSteward, type Steward } from '../sync/steward.ts'
import { createMarking } from './marking.ts'
import { createPacking } from './packing.ts'
import type { Parts } from './parts.ts'
import { createRepairing } from './repairing.ts'
import { createStewardChores, type StewardChores } from './steward-chores.ts'
import { createTurnSweeping } from './sweeping-turns.ts'

export interface Stewardship {
  readonly chores: StewardChores
  readonly steward: Steward
  /** Another tab stored rows of a stream. */
  noteForeign(stream: StreamId): void
  stop(): void
}

/** Waits to be the steward, and does its chores while it is. */
export function beginStewardship(
  parts: Parts,
  peers: Pick<Peers, 'answers'>,
  damage: DamageBook,
  onError: (error: unknown) => void,
): Stewardship {
  const { journal, clock, connection, log, tables, world } = parts
  let stopped = false
  const chores = createStewardChores({
    wall: world.wall,
    epoch: () => steward.epoch,
    onFenced: (fence) => steward.fenced(fence),
    onDue: () => askSteward().catch(onError),
    onError,
  })
  // Chunks of a worker that died while it took them in, or before it removed them.
  chores.register({ name: 'sweeping contents', run: (fence) => journal.sweep([], [], fence) })
  chores.register({
    name: 'removing unfinished imports',
    run: (fence) => sweepUnfinishedImports({ journal, clock, log, tables, locks: world.locks }, fence),
  })
  // Before what it marks is packed.
  const marking = createMarking({ journal, log })
  chores.register(marking.chore)
  const packing = createPacking({ journal, log, tables: parts.storedTables })
  chores.register(packing.chore)
  const repairing = createRepairing({ journal, log, tables: parts.storedTables, damage })
  chores.register(repairing.chore)
  chores.register(createTurnSweeping({ journal, locks: world.locks, atLeast: world.minTurnRows }))
  const steward = createSteward({
    locks: world.locks,
    wall: world.wall,
    takeEpoch: () => journal.takeStewardship(),
    readEpoch: () => journal.stewardEpoch(),
    onTaken: () => void chores.run(),
    onError,
  })
  const stopNoting = journal.onStored((all) => {
    const rows = all.filter(({ stream }) => stream !== TURNS_STREAM)
    marking.noteRows(rows)
    packing.noteRows(rows)
    repairing.noteRows(rows)
    chores.noteWork()
    if (rows.some(({ events }) => events.some(({ type }) => ENDS_A_STRETCH.has(type)))) void chores.run()
  })

  /** Whoever has chores to be done asks for a sign of life of the one who is to do them: a frozen tab keeps its lock. */
  async function askSteward(): Promise<void> {
    if (!(await peers.answers('steward')) && !stopped && !steward.held) steward.steal()
  }

  function stop(): void {
    stopped = true
    stopEnding()
    stopNoting()
    chores.stop()
    steward.close()
  }
  const stopEnding = connection.onEnding(stop)

  return {
    chores,
    steward,
    noteForeign(stream) {
      marking.noteForeign(stream)
      packing.noteForeign(stream)
      repairing.noteForeign(stream)
      if (steward.held) chores.noteWork()
    },
    stop,
  }
}

/** After these a session is left alone for a while: what is to be done for it is done now. */
const ENDS_A_STRETCH: ReadonlySet<string> = new Set([
  'session.suspended',
  'session.archived',
  'session.unarchived',
])
