/**
 * The journal's packing: what the steward makes of logs that have grown, each in a transaction of its own.
 */

import { clockAt } from '../core/ids.ts'
import type { Maintenance } from '../core/maintenance.ts'
import type { Compression, Documents } from '../core/ports.ts'
import type { Chore, ChoreDeps } from './chore.ts'
import { MARK_STORES, markStream } from './mark-rows.ts'
import { PACK_STORES, packStream } from './pack.ts'
import { putSnapshot, renewSnapshot, snapshotNow } from './snapshot-rows.ts'
import { squeezeStream, unsqueezeStream } from './squeeze-stream.ts'
import { createTurnSweep } from './sweep-turns.ts'
import { TailReader } from './tail-reader.ts'

/** A deletion older than this may leave: a write that comes later still, and is older, brings its key back. */
export const DELETION_KEEP_MS = 30 * 86_400_000

/** What is made of a log that has grown. */
export type Packing = Omit<Maintenance, 'sweep' | 'takeStewardship' | 'stewardEpoch'>

export function createPacking({
  connection,
  clock,
  wall,
  assertOpen,
  perform,
  documents,
  compression,
}: ChoreDeps & {
  readonly documents: Documents
  /** Without it nothing is squeezed. */
  readonly compression: Pick<Compression, 'deflate' | 'inflate'> | undefined
}): Packing {
  const sweepTurns = createTurnSweep({ connection, perform })
  return {
    async sweepTurns(options = {}, fence) {
      assertOpen()
      return sweepTurns(options, fence)
    },
    async pack(stream, { whole = false, fence } = {}) {
      assertOpen()
      let packed = 0
      const chore: Chore = {
        doing: `packing ${stream}`,
        stores: PACK_STORES,
        // It takes rows away for one large one, which a later strict transaction would not carry.
        durability: 'strict',
        async work(transaction) {
          const request = { now: wall.now(), whole, notes: connection.damage }
          packed = await packStream(transaction, stream, request)
        },
      }
      await perform(chore, fence)
      return packed
    },
    async mark(stream, { grownBytes = 0, fence } = {}) {
      assertOpen()
      let isStored = false
      const chore: Chore = {
        doing: `marking ${stream}`,
        stores: MARK_STORES,
        durability: 'relaxed',
        async work(transaction) {
          const tails = new TailReader(transaction, connection.damage)
          isStored = await markStream(tails, stream, clock, grownBytes)
        },
        hasChangedHeads: () => isStored,
      }
      await perform(chore, fence)
      return isStored
    },
    async renew(stream, fence) {
      assertOpen()
      await documents.prepare([stream])
      try {
        const before = clockAt(wall.now() - DELETION_KEEP_MS)
        if (!documents.isWorn(stream, before)) return false
        let isRenewed = false
        const chore: Chore = {
          doing: `beginning the document of ${stream} anew`,
          stores: ['commits', 'segments', 'snapshots', 'views', 'sessions'],
          durability: 'relaxed',
          async work(transaction) {
            const tails = new TailReader(transaction, connection.damage)
            isRenewed = await renewSnapshot(tails, stream, documents, clock.writer, before)
          },
        }
        await perform(chore, fence)
        if (isRenewed) documents.outdate(stream)
        return isRenewed
      } finally {
        documents.release([stream])
      }
    },
    async snapshot(stream, fence) {
      assertOpen()
      await documents.prepare([stream])
      const chore: Chore = {
        doing: `making a snapshot of ${stream}`,
        stores: ['commits', 'segments', 'snapshots'],
        durability: 'relaxed',
        async work(transaction) {
          await snapshotNow(new TailReader(transaction, connection.damage), stream, documents, clock.writer)
        },
      }
      await perform(chore, fence).finally(() => documents.release([stream]))
    },
    async squeeze(stream, fence) {
      assertOpen()
      if (compression === undefined) return
      await squeezeStream(connection, stream, compression, (work) =>
        perform({ doing: `squeezing ${stream}`, stores: ['segments'], durability: 'relaxed', work }, fence),
      )
    },
    async unsqueeze(stream, fence) {
      assertOpen()
      if (compression === undefined) return false
      return unsqueezeStream(connection, stream, compression, (work) =>
        // Large rows again, which a later strict transaction would not carry.
        perform({ doing: `unpacking ${stream}`, stores: ['segments'], durability: 'strict', work }, fence),
      )
    },
    async putSnapshot(stream, made, fence) {
      assertOpen()
      let isStored = false
      const chore: Chore = {
        doing: `storing a snapshot of ${stream}`,
        stores: ['commits', 'segments', 'snapshots'],
        // A large row, which a later strict transaction would not carry.
        durability: 'strict',
        async work(transaction) {
          isStored = await putSnapshot(new TailReader(transaction, connection.damage), stream, made)
        },
      }
      await perform(chore, fence)
      return isStored
    },
  }
}
