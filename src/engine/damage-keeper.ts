/** Records what readers find damaged, and looks for rows that are missing. Nobody waits for any of it. */
import { recordDamage } from '../core/damage/record-damage.ts'
import { type SessionId, sessionStream } from '../core/ids.ts'
import type { Parts } from './parts.ts'

export interface DamageKeeper {
  /** A page has opened this session: rows of it that are missing are told of. */
  opened(session: SessionId): void
  stop(): void
}

export function keepDamage(
  {
    connection,
    journal,
    clock,
    log,
    world,
  }: Pick<Parts, 'connection' | 'journal' | 'clock' | 'log' | 'world'>,
  onError: (error: unknown) => void,
): DamageKeeper {
  const { damage } = connection
  const now = () => world.wall.now()
  /** One after the other: what one read found may be thousands. */
  let recording = Promise.resolve()
  const looked = new Set<SessionId>()

  const stop = damage.listen((found) => {
    recording = recording.then(() => recordDamage({ journal, clock, now }, found)).catch(onError)
  })

  async function look(session: SessionId): Promise<void> {
    for (const gap of await log.gaps(sessionStream(session))) damage.note(gap)
  }

  return {
    opened(session) {
      // Once a worker: the log does not lose rows while it is open.
      if (looked.has(session)) return
      looked.add(session)
      look(session).catch(onError)
    },
    stop,
  }
}
