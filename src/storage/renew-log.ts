/**
 * Makes Chromium begin another log. It keeps all databases of an origin in one LevelDB, and goes on in the log that it
 * finds, also behind a record that a full disk or a power cut has cut off. What it writes there can be read until that
 * LevelDB is closed: at the next opening it is lost, or with it all databases of the origin.
 *
 * Where a database is deleted, Chromium writes what its log holds into a table and begins another one.
 */
import type { Entropy, WallClock } from '../core/ports.ts'
import { withDeadline } from './deadline.ts'
import { mapStorageError } from './error-map.ts'
import { resultOf } from './result-of.ts'

/** What is made and deleted: of a name of its own, so that no tab waits for one that was frozen in that moment. */
const PREFIX = 'holdfast-new-log-'

const NAME_BYTES = 8

const ANSWER_WITHIN_MS = 10_000

const DOING = 'making sure that the disk has room'

/** Does nothing in other engines. @throws STORAGE_FAILED or QUOTA_EXCEEDED where there is no room on the disk */
export async function renewLog(
  { wall, entropy }: { readonly wall: WallClock; readonly entropy: Entropy },
  deadlineMs = ANSWER_WITHIN_MS,
): Promise<void> {
  if (!isChromium()) return
  const name = `${PREFIX}${entropy.randomBytes(NAME_BYTES).join('')}`
  try {
    await withDeadline(wall, deadlineMs, makeAndDelete(name), DOING)
  } catch (cause) {
    throw mapStorageError(cause, DOING)
  }
}

/** By its word for itself: what else tells one engine from another is missing where a page is not secure. */
function isChromium(): boolean {
  return /Chrome\//.test(globalThis.navigator?.userAgent ?? '')
}

async function makeAndDelete(name: string): Promise<void> {
  const database = await resultOf(indexedDB.open(name))
  database.close()
  await resultOf(indexedDB.deleteDatabase(name))
}
