/**
 * The journal's maintenance: what the steward does to what is stored, each in a transaction of its own.
 */
import { late, madeLate } from '../core/late.ts'
import type { Maintenance } from '../core/maintenance.ts'
import type { Chore } from './chore.ts'
import { sweepContents } from './contents.ts'
import { raiseEpoch, readEpoch } from './fence.ts'
import type { createPacking, Packing } from './packing.ts'
import { countTurns, MIN_TURN_ROWS } from './turn-rows.ts'

/** Most databases of a day's work have nothing to be packed, and few turns. */
const packing = late('packing the log', () => import('./packing.ts'))

export function createMaintenance(deps: Parameters<typeof createPacking>[0]): Maintenance {
  const { connection, clock, wall, assertOpen, perform } = deps
  const make = madeLate(packing, (module) => module.createPacking(deps))
  async function load(): Promise<Packing> {
    assertOpen()
    return make()
  }

  return {
    pack: async (...args) => (await load()).pack(...args),
    mark: async (...args) => (await load()).mark(...args),
    renew: async (...args) => (await load()).renew(...args),
    snapshot: async (...args) => (await load()).snapshot(...args),
    squeeze: async (...args) => (await load()).squeeze(...args),
    unsqueeze: async (...args) => (await load()).unsqueeze(...args),
    putSnapshot: async (...args) => (await load()).putSnapshot(...args),
    async sweep(contents, givenUp, fence) {
      assertOpen()
      let removed = 0
      const chore: Chore = {
        doing: 'sweeping contents',
        stores: ['contents', 'chunks', 'meta'],
        durability: 'relaxed',
        async work(transaction) {
          removed = await sweepContents(transaction, contents, wall.now(), givenUp)
        },
      }
      await perform(chore, fence)
      return removed
    },
    async sweepTurns(options = {}, fence) {
      assertOpen()
      if ((await countTurns(connection)) < (options.atLeast ?? MIN_TURN_ROWS)) return 0
      return (await load()).sweepTurns(options, fence)
    },
    async stewardEpoch() {
      assertOpen()
      try {
        return await readEpoch(connection.transaction(['meta'], 'readonly'))
      } catch (cause) {
        throw connection.failure(cause, 'looking for the steward')
      }
    },
    async takeStewardship() {
      assertOpen()
      let epoch = 0
      await perform({
        doing: 'taking the stewardship',
        stores: ['meta'],
        durability: 'relaxed',
        async work(transaction) {
          epoch = await raiseEpoch(transaction, clock.writer)
        },
      })
      return epoch
    },
  }
}
