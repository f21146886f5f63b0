/** One app document that pages have open: its replica, the pages that edit it, and what of their edits is stored. */
import { awarenessFrame, readFrame, updateFrame } from '../context/document-frames.ts'
import type { DocumentReplica } from '../context/document-replica.ts'
import { forkedDocument } from '../context/update-gate.ts'
import { type HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { WallClock } from '../core/ports.ts'
import { isPermitted, type Status } from '../core/session/status.ts'
import { DocumentCopy, type StoredDocument } from './document-copy.ts'
import { type DocumentPeer, Seat } from './document-seat.ts'
import { createEditSaver, type EditSaver } from './edit-saver.ts'
import { WhoEdits } from './who-edits.ts'

export interface DocumentRoomDeps extends StoredDocument {
  readonly wall: WallClock
  store(update: Uint8Array, by: DocumentPeer['by']): Promise<void>
  /** Other tabs are to hear who edits. */
  say(update: Uint8Array): void
  /** Nobody has it open any more, and nothing waits. */
  onEmpty(): void
}

/** What a page sends that has nothing. */
const EMPTY_STATE_VECTOR = Uint8Array.of(0)

export class DocumentRoom {
  readonly whoEdits: WhoEdits
  readonly #deps: DocumentRoomDeps
  readonly #saver: EditSaver<Seat>
  readonly #seats = new Map<DocumentPeer, Seat>()
  readonly #copy: DocumentCopy
  #status: Status | undefined
  #over: HoldfastError | undefined

  constructor(deps: DocumentRoomDeps) {
    this.#deps = deps
    this.whoEdits = new WhoEdits({
      seats: () => this.#seats.values(),
      replica: () => this.#copy.replica,
      say: (update) => deps.say(update),
      onError: (error) => deps.onError(error),
    })
    this.#copy = new DocumentCopy(deps, {
      unstored: () => this.#saver.unstored,
      inUse: () => new Set([...this.#seats.keys()].map(({ clientId }) => clientId)),
      onAwareness: (change) => this.whoEdits.changed(change),
      onLoaded: (replica, before) => this.#loaded(replica, before),
      onNews: (update) => this.#sendToAll(update),
      onForked: (client) => this.#looksForked(client),
    })
    this.#saver = createEditSaver<Seat>({
      wall: deps.wall,
      store: (update, makers) => deps.store(update, [...makers][0]?.peer.by ?? {}),
      onStored: (update, makers) => this.#stored(update, makers),
      onFailed: (error) => this.#failed(error),
    })
  }

  /** Reads the document. Until then what pages send waits. */
  load(): Promise<void> {
    return this.#copy.load()
  }

  enter(peer: DocumentPeer): void {
    const seat = new Seat(peer)
    this.#seats.set(peer, seat)
    if (this.#over !== undefined) this.#tell(seat)
    else if (this.#copy.replica !== undefined) this.#begin(seat, this.#copy.replica)
  }

  leave(peer: DocumentPeer): void {
    const seat = this.#seats.get(peer)
    if (seat === undefined) return
    this.#seats.delete(peer)
    this.#copy.replica?.leave([...seat.clients], seat)
    if (this.#isReadOnly) this.#dropClosed()
    this.#emptyIfDone()
  }

  receive(peer: DocumentPeer, frame: Uint8Array): void {
    const seat = this.#seats.get(peer)
    if (seat === undefined || seat.refused !== undefined || this.#over !== undefined) return
    if (this.#copy.replica === undefined) seat.early.push(frame)
    else this.#take(seat, this.#copy.replica, frame)
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
    return this.#copy.takeForeign()
  }

  async flush(): Promise<void> {
    await this.#copy.reading
    await this.#saver.flush()
  }

  /** Nothing will be stored any more. */
  end(reason: HoldfastError): void {
    this.#over ??= reason
    this.#saver.stop()
    this.#tellAll()
    this.#copy.end()
  }

  get #isReadOnly(): boolean {
    return this.#status !== undefined && !isPermitted(this.#status, 'state.write')
  }

  #loaded(replica: DocumentReplica, before: DocumentReplica | undefined): void {
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
    seat.countEdit()
    const others = [...this.#seats.values()].filter((each) => each !== seat)
    const news = replica.take(update, { inUse: new Set(others.map(({ peer }) => peer.clientId)) })
    if (news !== undefined) this.#saver.add(news, seat)
    seat.waitFor(this.#saver.added)
    if (this.#settle(seat)) this.#tell(seat)
  }

  /** After it nothing of this page fits on any more, so nothing more is taken: it is told, and can open anew. */
  #refuse(seat: Seat, error: unknown): void {
    if (!isHoldfastError(error)) throw error
    seat.refused = error
    this.#tell(seat)
    if (error.code === 'CONTENT_DAMAGED') this.#copy.reload().catch(this.#deps.onError)
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
    if (error.code === 'SESSION_NOT_ACTIVE') this.#dropClosed()
    if (error.code === 'SESSION_NOT_FOUND') this.end(error)
    else this.#tellAll()
    this.#emptyIfDone()
  }

  /** Says whether more of the page's edits are stored than it knows. */
  #settle(seat: Seat): boolean {
    // What waits for an edit that has not come is in no update that was stored.
    if (this.#copy.isWaiting) return false
    return seat.settle(this.#saver.stored)
  }

  #sendToAll(update: Uint8Array): void {
    for (const { peer } of this.#seats.values()) peer.send(updateFrame(update))
  }

  #tellAll(): void {
    for (const seat of this.#seats.values()) this.#tell(seat)
  }

  #tell(seat: Seat): void {
    seat.tell(this.#isReadOnly, this.#over, this.#saver.error)
  }

  /** What was refused, of a page that has closed the document since, is not to be stored some day. */
  #dropClosed(): void {
    const seats = new Set(this.#seats.values())
    if (!this.#saver.drop((maker) => !seats.has(maker)) || seats.size === 0) return
    for (const seat of seats) seat.waitForAnswer()
    this.#tellAll()
    this.#copy.reload().catch(this.#deps.onError)
  }

  #emptyIfDone(): void {
    if (this.#seats.size > 0) return
    const isTried = this.#saver.error === undefined || this.#saver.error.retryable
    if (this.#over === undefined && this.#saver.unstored.length > 0 && isTried) return
    this.#deps.onEmpty()
  }
}
