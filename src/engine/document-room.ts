/** One app document that pages have open: its replica, the pages that edit it, and what of their edits is stored. */
import { awarenessFrame, readFrame, updateFrame } from '../context/document-frames.ts'
import { type Awaited, type AwarenessChange, DocumentReplica } from '../context/document-replica.ts'
import { forkedDocument, STORED_LIMITS } from '../context/update-gate.ts'
import type { CommitRow } from '../core/commit.ts'
import { type HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { WriterId } from '../core/ids.ts'
import type { Log, WallClock } from '../core/ports.ts'
import type { Request } from '../core/request.ts'
import { isPermitted, type Status } from '../core/session/status.ts'
import type { DocumentState } from '../protocol/messages.ts'
import { toWireError } from '../protocol/wire-error.ts'
import { createEditSaver, type EditSaver } from './edit-saver.ts'

/** A page that has the document open. */
export interface DocumentPeer {
  /** The Yjs client id that it writes under. */
  readonly clientId: number
  /** Who edits, as it is recorded. */
  readonly by: Pick<Request, 'actor' | 'client'>
  send(frame: Uint8Array): void
  tell(state: DocumentState): void
}

export interface DocumentRoomDeps {
  readonly wall: WallClock
  readonly writer: WriterId
  /** What is stored of the document. */
  read(): ReturnType<Log['document']>
  /** Rows that arrived after this one. */
  readAfter(seq: number): Promise<readonly CommitRow[]>
  store(update: Uint8Array, by: DocumentPeer['by']): Promise<void>
  /** Other tabs are to hear who edits. */
  say(update: Uint8Array): void
  onError(error: unknown): void
  /** Nobody has it open any more, and nothing waits. */
  onEmpty(): void
}

/** How a page stands to the document. */
class Seat {
  readonly peer: DocumentPeer
  /** Frames that came in before the document was read. */
  readonly early: Uint8Array[] = []
  /** Frames with edits, so far. */
  edits = 0
  /** Up to which frame it is all stored once an edit of the saver is. */
  readonly waiting: { readonly edits: number; readonly added: number }[] = []
  /** So many frames with edits are stored. */
  stored = 0
  /** Awareness of these clients came from here. */
  readonly clients = new Set<number>()
  /** Why nothing more is taken of it. */
  refused: HoldfastError | undefined

  constructor(peer: DocumentPeer) {
    this.peer = peer
  }
}

/** Of awareness changes that the replica makes itself: it edits nothing. */
const OF_THE_REPLICA = 'local'

/** What a page sends that has nothing. */
const EMPTY_STATE_VECTOR = Uint8Array.of(0)

export class DocumentRoom {
  readonly #deps: DocumentRoomDeps
  readonly #saver: EditSaver<Seat>
  readonly #seats = new Map<DocumentPeer, Seat>()
  /** By the tab that told of them. */
  readonly #elsewhere = new Map<WriterId, Set<number>>()
  /** The number of the last row read, of each writer. */
  readonly #lastN = new Map<WriterId, number>()
  #replica: DocumentReplica | undefined
  /** Whose edits are missing among the stored ones: a row of theirs was lost, and may never come. */
  #missing: ReadonlySet<Awaited> = new Set()
  #status: Status | undefined
  #readTo = 0
  /** Reads never overlap. */
  #reading: Promise<void> = Promise.resolve()
  #over: HoldfastError | undefined

  constructor(deps: DocumentRoomDeps) {
    this.#deps = deps
    this.#saver = createEditSaver<Seat>({
      wall: deps.wall,
      store: (update, makers) => deps.store(update, [...makers][0]?.peer.by ?? {}),
      onStored: (update, makers) => this.#stored(update, makers),
      onFailed: (error) => this.#failed(error),
    })
  }

  /** Reads the document. Until then what pages send waits. */
  load(): Promise<void> {
    return this.#read(async () => {
      if (this.#replica === undefined) await this.#loadNow()
    })
  }

  enter(peer: DocumentPeer): void {
    const seat = new Seat(peer)
    this.#seats.set(peer, seat)
    if (this.#over !== undefined) this.#tell(seat)
    else if (this.#replica !== undefined) this.#begin(seat, this.#replica)
  }

  leave(peer: DocumentPeer): void {
    const seat = this.#seats.get(peer)
    if (seat === undefined) return
    this.#seats.delete(peer)
    this.#replica?.leave([...seat.clients], seat)
    this.#emptyIfDone()
  }

  receive(peer: DocumentPeer, frame: Uint8Array): void {
    const seat = this.#seats.get(peer)
    if (seat === undefined || seat.refused !== undefined || this.#over !== undefined) return
    if (this.#replica === undefined) seat.early.push(frame)
    else this.#take(seat, this.#replica, frame)
  }

  /** The session's status, as far as this worker has heard. */
  setStatus(status: Status): void {
    if (status === this.#status) return
    this.#status = status
    if (this.#saver.error !== undefined && !this.#isReadOnly) this.#saver.retry()
    this.#tellAll()
  }

  /** Takes what other tabs stored. */
  takeForeign(): Promise<void> {
    return this.#read(async () => {
      const replica = this.#replica
      if (replica === undefined) return
      const rows = await this.#deps.readAfter(this.#readTo)
      const foreign = rows.filter(({ writer }) => writer !== this.#deps.writer)
      if (this.#hasGap(foreign)) return this.#loadNow()
      this.#note(rows)
      for (const { update } of foreign) if (update !== undefined) this.#takeStored(replica, update)
    })
  }

  /** Another tab tells who edits there. */
  takeAwareness(writer: WriterId, update: Uint8Array): void {
    if (!this.#elsewhere.has(writer)) this.#elsewhere.set(writer, new Set())
    try {
      this.#replica?.takeAwareness(update, writer)
    } catch (error) {
      this.#deps.onError(error)
    }
  }

  /** A tab has gone, with all who edited there. */
  forgetWriter(writer: WriterId): void {
    const clients = this.#elsewhere.get(writer)
    this.#elsewhere.delete(writer)
    if (clients !== undefined) this.#replica?.leave([...clients], writer)
  }

  /** Who edits in this tab, for one that has just come. */
  ownAwareness(): Uint8Array | undefined {
    const own = new Set([...this.#seats.values()].flatMap(({ clients }) => [...clients]))
    return this.#replica?.awareness((client) => own.has(client))
  }

  async flush(): Promise<void> {
    await this.#reading
    await this.#saver.flush()
  }

  /** Nothing will be stored any more. */
  end(reason: HoldfastError): void {
    this.#over ??= reason
    this.#saver.stop()
    this.#tellAll()
    this.#replica?.destroy()
    this.#replica = undefined
  }

  get #isReadOnly(): boolean {
    return this.#status !== undefined && !isPermitted(this.#status, 'state.write')
  }

  #read(work: () => Promise<void>): Promise<void> {
    const reading = this.#reading.then(work)
    // Whoever asked hears of the failure; the next read goes on.
    this.#reading = reading.catch(() => {})
    return reading
  }

  async #loadNow(): Promise<void> {
    const { snapshot, tail } = await this.#deps.read()
    if (this.#over !== undefined) return
    this.#note(tail)
    const updates = tail.flatMap(({ update }) => (update === undefined ? [] : [update]))
    const before = this.#replica
    const replica = new DocumentReplica(snapshot, [...updates, ...this.#saver.unstored], (change) =>
      this.#awarenessChanged(change),
    )
    this.#replica = replica
    this.#missing = replica.awaited
    if (before !== undefined) this.#replace(before, replica)
    else for (const seat of [...this.#seats.values()]) this.#begin(seat, replica)
  }

  /** What the former copy had wrong, no page has: each gets all, and is asked for what it alone has. */
  #replace(before: DocumentReplica, replica: DocumentReplica): void {
    const states = before.awareness()
    before.destroy()
    if (states !== undefined) replica.takeAwareness(states, undefined)
    for (const { peer } of this.#seats.values()) {
      peer.send(replica.answer(EMPTY_STATE_VECTOR))
      peer.send(replica.ask())
    }
  }

  #begin(seat: Seat, replica: DocumentReplica): void {
    this.#tell(seat)
    seat.peer.send(replica.ask())
    const states = replica.awareness()
    if (states !== undefined) seat.peer.send(awarenessFrame(states))
    for (const frame of seat.early.splice(0)) if (seat.refused === undefined) this.#take(seat, replica, frame)
  }

  #take(seat: Seat, replica: DocumentReplica, bytes: Uint8Array): void {
    try {
      const frame = readFrame(bytes)
      if (frame.kind === 'ask') seat.peer.send(replica.answer(frame.stateVector))
      else if (frame.kind === 'awareness') replica.takeAwareness(frame.update, seat)
      else this.#takeEdit(seat, replica, frame.update)
    } catch (error) {
      this.#refuse(seat, error)
    }
  }

  #takeEdit(seat: Seat, replica: DocumentReplica, update: Uint8Array): void {
    seat.edits += 1
    const others = [...this.#seats.values()].filter((each) => each !== seat)
    const news = replica.take(update, { inUse: new Set(others.map(({ peer }) => peer.clientId)) })
    if (news !== undefined) this.#saver.add(news, seat)
    seat.waiting.push({ edits: seat.edits, added: this.#saver.added })
    if (this.#settle(seat)) this.#tell(seat)
  }

  /** After it nothing of this page fits on any more, so nothing more is taken: it is told, and can open anew. */
  #refuse(seat: Seat, error: unknown): void {
    if (!isHoldfastError(error)) throw error
    seat.refused = error
    this.#tell(seat)
    if (error.code === 'CONTENT_DAMAGED') this.#read(() => this.#loadNow()).catch(this.#deps.onError)
  }

  #takeStored(replica: DocumentReplica, update: Uint8Array): void {
    const before = replica.awaited
    try {
      const inUse = new Set([...this.#seats.keys()].map(({ clientId }) => clientId))
      const news = replica.take(update, { inUse, limits: STORED_LIMITS })
      this.#missing = new Set([...this.#missing, ...[...replica.awaited].filter((one) => !before.has(one))])
      if (news !== undefined) this.#sendToAll(news)
    } catch (error) {
      // Another tab's build let it through. When the document is read, such a row is left out as well.
      this.#deps.onError(error)
      if (isHoldfastError(error)) this.#looksForked(error.details.client)
    }
  }

  /** Another tab has written under the id of a page here: that page has something else than what is stored. */
  #looksForked(client: unknown): void {
    for (const seat of this.#seats.values())
      if (seat.peer.clientId === client) this.#refuse(seat, forkedDocument(seat.peer.clientId))
  }

  #stored(update: Uint8Array, makers: ReadonlySet<Seat>): void {
    for (const seat of this.#seats.values()) {
      const isAllOwn = makers.size === 1 && makers.has(seat)
      if (!isAllOwn) seat.peer.send(updateFrame(update))
    }
    for (const seat of this.#seats.values()) {
      this.#settle(seat)
      this.#tell(seat)
    }
    this.#emptyIfDone()
  }

  #failed(error: HoldfastError): void {
    if (error.code === 'SESSION_NOT_FOUND') this.end(error)
    else this.#tellAll()
    this.#emptyIfDone()
  }

  /** Says whether more of the page's edits are stored than it knows. */
  #settle(seat: Seat): boolean {
    const before = seat.stored
    // What waits for an edit that has not come is in no update that was stored.
    if ([...(this.#replica?.awaited ?? [])].some((one) => !this.#missing.has(one))) return false
    for (;;) {
      const [next] = seat.waiting
      if (next === undefined || next.added > this.#saver.stored) return seat.stored > before
      seat.stored = next.edits
      seat.waiting.shift()
    }
  }

  #awarenessChanged({ update, clients, removed, origin }: AwarenessChange): void {
    if (origin === OF_THE_REPLICA) return
    const from = origin instanceof Seat ? origin.clients : this.#clientsOf(origin)
    for (const client of clients) from?.add(client)
    for (const client of removed) from?.delete(client)
    for (const seat of this.#seats.values()) if (seat !== origin) seat.peer.send(awarenessFrame(update))
    if (origin instanceof Seat) this.#deps.say(update)
  }

  #clientsOf(origin: unknown): Set<number> | undefined {
    return [...this.#elsewhere].find(([writer]) => writer === origin)?.[1]
  }

  #hasGap(rows: readonly CommitRow[]): boolean {
    const last = new Map(this.#lastN)
    return rows.some(({ writer, n }) => {
      const before = last.get(writer)
      last.set(writer, n)
      return before !== undefined && n > before + 1
    })
  }

  #note(rows: readonly CommitRow[]): void {
    for (const { writer, n, seq } of rows) {
      this.#lastN.set(writer, n)
      this.#readTo = Math.max(this.#readTo, seq)
    }
  }

  #sendToAll(update: Uint8Array): void {
    for (const { peer } of this.#seats.values()) peer.send(updateFrame(update))
  }

  #tellAll(): void {
    for (const seat of this.#seats.values()) this.#tell(seat)
  }

  #tell({ peer, stored, refused }: Seat): void {
    const error = this.#over ?? refused ?? this.#saver.error
    const isOver = this.#over !== undefined || refused !== undefined
    peer.tell({
      stored,
      readOnly: this.#isReadOnly,
      ...(error === undefined ? {} : { error: toWireError(error) }),
      ...(isOver ? { isOver } : {}),
    })
  }

  #emptyIfDone(): void {
    if (this.#seats.size > 0) return
    if (this.#over === undefined && this.#saver.stored < this.#saver.added) return
    this.#deps.onEmpty()
  }
}
