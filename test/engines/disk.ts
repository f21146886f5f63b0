/** A disk in a file, for tests that cut its power or fill it up. Needs root, a loop device and mounts of its own (`unshare --mount`). */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
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
  /** Leaves so many bytes to whoever writes, and no more. The function returned gives the room back. */
  fillUp(leftBytes: number): () => void
}

export function createDisk(sizeMb = SIZE_MB): Disk {
  const place = mkdtempSync(join(tmpdir(), 'holdfast-disk-'))
  const image = join(place, 'image')
  try {
    execFileSync('truncate', ['--size', `${sizeMb}M`, image])
    execFileSync('mkfs.ext4', ['-q', '-F', '-m', '0', image])
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
    fillUp(leftBytes) {
      const filler = join(folder, 'filler')
      const { bavail, bsize } = statfsSync(folder)
      execFileSync('fallocate', ['--length', String(bavail * bsize - leftBytes), filler])
      return () => rmSync(filler)
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
