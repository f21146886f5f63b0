/** Records what readers find damaged, and looks for rows that are missing. Nobody waits for any of it. */

import type { FoundDamage } from '../core/damage/damage.ts'
import { damageCases } from '../core/damage/late-damage.ts'
import type { DamageBook } from '../core/damage/repair.ts'
import { type SessionId, type StreamId, sessionStream, TURNS_STREAM } from '../core/ids.ts'
import type { Parts } from './parts.ts'

export interface DamageKeeper extends DamageBook {
  /** A page has opened this session for the first time: rows of it that are missing are told of. */
  opened(session: SessionId): void
  stop(): void
}

export function keepDamage(
  {
    connection,
    journal,
    clock,
    log,
    storedTables,
    world,
  }: Pick<Parts, 'connection' | 'journal' | 'clock' | 'log' | 'storedTables' | 'world'>,
  onError: (error: unknown) => void,
): DamageKeeper {
  const { damage } = connection
  const now = () => world.wall.now()
  /** One after the other: what one read found may be thousands. */
  let recording = Promise.resolve()

  const stop = damage.listen((found) => {
    recording = recording.then(() => keep(found)).catch(onError)
  })

  async function keep(found: FoundDamage): Promise<void> {
    // Its number is all that it says, and that has to stay taken.
    if (found.stream === TURNS_STREAM) return
    const { recordDamage } = await damageCases()
    await recordDamage({ journal, clock, now }, found)
    // Its commit has made the row anew, but where the log is squeezed.
    if (found.what === 'session') await mend(found.stream)
  }

  async function look(session: SessionId): Promise<void> {
    const stream = sessionStream(session)
    for (const gap of await log.gaps(stream)) damage.note(gap)
    await recording
    // Those of before rows were counted are read whole each time they are opened, until their row counts them.
    if (await storedTables.isCounted(session)) return
    await mend(stream)
  }

  /** What is recorded meanwhile has its turn after it; where it gives up, the steward's repair is left. */
  async function mend(stream: StreamId): Promise<void> {
    const { repairStream } = await damageCases()
    await repairStream({ journal, log, damage: { note: damage.note, recorded: async () => {} } }, stream)
  }

  return {
    opened(session) {
      look(session).catch(onError)
    },
    note: (found) => damage.note(found),
    recorded: () => recording,
    stop,
  }
}
