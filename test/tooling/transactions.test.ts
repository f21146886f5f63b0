import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../../scripts/report.mjs'
import { foreignAwaits } from './foreign-awaits.ts'

/** What is found although it may stand: requests under another name, or waits after which nothing is asked. */
const KNOWN: readonly string[] = [
  // A request that was made before another one, whose result is there.
  'clock-reads.ts: reaching',
  'clock-reads.ts: reaching',
  // The request of the group's own first row.
  'group.ts: free',
  // The head of a guess, asked for before anything was put.
  'group.ts: verified',
  'guess.ts: Promise.all(reads)',
  // Requests alone, made by functions of their own.
  "index-entries.ts: Promise.all([ count(sessions.index('createdAt')), count(sessions.index('updatedAt')), count(sessions.index('keys'), untagged), count(artifacts), count(artifacts.index('[sessionId+name]')), count(artifacts.index('[domain+hash]')), count(artifacts.index('keys'), untagged), count(runs), count(runs.index('sessionId')), ])",
  'index-entries.ts: Promise.all(looks)',
  // The last thing that is done in a reading: it inflates.
  'log-reading.ts: rowsFound(reading, found)',
  // A function of this transaction, by its name alone.
  'log.ts: Promise.all(sources.map(readStreams))',
  // Requests of this transaction, made before, and a function that makes and awaits nothing else.
  'record-reads.ts: areOfOthers(arrived, now)',
  'record-reads.ts: isEnd(upTo)',
  'record-reads.ts: last',
  'record-reads.ts: newer(upTo)',
  'record-reads.ts: own',
  'record-reads.ts: sessionRead',
  'record-reads.ts: since.streams',
  // Between two transactions: one that reads and one that puts.
  'squeeze-stream.ts: Promise.all(plain.map((segment) => squeeze(segment, compression)))',
  'squeeze-stream.ts: Promise.all(squeezed.map((segment) => unsqueeze(segment, compression)))',
  'squeeze-stream.ts: readBefore(connection, stream, before)',
  'squeeze-stream.ts: readPlain(connection, stream, 0)',
  'squeeze-stream.ts: readPlain(connection, stream, after)',
  // Requests of this transaction, made before.
  'stream-start.ts: guessed',
  'stream-start.ts: viewRead',
]

test('TO14 inside a transaction the storage waits for nothing but its requests', () => {
  const folder = join(root, 'src/storage')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )
  const sources = files.map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }))
  expect(
    foreignAwaits(sources)
      .map(({ file, what }) => `${file}: ${what}`)
      .toSorted(),
  ).toEqual(KNOWN)
})

test.each([
  ['async function f(transaction: IDBTransaction) { await fetch(url) }', 'fetch(url)'],
  [
    'async function f(tails: TailReader) { await documents.prepare([stream]) }',
    'documents.prepare([stream])',
  ],
  ['const chore = { async work(transaction) { await digest.sha256(bytes) } }', 'digest.sha256(bytes)'],
  [
    'async function f(store: IDBObjectStore) { await Promise.all(rows.map((row) => squeeze(row))) }',
    'Promise.all(rows.map((row) => squeeze(row)))',
  ],
  ['async function f(transaction: IDBTransaction) { await promise }', 'promise'],
])('TO14 a wait for anything else is found: %s', (text, what) => {
  expect(foreignAwaits([{ file: 'one.ts', text }])).toEqual([{ file: 'one.ts', what }])
})

test('TO14 a wait outside a transaction, and one for a function that works inside it, are let be', () => {
  const inner = 'async function inner(store: IDBObjectStore) { return resultOf(store.get(1)) }'
  const outer =
    'async function outer(transaction: IDBTransaction) { await inner(transaction.objectStore("a")) }'
  const before = 'async function before(url: string) { await fetch(url) }'
  expect(foreignAwaits([{ file: 'one.ts', text: [inner, outer, before].join('\n') }])).toEqual([])
})
