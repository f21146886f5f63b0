/**
 * The journal's maintenance: what the steward does to what is stored, each in a transaction of its own.
 */
import { late, madeLate } from '../core/late.ts'
import type { Maintenance } from '../core/maintenance.ts'
import type { Chore } from './chore.ts'
import { sweepContents } from './contents.ts'
import { raiseEpoch, readEpoch } from './fence.ts'
import type { createPacking, Packing } from './packing.ts'
import { hasManyTurns, removeTurns, TURNS_AT_ONCE } from './sweep-turns.ts'

/** Most databases of a day's work have nothing to be packed. */
const packing = late('packing the log', () => import('./packing.ts'))

export function createMaintenance(
  deps: Parameters<typeof createPacking>[0] & {
    /** The number of the last row that this journal stored; 0 before the first. */
    readonly lastOwn: () => number
  },
): Maintenance {
  const { connection, clock, wall, assertOpen, perform, lastOwn } = deps
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
    async sweepTurns(isAlone, fence) {
      assertOpen()
      // Before it is asked who lives: who begins to write after that writes behind it.
      const upTo = lastOwn()
      let removed = 0
      try {
        if (!(await hasManyTurns(connection, upTo)) || !(await isAlone())) return removed
      } catch (cause) {
        throw connection.failure(cause, 'counting turns')
      }
      for (let gone = TURNS_AT_ONCE; gone === TURNS_AT_ONCE; removed += gone) {
        const chore: Chore = {
          doing: 'sweeping turns',
          stores: ['commits'],
          durability: 'relaxed',
          async work(transaction) {
            gone = await removeTurns(transaction, upTo)
          },
        }
        await perform(chore, fence)
      }
      return removed
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
