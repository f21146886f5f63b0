import type {
  Compression,
  Digest,
  Entropy,
  Locks,
  StorageMeter,
  TabChannel,
  WallClock,
} from '../core/ports.ts'
import { createTabChannel } from '../platform/channel.ts'
import { createCompression } from '../platform/compression.ts'
import { countLocks } from '../platform/count-locks.ts'
import { createDigest } from '../platform/digest.ts'
import { createEntropy } from '../platform/entropy.ts'
import { createLocks } from '../platform/locks.ts'
import { createStorageMeter } from '../platform/storage-meter.ts'
import { createWallClock } from '../platform/wall-clock.ts'
import { MIN_TURN_ROWS } from '../storage/turn-rows.ts'

/**
 * Above the size from which Chromium and Firefox keep a value in a file of its own, whose removal makes room at once, and
 * what small rows take beyond a quota before Chromium counts them.
 */
const BALLAST_BYTES = 4_194_304

/** Everything that reaches an engine from outside but its database. Tests give parts of their own. */
export interface World {
  readonly wall: WallClock
  readonly entropy: Entropy
  readonly digest: Digest
  readonly compression: Compression
  readonly locks: Locks
  readonly meter: StorageMeter
  /** Size of what is kept to be given up where the quota is used up. @defaultValue 4 MiB */
  readonly ballastBytes: number
  /** So many turn rows more are swept; fewer in tests. @defaultValue 64 */
  readonly minTurnRows: number
  openChannel(name: string): TabChannel
  /** How many locks whose names begin so are held; null where the host does not say. */
  countLocks(prefix: string): Promise<number | null>
}

/** The world as the host has it. */
export function createWorld(parts: Partial<World> = {}): World {
  return {
    wall: createWallClock(),
    entropy: createEntropy(),
    digest: createDigest(),
    compression: createCompression(),
    locks: createLocks(),
    meter: createStorageMeter(),
    ballastBytes: BALLAST_BYTES,
    minTurnRows: MIN_TURN_ROWS,
    openChannel: createTabChannel,
    countLocks,
    ...parts,
  }
}
