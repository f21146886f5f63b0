/**
 * Opens the database by Dexie, and waits for older tabs where it has to be upgraded.
 */
import { createError, type HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { Entropy } from '../core/ports.ts'
import { type Connection, type GuardOptions, guardConnection, isConnectionLost } from './connection.ts'
import { isDeadline, setDeadline, withDeadline } from './deadline.ts'
import { mapStorageError } from './error-map.ts'
import { newGeneration } from './generation.ts'
import { renewLog } from './renew-log.ts'
import { Database, NATIVE_VERSION } from './schema.ts'

export interface OpenOptions extends GuardOptions {
  readonly entropy: Entropy
  /** Whether the browser is made to begin another log before the connection is handed out. @defaultValue false */
  readonly renewsLog?: boolean
  /** Until an unanswered open is given up. @defaultValue 10,000 ms */
  readonly openMs?: number
  /** How long an upgrade waits for tabs that hold an older version open. @defaultValue 30,000 ms */
  readonly blockedMs?: number
  /**
   * Called when such tabs keep the upgrade waiting, and each second while they do, with the milliseconds that are left.
   * It goes on by itself when they close.
   */
  readonly onBlocked?: (leftMs: number) => void
}

const OPEN_MS = 10_000
const BLOCKED_MS = 30_000

/** How often it is told that an upgrade still waits. */
const TELL_MS = 1_000

/** After how long an upgrade that goes on without a word counts as blocked. */
const SUSPECT_MS = 1_000

/**
 * How long until an opening at which the browser itself failed is tried again, in milliseconds. A browser that was killed
 * and started again may still find its files held by a process of before, which is about to end.
 */
const AGAIN_MS = [100, 300, 900]

/**
 * Opens the database, creating or upgrading it; where the browser fails at it, more than once.
 *
 * @throws STORAGE_NEWER when a newer version wrote it: nothing is touched.
 * @throws STORAGE_BLOCKED when another tab held an older version open until the deadline.
 * @throws STORAGE_FAILED when the browser failed or did not answer.
 * @throws STORAGE_LOST when it was deleted in that moment.
 */
export async function openConnection(options: OpenOptions): Promise<Connection> {
  for (const waitMs of AGAIN_MS) {
    try {
      return await openOnce(options)
    } catch (error) {
      if (!isOfBrowser(error)) throw error
    }
    await new Promise<void>((resolve) => options.wall.after(waitMs, resolve))
  }
  return openOnce(options)
}

function isOfBrowser(error: unknown): boolean {
  if (isConnectionLost(error)) return true
  return isHoldfastError(error) && error.code === 'STORAGE_FAILED' && error.details.name === 'UnknownError'
}

async function openOnce(options: OpenOptions): Promise<Connection> {
  const { name, wall, openMs = OPEN_MS } = options
  const found = await refuseNewer(options)
  const renewing = options.renewsLog === true ? renewLog(options, openMs) : Promise.resolve()
  // Awaited once the database is open, which may fail before.
  renewing.catch(() => {})
  const db = new Database(name)
  db.on('populate', (transaction) => transaction.table('meta').add(newGeneration(options.entropy)))
  let blocked: Blocked | undefined
  const block = () => {
    blocked ??= tellBlocked(options, (leftMs) => deadline.putOff(leftMs))
  }
  db.on('blocked', block)
  // Chromium fires no event at an open that waits behind another one's upgrade, nor after the worker of that one ended.
  const stopSuspecting = found > 0 && found < NATIVE_VERSION ? wall.after(SUSPECT_MS, block) : () => {}
  const opening = Promise.resolve(db.open())
  const deadline = setDeadline(wall, openMs, opening, `opening ${name}`, () => db.close())
  try {
    const opened = await deadline.settled
    const native = opened.backendDB()
    assertKnownVersion(name, native.version)
    blocked?.over()
    blocked = undefined
    // A browser that opened it may still not answer what is asked of it.
    const guarding = guardConnection(options, db, native)
    const connection = await withDeadline(wall, openMs, guarding, `opening ${name}`)
    await renewing
    if (connection.ended !== undefined) throw connection.ended
    return connection
  } catch (cause) {
    // Closed now, Dexie would forget an open that is still under way; what it brings later is closed then.
    if (!isDeadline(cause) || db.isOpen()) db.close()
    throw blocked && isDeadline(cause) ? blockedError(name, cause) : mapStorageError(cause, `opening ${name}`)
  } finally {
    stopSuspecting()
    blocked?.over()
  }
}

interface Blocked {
  over(): void
}

/** Gives older tabs their time to close, and says so while it lasts. */
function tellBlocked(
  { wall, blockedMs = BLOCKED_MS, onBlocked }: OpenOptions,
  waitFor: (leftMs: number) => void,
): Blocked {
  let stop = () => {}
  function tell(leftMs: number): void {
    onBlocked?.(leftMs)
    stop = wall.after(TELL_MS, () => tell(Math.max(0, leftMs - TELL_MS)))
  }
  waitFor(blockedMs)
  tell(blockedMs)
  return { over: () => stop() }
}

/**
 * Looks before Dexie does: it opens a newer database without a word and patches what it finds missing.
 * @returns the version that is there; 0 where there is none, or the browser does not say
 */
async function refuseNewer({ name, wall, openMs = OPEN_MS }: OpenOptions): Promise<number> {
  if (!('databases' in indexedDB)) return 0
  const found = await withDeadline(wall, openMs, indexedDB.databases(), 'listing the databases').catch(
    (cause) => {
      throw mapStorageError(cause, 'listing the databases')
    },
  )
  const version = found.find((database) => database.name === name)?.version ?? 0
  assertKnownVersion(name, version)
  return version
}

function assertKnownVersion(name: string, version: number): void {
  if (version <= NATIVE_VERSION) return
  throw createError(
    'STORAGE_NEWER',
    `Database ${name} has version ${version}, this build knows ${NATIVE_VERSION}. Reload the page to get the newer build.`,
    { name, version, known: NATIVE_VERSION },
  )
}

/** A connection that somebody holds keeps the database from being upgraded or deleted. */
export function blockedError(name: string, cause: unknown): HoldfastError {
  return createError(
    'STORAGE_BLOCKED',
    `Another tab holds database ${name} open. Close or reload the other tabs of this page, then try again.`,
    { name },
    cause,
  )
}
