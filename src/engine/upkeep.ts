/** What a worker does for the database beside its calls. Nobody waits for any of it. */
import type { RequestId, SessionId } from '../core/ids.ts'
import { late } from '../core/late.ts'
import { beginWriterLife, type WriterLife } from '../core/run/writer-life.ts'
import { renewLog } from '../storage/renew-log.ts'
import type { Parts } from './parts.ts'

const interruptions = late('steps that were cut off', () => import('../core/run/interrupt.ts'))

/** After a start, so that it delays nothing that an app begins with. */
export const BALLAST_AFTER_MS = 3_000

export interface Upkeep {
  /** A page has opened this session for the first time: steps of it whose worker has died are said to be cut off. */
  opened(session: SessionId): void
  stop(): void
}

/** Tells the other workers that this one lives, and says of steps that dead ones left that they were cut off. */
export async function beginUpkeep(parts: Parts, onError: (error: unknown) => void): Promise<Upkeep> {
  const { journal, clock, log, world } = parts
  const life: WriterLife = await beginWriterLife(world.locks, clock.writer)

  const stopWaiting = world.wall.after(BALLAST_AFTER_MS, () => {
    // Of a log that a power cut has cut off, of which nobody knows.
    renewLog(world)
      .catch(onError)
      .then(() => journal.keepBallast(() => world.entropy.randomBytes(world.ballastBytes)))
      .catch(onError)
  })

  return {
    opened(session) {
      const request = { id: clock.nextId<RequestId>(), mayRepeat: false, hookPath: [] }
      interruptions()
        .then(({ interruptOrphanSteps }) =>
          interruptOrphanSteps({ journal, log, clock, isGone: life.isGone }, request, session),
        )
        .catch(onError)
    },
    stop() {
      stopWaiting()
      life.end()
    },
  }
}
