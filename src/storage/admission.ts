/**
 * How an operation gets into the queue: decided on what is known of its heads, its documents on their way.
 */
import type { Operation, Outcome } from '../core/commit.ts'
import { clockOfId } from '../core/ids.ts'
import type { Documents } from '../core/ports.ts'
import type { HybridClock } from '../core/timeline/hybrid-clock.ts'
import type { Connection } from './connection.ts'
import { createEntry, type Entry } from './entry.ts'
import type { HeadCache, HeadState } from './heads.ts'
import { Load } from './load.ts'
import type { Queue } from './queue.ts'
import { PENDING, Reads } from './reads.ts'
import { abortErrorOf, decideOn, refusalOf, settle } from './settling.ts'

export interface AdmissionDeps {
  readonly connection: Connection
  readonly documents: Documents
  readonly queue: Queue
  readonly cache: HeadCache
  readonly clock: Pick<HybridClock, 'observe'>
  /** Something became ready to be stored. */
  readonly onReady: () => void
  readonly onAborted: (entry: Entry) => void
}

const NO_HEADS: ReadonlyMap<string, HeadState> = new Map()

export type Admit = <Result>(operation: Operation<Result>) => Promise<Outcome<Result>>

export function createAdmission({
  connection,
  documents,
  queue,
  cache,
  clock,
  onReady,
  onAborted,
}: AdmissionDeps): Admit {
  const load = new Load()
  /** Of each head the last entry that asked the database for it: until that entry has its place, none passes it. */
  const asked = new Map<string, Promise<void>>()

  function admit<Result>(operation: Operation<Result>): Promise<Outcome<Result>> {
    return new Promise((resolve, reject) => {
      const entry = createEntry(operation, resolve, reject)
      if (operation.signal?.aborted) {
        settle(cache, entry, { error: abortErrorOf(entry) })
        return
      }
      const onAbort = () => onAborted(entry)
      operation.signal?.addEventListener('abort', onAbort, { once: true })
      entry.onSettled(() => operation.signal?.removeEventListener('abort', onAbort))
      void enter(entry)
    })
  }

  async function enter(entry: Entry): Promise<void> {
    let waited = false
    try {
      const reading = headsOf(entry)
      const read = reading === undefined ? NO_HEADS : await reading
      const room = load.room()
      waited = room !== undefined
      if (waited) await room
      if (entry.settled) return
      decide(entry, read)
      await join(entry)
    } catch (error) {
      queue.remove(entry)
      settle(cache, entry, { error: refusalOf(error) })
    } finally {
      if (waited) load.advance()
    }
  }

  /** Undefined where they are known and nobody who came before waits for one of them. */
  function headsOf(entry: Entry): Promise<ReadonlyMap<string, HeadState>> | undefined {
    const ahead = entry.keys.flatMap((text) => asked.get(text) ?? [])
    if (ahead.length === 0 && knowsHeads(entry)) return undefined
    const reading = Promise.all(ahead).then(() => (knowsHeads(entry) ? NO_HEADS : readHeads(entry.keys)))
    const over = () => {
      for (const text of entry.keys) if (asked.get(text) === done) asked.delete(text)
    }
    const done: Promise<void> = reading.then(over, over)
    for (const text of entry.keys) asked.set(text, done)
    return reading
  }

  function knowsHeads(entry: Entry): boolean {
    return entry.keys.every((text) => cache.get(text) !== undefined)
  }

  /**
   * What is known may be old, or never be stored: a refusal that stands on it is none yet. The entry then waits without
   * a decision and is decided inside the transaction, on what is stored.
   */
  function decide(entry: Entry, read: ReadonlyMap<string, HeadState>): void {
    try {
      decideOn(cache, entry, (text) => cache.get(text) ?? read.get(text))
    } catch (error) {
      if (entry.keys.length === 0) throw error
    }
  }

  /** It takes its place at once, so that what comes later does not overtake it while its documents are loaded. */
  async function join(entry: Entry): Promise<void> {
    const { decided } = entry
    const { documents: streams, sizeBytes } = decided
    load.add(sizeBytes)
    entry.onSettled(() => load.remove(sizeBytes))
    queue.push(entry)
    if (streams.length > 0) {
      await documents.prepare(streams)
      entry.onSettled(() => documents.release(streams))
    }
    entry.kept = decided
    entry.ready = true
    onReady()
  }

  async function readHeads(texts: readonly string[]): Promise<ReadonlyMap<string, HeadState>> {
    const reads = new Reads()
    for (const text of texts) reads.head(text)
    try {
      await reads.run(connection.transaction(['heads'], 'readonly'))
    } catch (cause) {
      throw connection.failure(cause, 'reading heads')
    }
    const heads = new Map<string, HeadState>()
    for (const text of texts) {
      const state = reads.head(text)
      if (state === PENDING) continue
      heads.set(text, state)
      // What is decided on it must sort after it, whichever tab wrote it and with whatever clock.
      if (state.commitId !== undefined) clock.observe(clockOfId(state.commitId), 'database')
      // What was stored here while this was read is newer.
      if (cache.get(text) === undefined) cache.store(text, state)
    }
    return heads
  }

  return admit
}
