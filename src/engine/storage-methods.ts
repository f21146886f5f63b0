import { damageCases } from '../core/damage/late-damage.ts'
import type { DamageBook } from '../core/damage/repair.ts'
import { parseSessionId } from '../core/session/fields.ts'
import type { Methods } from './methods.ts'
import type { Parts } from './parts.ts'
import { roomOf } from './room.ts'

/** The database as a whole. */
export function createStorageMethods(
  { journal, log, storedTables, world, registry, metrics }: Parts,
  damage: DamageBook,
  flushDocuments: () => Promise<void>,
): Pick<
  Methods,
  'storage.info' | 'storage.damage' | 'storage.repair' | 'flush' | 'hooks.stats' | 'hooks.metrics'
> {
  return {
    'storage.info': async () => {
      const [persisted, estimate] = await Promise.all([world.meter.persisted(), world.meter.estimate()])
      return { persisted, ...estimate, room: roomOf(estimate) }
    },
    'storage.damage': (_request, { sessionId }) =>
      storedTables.damage(sessionId === undefined ? undefined : parseSessionId(sessionId)),
    'storage.repair': async ({ signal }, _input, { progress }) => {
      const { repairIndexes } = await damageCases(signal)
      const options = { checksEntries: true, ...(progress === undefined ? {} : { progress }) }
      return repairIndexes({ journal, log, damage }, options)
    },
    flush: async () => {
      await flushDocuments()
      // What another tab stored, or one that is gone, may not be safe yet, and this worker would not know.
      await journal.secure({ unsafe: true })
      await journal.flush()
      return null
    },
    'hooks.stats': () => registry.stats(),
    'hooks.metrics': () => metrics?.snapshot() ?? null,
  }
}
