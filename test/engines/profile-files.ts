/** The files that an engine keeps the databases of a page in, under its profile: for tests that damage them. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from '../../scripts/engines.mjs'

/** Of the pages of a site; Firefox has databases of its own beside them. */
const FOLDER = /IndexedDB|indexeddb|storage\/default\/.*\/idb/

/** What Chromium and Firefox put beside their database: each a value of its own. */
const OF_ONE_VALUE = /\.indexeddb\.blob\/|\.files\/\d+$/

/** Moves what SQLite keeps in a log of its own into the database, as it does when it has time. */
const CHECKPOINT =
  'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("PRAGMA wal_checkpoint(TRUNCATE)")'

/** Changes a byte wherever these stand, as a failing disk does. @returns how many places there were */
export function changeBytes(profile: string, bytes: Buffer): number {
  for (const log of filesOf(profile).filter((path) => path.endsWith('.sqlite3-wal'))) {
    // WebKit leaves it behind. A byte changed there would undo what was stored after it, as a crash does.
    execFileSync(findProgram('python'), ['-c', CHECKPOINT, log.replace(/-wal$/, '')])
  }
  let places = 0
  for (const path of filesOf(profile)) {
    const content = readFileSync(path)
    const before = places
    for (let at = content.indexOf(bytes); at !== -1; at = content.indexOf(bytes, at + 1)) {
      content.writeUInt8(content.readUInt8(at) ^ 1, at)
      places += 1
    }
    if (places > before) writeFileSync(path, content)
  }
  return places
}

/** Removes the files of values that are at least so large. @returns how many there were */
export function removeLargeValues(profile: string, minBytes: number): number {
  const large = filesOf(profile).filter((path) => OF_ONE_VALUE.test(path) && statSync(path).size >= minBytes)
  for (const path of large) rmSync(path)
  return large.length
}

/** Cuts so many bytes off the log that Chromium keeps of all databases of a site, as a power cut may. The browser has ended. */
export function cutLog(profile: string, bytes: number): void {
  const logs = filesOf(profile)
    .filter((path) => path.endsWith('.log'))
    .toSorted()
  const newest = logs.at(-1)
  if (newest === undefined) throw new Error('There is no log under this profile.')
  truncateSync(newest, statSync(newest).size - bytes)
}

function filesOf(profile: string): readonly string[] {
  return readdirSync(profile, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && FOLDER.test(entry.parentPath))
    .map((entry) => join(entry.parentPath, entry.name))
}
