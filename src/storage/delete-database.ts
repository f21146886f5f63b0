/**
 * Deletes a database.
 */
import type { WallClock } from '../core/ports.ts'
import { isDeadline, withDeadline } from './deadline.ts'
import { mapStorageError } from './error-map.ts'
import { blockedError } from './open-connection.ts'

const DELETE_MS = 10_000

/**
 * Deletes the database with everything in it.
 *
 * @throws STORAGE_BLOCKED when a connection stayed open until the deadline.
 */
export async function deleteDatabase(name: string, wall: WallClock, deadlineMs = DELETE_MS): Promise<void> {
  let blocked = false
  const request = indexedDB.deleteDatabase(name)
  request.onblocked = () => {
    blocked = true
  }
  const deleting = new Promise<void>((resolve, reject) => {
    request.onsuccess = () => resolve()
    request.onerror = () => reject(request.error)
  })
  try {
    await withDeadline(wall, deadlineMs, deleting, `deleting ${name}`)
  } catch (cause) {
    throw blocked && isDeadline(cause)
      ? blockedError(name, cause)
      : mapStorageError(cause, `deleting ${name}`)
  }
}
