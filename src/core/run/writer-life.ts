import { createError } from '../errors.ts'
import type { WriterId } from '../ids.ts'
import type { Locks } from '../ports.ts'

/** How the names of the locks of workers' lives begin. */
export const WRITER_LOCKS = 'writer:'

/** Tells which workers live: each holds a lock of its own until it ends, however it ends. */
export interface WriterLife {
  /** Says whether the worker that wrote under this id has ended. */
  isGone(writer: WriterId): Promise<boolean>
  end(): void
}

/** Takes the lock of this worker's life. */
export async function beginWriterLife(locks: Locks, self: WriterId): Promise<WriterLife> {
  const end = await new Promise<() => void>((resolve, reject) => {
    const held = locks.request(
      lockName(self),
      { ifAvailable: true },
      () => new Promise<void>((free) => resolve(free)),
    )
    held.then(
      () => reject(createError('CONFLICT', `Another worker writes as ${self}; reload this tab.`)),
      reject,
    )
  })
  return {
    isGone: async (writer) => writer !== self && isWriterGone(locks, writer),
    end,
  }
}

/** Whether the lock of that worker's life is free: it has one from before its first row. */
export async function isWriterGone(locks: Locks, writer: WriterId): Promise<boolean> {
  return (await locks.request(lockName(writer), { ifAvailable: true }, async () => true)) === true
}

function lockName(writer: WriterId): string {
  return WRITER_LOCKS + writer
}
