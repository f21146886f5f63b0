/** The copy that a worker has of an app document which pages have open: read from the log, and kept up with it. */
import { type Awaited, DocumentReplica } from '../context/document-replica.ts'
import { STORED_LIMITS } from '../context/update-gate.ts'
import type { CommitRow } from '../core/commit.ts'
import { isHoldfastError } from '../core/errors.ts'
import type { WriterId } from '../core/ids.ts'
import type { Log } from '../core/ports.ts'
import { RowNumbers } from './row-numbers.ts'

export interface StoredDocument {
  readonly writer: WriterId
  /** What is stored of the document. */
  read(): ReturnType<Log['document']>
  /** Rows that arrived after this one. */
  readAfter(seq: number): Promise<readonly CommitRow[]>
  onError(error: unknown): void
}

/** What the room adds to the copy, and does with what comes. */
export interface DocumentCopyUser {
  /** Edits of the pages that are not stored yet. */
  unstored(): readonly Uint8Array[]
  /** The client ids that pages write under here. */
  inUse(): ReadonlySet<number>
  readonly onAwareness: ConstructorParameters<typeof DocumentReplica>[2]
  onLoaded(replica: DocumentReplica, before: DocumentReplica | undefined): void
  /** Another tab stored something. */
  onNews(update: Uint8Array): void
  /** Another tab has written under the id of a page here. */
  onForked(client: unknown): void
}

export class DocumentCopy {
  readonly #stored: StoredDocument
  readonly #user: DocumentCopyUser
  readonly #rows = new RowNumbers()
  #replica: DocumentReplica | undefined
  /** Whose edits are missing among the stored ones: a row of theirs was lost, and may never come. */
  #missing: ReadonlySet<Awaited> = new Set()
  /** Reads never overlap. */
  #reading: Promise<void> = Promise.resolve()
  #isOver = false

  constructor(stored: StoredDocument, user: DocumentCopyUser) {
    this.#stored = stored
    this.#user = user
  }

  /** Absent until it was read, and when it is over. */
  get replica(): DocumentReplica | undefined {
    return this.#replica
  }

  /** Settles when what is being read was read; never rejects. */
  get reading(): Promise<void> {
    return this.#reading
  }

  /** Whether an edit waits for one that has not come, and may still. */
  get isWaiting(): boolean {
    return [...(this.#replica?.awaited ?? [])].some((one) => !this.#missing.has(one))
  }

  /** Reads the document, once. */
  load(): Promise<void> {
    return this.#read(async () => {
      if (this.#replica === undefined) await this.#loadNow()
    })
  }

  reload(): Promise<void> {
    return this.#read(() => this.#loadNow())
  }

  /** Takes what other tabs stored. */
  takeForeign(): Promise<void> {
    return this.#read(async () => {
      const replica = this.#replica
      if (replica === undefined) return
      const rows = await this.#stored.readAfter(this.#rows.to)
      const foreign = rows.filter(({ writer }) => writer !== this.#stored.writer)
      if (this.#rows.hasGap(foreign)) return this.#loadNow()
      this.#rows.note(rows)
      for (const { update } of foreign) if (update !== undefined) this.#take(replica, update)
    })
  }

  end(): void {
    this.#isOver = true
    this.#replica?.destroy()
    this.#replica = undefined
  }

  #read(work: () => Promise<void>): Promise<void> {
    const reading = this.#reading.then(work)
    // Whoever asked hears of the failure; the next read goes on.
    this.#reading = reading.catch(() => {})
    return reading
  }

  async #loadNow(): Promise<void> {
    const { snapshot, tail } = await this.#stored.read()
    if (this.#isOver) return
    this.#rows.note(tail)
    const updates = tail.flatMap(({ update }) => (update === undefined ? [] : [update]))
    const before = this.#replica
    const all = [...updates, ...this.#user.unstored()]
    const replica = new DocumentReplica(snapshot, all, this.#user.onAwareness)
    this.#replica = replica
    this.#missing = replica.awaited
    this.#user.onLoaded(replica, before)
  }

  #take(replica: DocumentReplica, update: Uint8Array): void {
    const before = replica.awaited
    try {
      const news = replica.take(update, { inUse: this.#user.inUse(), limits: STORED_LIMITS })
      this.#missing = new Set([...this.#missing, ...[...replica.awaited].filter((one) => !before.has(one))])
      if (news !== undefined) this.#user.onNews(news)
    } catch (error) {
      // Another tab's build let it through. When the document is read, such a row is left out as well.
      this.#stored.onError(error)
      if (isHoldfastError(error)) this.#user.onForked(error.details.client)
    }
  }
}
