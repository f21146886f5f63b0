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
    ...parts,
  }
}
