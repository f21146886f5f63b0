import { late, madeLate } from '../core/late.ts'
import type { Repairs } from '../core/maintenance.ts'
import type { createRepairs } from './repairs.ts'

const repairs = late('repairs of the database', () => import('./repairs.ts'))

/** The journal's repairs, whose code is loaded by the first of them: most databases need none. */
export function createLateRepairs(deps: Parameters<typeof createRepairs>[0]): Repairs {
  const make = madeLate(repairs, (module) => module.createRepairs(deps))
  async function load(): Promise<Repairs> {
    deps.assertOpen()
    return make()
  }
  return {
    mend: async (...args) => (await load()).mend(...args),
    recount: async (...args) => (await load()).recount(...args),
    settleSuspicion: async (...args) => (await load()).settleSuspicion(...args),
    setAside: async (...args) => (await load()).setAside(...args),
  }
}
