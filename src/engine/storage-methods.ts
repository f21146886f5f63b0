import { damageCases } from '../core/damage/late-damage.ts'
import type { DamageBook } from '../core/damage/repair.ts'
import { callHooks } from '../core/hook/call-hooks.ts'
import { hookStats, listBreakers, listHooks, resetBreakers } from '../core/hook/hook-list.ts'
import { switchHooks } from '../core/hook/switch-hooks.ts'
import { parseSessionId } from '../core/session/fields.ts'
import type { Methods } from './methods.ts'
import type { Parts } from './parts.ts'
import { roomOf } from './room.ts'

/** What is asked of the database as a whole, and of the hooks. */
export function createStorageMethods(
  parts: Parts,
  damage: DamageBook,
): Pick<Methods, Extract<keyof Methods, `storage.${string}` | `hooks.${string}`>> {
  const { journal, log, storedTables, world, registry, metrics } = parts
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
    'hooks.call': (request, input) => callHooks(parts, request, input),
    'hooks.list': ({ client }) => listHooks(registry, client),
    'hooks.stats': ({ client }) => hookStats(registry, client),
    'hooks.metrics': () => metrics?.snapshot() ?? null,
    'hooks.switch': ({ client }, { enabled, ...which }) => switchHooks(registry, which, enabled, client),
    'hooks.breakers': ({ client }) => listBreakers(registry, client),
    'hooks.resetBreakers': ({ client }, which) => resetBreakers(registry, which, client),
  }
}
