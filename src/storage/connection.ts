/**
 * The connection: opened by Dexie, guarded by deadlines, and ended for good when the browser asks for it.
 */
import { createError, type HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { Entropy, WallClock } from '../core/ports.ts'
import { createDamageNotes, type DamageNotes } from './damage-notes.ts'
import { isDeadline, setDeadline, withDeadline } from './deadline.ts'
import { type Doing, lostError, mapStorageError } from './error-map.ts'
import { Database, NATIVE_VERSION, type StoredMeta, type StoreName } from './schema.ts'

export interface Connection {
  readonly name: string
  readonly db: Database
  /** Dexie's own connection, which the journal and the hot reads use without Dexie. */
  readonly native: IDBDatabase
  /** Random name of this life of the database. Another one than the page remembers: the data was lost meanwhile. */
  readonly generation: string
  /** Why it ended; undefined while it is open. */
  readonly ended: HoldfastError | undefined
  /** What readers found damaged. */
  readonly damage: DamageNotes
  /** Opens a transaction. A connection that takes none any more is lost by that. @throws why it ended */
  transaction(
    stores: Iterable<StoreName>,
    mode: 'readonly' | 'readwrite',
    options?: IDBTransactionOptions,
  ): IDBTransaction
  /** The error to throw for what the browser failed at: where the connection has ended, that it has. */
  failure(cause: unknown, doing: Doing): HoldfastError
  /** Ends it for a failure that only another connection can mend. */
  lose(cause: unknown): void
  /** How long a transaction may take before it is given up, in milliseconds. */
  readonly transactionMs: number
  /**
   * Called once when the connection ends by itself: the database is being deleted (STORAGE_LOST), another tab upgrades
   * it (STORAGE_NEWER), or it was lost (see {@link isConnectionLost}). An upgrade waits for the promises returned.
   */
  onEnding(listener: (reason: HoldfastError) => Promise<void> | void): () => void
  close(): void
}

export interface OpenOptions {
  readonly name: string
  readonly wall: WallClock
  readonly entropy: Entropy
  /** Until an unanswered open is given up. @defaultValue 10,000 ms */
  readonly openMs?: number
  /** @defaultValue 30,000 ms */
  readonly transactionMs?: number
  /** How long an upgrade waits for tabs that hold an older version open. @defaultValue 30,000 ms */
  readonly blockedMs?: number
  /**
   * Called when such tabs keep the upgrade waiting, and each second while they do, with the milliseconds that are left.
   * It goes on by itself when they close.
   */
  readonly onBlocked?: (leftMs: number) => void
}

const OPEN_MS = 10_000
const TRANSACTION_MS = 30_000
const BLOCKED_MS = 30_000

/** How often it is told that an upgrade still waits. */
const TELL_MS = 1_000

/** After how long an upgrade that goes on without a word counts as blocked. */
const SUSPECT_MS = 1_000

/** How long an upgrade elsewhere waits for what is still being stored here. */
const LAST_WRITES_MS = 2_000

/**
 * Opens the database, creating or upgrading it.
 *
 * @throws STORAGE_NEWER when a newer version wrote it: nothing is touched.
 * @throws STORAGE_BLOCKED when another tab held an older version open until the deadline.
 * @throws STORAGE_FAILED when the browser failed or did not answer.
 */
export async function openConnection(options: OpenOptions): Promise<Connection> {
  const { name, wall, openMs = OPEN_MS } = options
  const found = await refuseNewer(options)
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
    return await guard(options, db, opened.backendDB())
  } catch (cause) {
    // Closed now, Dexie would forget an open that is still under way; what it brings later is closed then.
    if (!isDeadline(cause)) db.close()
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
 * Deletes the database with everything in it.
 *
 * @throws STORAGE_BLOCKED when a connection stayed open until the deadline.
 */
export async function deleteDatabase(name: string, wall: WallClock, deadlineMs = OPEN_MS): Promise<void> {
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

function blockedError(name: string, cause: unknown): HoldfastError {
  return createError(
    'STORAGE_BLOCKED',
    `Another tab holds database ${name} open. Close or reload the other tabs of this page, then try again.`,
    { name },
    cause,
  )
}

async function guard(options: OpenOptions, db: Database, native: IDBDatabase): Promise<Connection> {
  assertKnownVersion(options.name, native.version)
  const listeners = new Set<(reason: HoldfastError) => Promise<void> | void>()
  let ended: HoldfastError | undefined

  function end(reason: HoldfastError): readonly (Promise<void> | void)[] {
    if (ended !== undefined) return []
    ended = reason
    return [...listeners].map((listener) => listener(reason))
  }

  // Dexie's own handler would close at once, with a warning on the console, before the last writes are stored.
  native.onversionchange = (event) => {
    if (event.newVersion === null) {
      end(lostError('this page had it open'))
      db.close()
      return
    }
    const stored = Promise.all(end(staleError(options.name, event.newVersion)))
    const closing = withDeadline(options.wall, LAST_WRITES_MS, stored, 'storing the last writes')
    void closing.catch(() => {}).then(() => db.close())
  }
  function lose(cause: unknown): void {
    end(lostConnection(options.name, cause))
    db.close()
  }
  function transaction(...given: Parameters<Connection['transaction']>): IDBTransaction {
    // One that ends for an upgrade still stores the last writes.
    const [stores, mode, transactionOptions] = given
    try {
      return native.transaction([...stores], mode, transactionOptions)
    } catch (cause) {
      // Not every browser says so by an event when it closes a connection.
      if (isInvalidState(cause)) lose(cause)
      throw ended ?? cause
    }
  }
  function probe(): void {
    try {
      transaction(['meta'], 'readonly')
    } catch {
      // Lost, which `ended` says now.
    }
  }
  // Fired when the browser ends the connection by itself: site data cleared, its storage process gone.
  native.onclose = () => lose(undefined)

  const generation = await readGeneration(db, options.name)
  return {
    name: options.name,
    db,
    native,
    generation,
    damage: createDamageNotes(),
    transactionMs: options.transactionMs ?? TRANSACTION_MS,
    get ended() {
      return ended
    },
    transaction,
    failure(cause, doing) {
      // A connection that is being closed aborts its transactions before it says that it is.
      if (!isHoldfastError(cause)) probe()
      return ended ?? mapStorageError(cause, doing)
    },
    lose,
    onEnding(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      ended ??= createError('CLOSED', `Database ${options.name} was closed by this page; open it again.`)
      db.close()
    },
  }
}

/** What a lost connection ended for. The data is there: another connection to the same database can go on. */
function lostConnection(name: string, cause: unknown): HoldfastError {
  return createError(
    'STORAGE_FAILED',
    `The browser closed the connection to database ${name}. Send the call again; reload the page if it goes on.`,
    { name: CONNECTION_LOST, database: name },
    cause,
  )
}

const CONNECTION_LOST = 'connection lost'

/** Whether this says that a connection was lost, so that opening another one may help. */
export function isConnectionLost(error: unknown): boolean {
  return isHoldfastError(error) && error.details.name === CONNECTION_LOST
}

/** The browser's word for a connection that is closed, or wedged since the disk was full (Firefox). */
export function isInvalidState(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'InvalidStateError'
}

function staleError(name: string, version: number): HoldfastError {
  return createError(
    'STORAGE_NEWER',
    `Another tab upgrades database ${name} to version ${version}; this page is out of date. Reload it.`,
    { name, version, known: NATIVE_VERSION },
  )
}

interface GenerationRow extends StoredMeta {
  readonly key: 'generation'
  readonly value: string
}

function newGeneration(entropy: Entropy): GenerationRow {
  const bytes = [...entropy.randomBytes(16)]
  return { key: 'generation', value: bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('') }
}

async function readGeneration(db: Database, name: string): Promise<string> {
  const row = await db.meta.get('generation')
  if (row !== undefined && isGeneration(row)) return row.value
  throw createError(
    'STORAGE_FAILED',
    `Database ${name} has no generation marker: it is damaged or not ours. Delete it or choose another name.`,
    { name },
  )
}

function isGeneration(row: StoredMeta): row is GenerationRow {
  return typeof (row as { readonly value?: unknown }).value === 'string'
}
