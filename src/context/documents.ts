/**
 * The live managed documents of one worker. A document is loaded when a commit needs it and leaves memory, least
 * recently used first, when there are too many; never while it holds changes that are not stored.
 */
import type { CommitRow, Placement } from '../core/commit.ts'
import { createError } from '../core/errors.ts'
import type { Clock, StreamId } from '../core/ids.ts'
import type { Documents, Log } from '../core/ports.ts'
import type { Delta, Entry, ManagedMap } from '../core/state/delta.ts'
import { randomClientId } from './genesis.ts'
import { LeftDocuments } from './left-documents.ts'
import { ManagedDocument } from './managed-document.ts'

export interface DocumentsOptions {
  readonly log: Pick<Log, 'document'>
  /** Documents kept in memory. @defaultValue 32 */
  readonly maxDocuments?: number
  /** Memory they may take together, in bytes, as estimated. @defaultValue 64 MiB */
  readonly maxBytes?: number
  /** Gives the Yjs client id of this writer: asked at the start and after each drop. @defaultValue random */
  readonly newClientId?: () => number
}

/** The port, and what the other parts of a worker need of it. */
export interface LiveDocuments extends Documents {
  /** True when a document is loaded or being loaded: it then needs to hear of the rows that others store. */
  has(stream: StreamId): boolean
  /**
   * Keeps the document in memory once it is loaded, however many others are: something goes on in it that will need it
   * again. The function returned ends that.
   */
  pin(stream: StreamId): () => void
  /** The entries of one map; undefined when the document is not loaded. */
  entries(stream: StreamId, map: ManagedMap): Iterable<Entry> | undefined
  /** How many are loaded. */
  readonly size: number
  close(): void
}

const MAX_DOCUMENTS = 32
const MAX_BYTES = 64 * 1024 * 1024

/** Yjs keeps a list for each client that ever wrote, and each start of a worker is one. */
const MAX_CLIENTS = 500

/** Old deletions that a document keeps before it is worth beginning it anew. */
const MAX_OLD_DELETIONS = 100

/** Updates that a document may lag behind: together they take less time, and many at once would hold up what comes next. */
const MAX_BEHIND = 32

export function createDocuments(options: DocumentsOptions): LiveDocuments {
  return new DocumentCache(options)
}

class DocumentCache implements LiveDocuments {
  readonly #log: Pick<Log, 'document'>
  readonly #maxDocuments: number
  readonly #maxBytes: number
  readonly #newClientId: () => number
  /** Least recently prepared first. */
  readonly #live = new Map<StreamId, Live>()
  readonly #loading = new Map<StreamId, Loading>()
  /** How many times a document was prepared and not released. */
  readonly #kept = new Map<StreamId, number>()
  /** How many go on in a document that will need it again. */
  readonly #pinned = new Map<StreamId, number>()
  readonly #left = new LeftDocuments()
  #clientId: number

  constructor({
    log,
    maxDocuments = MAX_DOCUMENTS,
    maxBytes = MAX_BYTES,
    newClientId = randomClientId,
  }: DocumentsOptions) {
    this.#log = log
    this.#maxDocuments = maxDocuments
    this.#maxBytes = maxBytes
    this.#newClientId = newClientId
    this.#clientId = newClientId()
  }

  get size(): number {
    return this.#live.size
  }

  async prepare(streams: readonly StreamId[]): Promise<void> {
    for (const stream of streams) count(this.#kept, stream, 1)
    try {
      await Promise.all(streams.map((stream) => this.#load(stream)))
    } catch (error) {
      this.release(streams)
      throw error
    }
  }

  release(streams: readonly StreamId[]): void {
    for (const stream of streams) count(this.#kept, stream, -1)
    this.#evict()
  }

  pin(stream: StreamId): () => void {
    count(this.#pinned, stream, 1)
    let isPinned = true
    return () => {
      if (!isPinned) return
      isPinned = false
      count(this.#pinned, stream, -1)
      this.#evict()
    }
  }

  apply(stream: StreamId, deltas: readonly Delta[]): Placement | Uint8Array | undefined {
    const live = this.#live.get(stream)
    if (live === undefined) {
      throw createError(
        'STORAGE_FAILED',
        `The document of ${stream} is not loaded; prepare it and try again.`,
        { stream },
      )
    }
    const made = live.document.apply(deltas)
    if (made !== undefined) live.unstored += 1
    return made
  }

  stored(stream: StreamId): void {
    const live = this.#live.get(stream)
    if (live !== undefined) live.unstored = Math.max(0, live.unstored - 1)
  }

  catchUp(): void {
    for (const { document } of this.#live.values()) if (document.behind >= MAX_BEHIND) document.catchUp()
  }

  receive(stream: StreamId, rows: readonly CommitRow[], snapshot?: Uint8Array, generation?: number): void {
    this.#live.get(stream)?.document.receive(rows, snapshot, generation)
    this.#loading.get(stream)?.rows.push(...rows)
  }

  snapshot(stream: StreamId): Uint8Array | undefined {
    const live = this.#live.get(stream)
    if (live === undefined || live.unstored > 0 || live.document.suspect) return undefined
    return live.document.snapshot()
  }

  generation(stream: StreamId): number {
    return this.#live.get(stream)?.document.generation ?? 0
  }

  isWorn(stream: StreamId, before: Clock): boolean {
    const wear = this.#live.get(stream)?.document.wear(before)
    return wear !== undefined && (wear.clients > MAX_CLIENTS || wear.oldDeletions > MAX_OLD_DELETIONS)
  }

  renewed(stream: StreamId, before: Clock): Uint8Array | undefined {
    const live = this.#live.get(stream)
    if (live === undefined || live.unstored > 0 || live.document.suspect) return undefined
    return live.document.renewed(before)
  }

  outdate(stream: StreamId): void {
    const live = this.#live.get(stream)
    if (live !== undefined) live.document.suspect = true
  }

  drop(stream: StreamId): void {
    this.#loading.delete(stream)
    this.#forget(stream)
    this.#left.forget(stream)
    // Clocks that the dropped changes used must never be used again for others.
    this.#clientId = this.#newClientId()
  }

  has(stream: StreamId): boolean {
    return this.#live.has(stream) || this.#loading.has(stream)
  }

  entries(stream: StreamId, map: ManagedMap): Iterable<Entry> | undefined {
    return this.#live.get(stream)?.document.entries(map)
  }

  close(): void {
    this.#loading.clear()
    for (const stream of [...this.#live.keys()]) this.#forget(stream)
  }

  async #load(stream: StreamId): Promise<void> {
    const live = this.#live.get(stream)
    if (live !== undefined) {
      this.#live.delete(stream)
      this.#live.set(stream, live)
      return
    }
    const loading = this.#loading.get(stream) ?? this.#startLoading(stream)
    await loading.done
    // Dropped while it was read, it is not there yet: what was read may be old.
    return this.#load(stream)
  }

  #startLoading(stream: StreamId): Loading {
    const loading: Loading = { rows: [], done: Promise.resolve() }
    this.#loading.set(stream, loading)
    loading.done = this.#read(stream, loading)
    return loading
  }

  async #read(stream: StreamId, loading: Loading): Promise<void> {
    const isCurrent = () => this.#loading.get(stream) === loading
    try {
      const { tail, ...rest } = await this.#log.document(stream)
      if (!isCurrent()) return
      const stored = { ...rest, tail: [...tail, ...loading.rows] }
      let document = new ManagedDocument(this.#clientId, stored)
      if (this.#left.take(stream, document)) {
        document.destroy()
        this.#clientId = this.#newClientId()
        document = new ManagedDocument(this.#clientId, stored)
      }
      this.#live.set(stream, { document, unstored: 0 })
    } finally {
      if (isCurrent()) this.#loading.delete(stream)
    }
  }

  #evict(): void {
    let bytes = 0
    for (const { document } of this.#live.values()) bytes += document.sizeBytes
    for (const [stream, { document, unstored }] of this.#live) {
      const fits = this.#live.size <= this.#maxDocuments && bytes <= this.#maxBytes
      const isWanted = fits || this.#pinned.has(stream)
      if (unstored > 0 || this.#kept.has(stream) || (isWanted && !document.suspect)) continue
      bytes -= document.sizeBytes
      this.#left.note(stream, document)
      this.#forget(stream)
    }
  }

  #forget(stream: StreamId): void {
    this.#live.get(stream)?.document.destroy()
    this.#live.delete(stream)
  }
}

function count(counts: Map<StreamId, number>, stream: StreamId, by: 1 | -1): void {
  const next = (counts.get(stream) ?? 0) + by
  if (next > 0) counts.set(stream, next)
  else counts.delete(stream)
}

interface Live {
  readonly document: ManagedDocument
  /** Updates that `apply` gave and that are not stored. */
  unstored: number
}

interface Loading {
  /** What other writers stored while the log was read. */
  readonly rows: CommitRow[]
  done: Promise<void>
}
