/** A disk in a file, for tests that cut its power. Needs root, a loop device and mounts of its own (`unshare --mount`). */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Sparse: what is not written takes no room. Firefox gives a tenth of a disk to a site. */
const SIZE_MB = 4_000

/** Nothing but what somebody flushes gets to the disk by itself within a test. */
const COMMIT_SECONDS = 120

/** A mounted disk. It is unmounted and its file removed at the end of its test. */
export interface Disk extends Disposable {
  readonly folder: string
  /**
   * The disk as it would be found had the power been cut now: what was written to it, without what the system still
   * keeps in memory. Whoever writes to it has to be frozen first.
   */
  cutPower(): Disk
}

export function createDisk(): Disk {
  const place = mkdtempSync(join(tmpdir(), 'holdfast-disk-'))
  const image = join(place, 'image')
  try {
    execFileSync('truncate', ['--size', `${SIZE_MB}M`, image])
    execFileSync('mkfs.ext4', ['-q', '-F', image])
    return mountImage(place, image)
  } catch (error) {
    rmSync(place, { recursive: true, force: true })
    throw error
  }
}

function mountImage(place: string, image: string): Disk {
  const folder = join(place, 'mounted')
  mkdirSync(folder)
  execFileSync('mount', ['-o', `loop,commit=${COMMIT_SECONDS}`, image, folder])
  return {
    folder,
    cutPower() {
      const other = mkdtempSync(join(tmpdir(), 'holdfast-disk-'))
      const copy = join(other, 'image')
      try {
        execFileSync('cp', ['--sparse=always', image, copy])
        return mountImage(other, copy)
      } catch (error) {
        rmSync(other, { recursive: true, force: true })
        throw error
      }
    },
    [Symbol.dispose]() {
      try {
        execFileSync('umount', [folder])
      } catch {
        // A process that was killed a moment ago may still hold a file.
        execFileSync('umount', ['--lazy', folder])
      }
      rmSync(place, { recursive: true, force: true })
    },
  }
}
