/**
 * The connection: opened by Dexie, guarded by deadlines, and ended for good when the browser asks for it.
 */
import { Dexie } from 'dexie'
import { createError, type HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { WallClock } from '../core/ports.ts'
import { createDamageNotes, type DamageNotes } from './damage-notes.ts'
import { withDeadline } from './deadline.ts'
import { type Doing, lostError, mapStorageError } from './error-map.ts'
import { readGeneration } from './generation.ts'
import { type Database, NATIVE_VERSION, type StoreName } from './schema.ts'

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

export interface GuardOptions {
  readonly name: string
  readonly wall: WallClock
  /** @defaultValue 30,000 ms */
  readonly transactionMs?: number
}

const TRANSACTION_MS = 30_000
/** How long an upgrade elsewhere waits for what is still being stored here. */
const LAST_WRITES_MS = 2_000

/** Guards a connection that Dexie opened. @throws why it ended, where it did meanwhile */
export async function guardConnection(
  options: GuardOptions,
  db: Database,
  native: IDBDatabase,
): Promise<Connection> {
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
  // Where a connection takes no transaction any more, Dexie opens another by itself, also without autoOpen: one that is
  // not guarded, and of a database made anew where it was deleted.
  db.open = () => Dexie.Promise.reject(new Dexie.DatabaseClosedError())

  const generation = await readGeneration(db, options.name).catch((error: unknown) => {
    throw ended ?? error
  })
  // Nobody listened yet.
  if (ended !== undefined) throw ended
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
