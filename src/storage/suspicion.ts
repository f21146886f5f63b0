/**
 * Signs that index rows may not be what the log says: damage that was recorded or has gone with its session, tables
 * whose rows are fewer or more than their heads, and indexes that have fewer entries than their table has rows. Counts alone are read, so that it can be asked when a worker starts.
 */
import { countLostEntries } from './index-entries.ts'
import { resultOf } from './result-of.ts'
import type { StoreName } from './schema.ts'

export const SUSPICION_STORES = [
  'quarantine',
  'sessions',
  'runs',
  'artifacts',
  'heads',
  'meta',
] as const satisfies StoreName[]

export interface Suspicion {
  /** What the counts say now. */
  readonly found: string
  /** What they said when the database was repaired last; of a sound database where it never was. */
  readonly settled: string
}

export interface FoundSuspicion extends Suspicion {
  /** An index has fewer entries than its table has rows. */
  readonly areEntriesLost: boolean
}

const KEY = 'repaired'

/** What is settled of a database that was never repaired. */
const NEVER = textOf(0, 0, 0, 0, 0)

/** With how often it was raised since the last repair. */
const RAISED = 'raised '

interface RepairedRow {
  readonly key: typeof KEY
  readonly value: string
}

export async function readSuspicion(transaction: IDBTransaction): Promise<FoundSuspicion> {
  const count = (store: StoreName, range?: IDBKeyRange) =>
    resultOf(transaction.objectStore(store).count(range))
  const heads = (kind: string) => count('heads', IDBKeyRange.bound([kind], [kind, []]))
  const [meta, damage, sessions, sessionHeads, runs, runHeads, artifacts, names, lost] = await Promise.all([
    readRepaired(transaction),
    count('quarantine'),
    count('sessions'),
    heads('session'),
    count('runs'),
    heads('run'),
    count('artifacts'),
    heads('artifact-name'),
    countLostEntries(transaction),
  ])
  const areEntriesLost = lost.some((entries) => entries !== 0)
  const isEmptied = (rows: number, known: number) => Number(rows === 0 && known > 0)
  return {
    areEntriesLost,
    found: textOf(
      damage,
      sessions - sessionHeads,
      runs - runHeads,
      isEmptied(artifacts, names),
      isEmptied(names, artifacts),
      ...(areEntriesLost ? lost : []),
    ),
    settled: meta?.value ?? NEVER,
  }
}

/** The next look finds a reason to repair, whatever the counts say; also a repair that is under way does not settle it. */
export async function raiseSuspicion(transaction: IDBTransaction): Promise<void> {
  const present = (await readRepaired(transaction))?.value ?? NEVER
  const times = present.startsWith(RAISED) ? Number(present.slice(RAISED.length)) : 0
  putRepaired(transaction, `${RAISED}${times + 1}`)
}

/**
 * From now on these counts are no news, unless somebody wrote since it was read what is `settled`.
 *
 * @returns whether it was noted
 */
export async function settleSuspicion(
  transaction: IDBTransaction,
  { found, settled }: Suspicion,
): Promise<boolean> {
  const present = (await readRepaired(transaction))?.value ?? NEVER
  if (present !== settled) return false
  putRepaired(transaction, found)
  return true
}

function readRepaired(transaction: IDBTransaction): Promise<RepairedRow | undefined> {
  const request: IDBRequest<RepairedRow | undefined> = transaction.objectStore('meta').get(KEY)
  return resultOf(request)
}

function putRepaired(transaction: IDBTransaction, value: string): void {
  transaction.objectStore('meta').put({ key: KEY, value } satisfies RepairedRow)
}

function textOf(...counts: readonly number[]): string {
  return counts.join(' ')
}
