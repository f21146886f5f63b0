/**
 * The ballast: bytes that are kept for nothing but to be given up. When the origin's quota is used up the browser
 * refuses every transaction that puts anything, also one that removes far more; without the ballast it has room again.
 */
import type { Perform } from './chore.ts'
import { resultOf } from './result-of.ts'

export interface Ballast {
  /** Stores it where it is missing. Never fails: where there is no room for it there is none to give up. */
  keep(bytes: Uint8Array): Promise<void>
  /** Gives it up; false where there was none. */
  giveUp(): Promise<boolean>
}

export function createBallast(perform: Perform): Ballast {
  const chore = (doing: string, work: (meta: IDBObjectStore) => Promise<void>) =>
    perform({
      doing,
      stores: ['meta'],
      // A large row: relaxed, it could not be read after a power cut, nor with it what reads all of the table.
      durability: 'strict',
      work: (transaction) => work(transaction.objectStore('meta')),
    })

  return {
    async keep(bytes) {
      await chore('keeping the ballast', async (meta) => {
        const known = await resultOf(meta.getKey(KEY))
        if (known === undefined) meta.put({ key: KEY, bytes })
      }).catch(() => {})
    },
    async giveUp() {
      let had = false
      await chore('giving up the ballast', async (meta) => {
        had = (await resultOf(meta.getKey(KEY))) !== undefined
        if (had) meta.delete(KEY)
      })
      return had
    },
  }
}

const KEY = 'ballast'
