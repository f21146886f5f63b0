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

/** Everything that reaches an engine from outside but its database. Tests give parts of their own. */
export interface World {
  readonly wall: WallClock
  readonly entropy: Entropy
  readonly digest: Digest
  readonly compression: Compression
  readonly locks: Locks
  readonly meter: StorageMeter
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
    openChannel: createTabChannel,
    countLocks,
    ...parts,
  }
}
