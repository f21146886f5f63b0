/** Who edits an app document, as awareness says: in pages of this tab, and in other tabs. */
import { awarenessFrame } from '../context/document-frames.ts'
import type { AwarenessChange, DocumentReplica } from '../context/document-replica.ts'
import type { WriterId } from '../core/ids.ts'
import { Seat } from './document-seat.ts'

/** Of awareness changes that the replica makes itself: it edits nothing. */
const OF_THE_REPLICA = 'local'

interface WhoEditsDeps {
  readonly seats: () => Iterable<Seat>
  /** Undefined while the document is not read. */
  readonly replica: () => DocumentReplica | undefined
  /** Other tabs are to hear who edits. */
  readonly say: (update: Uint8Array) => void
  readonly onError: (error: unknown) => void
}

export class WhoEdits {
  readonly #deps: WhoEditsDeps
  /** By the tab that told of them. */
  readonly #elsewhere = new Map<WriterId, Set<number>>()

  constructor(deps: WhoEditsDeps) {
    this.#deps = deps
  }

  /** Another tab tells who edits there. */
  take(writer: WriterId, update: Uint8Array): void {
    if (!this.#elsewhere.has(writer)) this.#elsewhere.set(writer, new Set())
    try {
      this.#deps.replica()?.takeAwareness(update, writer)
    } catch (error) {
      this.#deps.onError(error)
    }
  }

  /** A tab has gone, with all who edited there. */
  forget(writer: WriterId): void {
    const clients = this.#elsewhere.get(writer)
    this.#elsewhere.delete(writer)
    if (clients !== undefined) this.#deps.replica()?.leave([...clients], writer)
  }

  /** Who edits in this tab, for one that has just come. */
  own(): Uint8Array | undefined {
    const own = new Set([...this.#deps.seats()].flatMap(({ clients }) => [...clients]))
    return this.#deps.replica()?.awareness((client) => own.has(client))
  }

  changed({ update, clients, removed, origin }: AwarenessChange): void {
    if (origin === OF_THE_REPLICA) return
    const from = origin instanceof Seat ? origin.clients : this.#clientsOf(origin)
    for (const client of clients) from?.add(client)
    for (const client of removed) from?.delete(client)
    for (const seat of this.#deps.seats()) if (seat !== origin) seat.peer.send(awarenessFrame(update))
    if (origin instanceof Seat) this.#deps.say(update)
  }

  #clientsOf(origin: unknown): Set<number> | undefined {
    return [...this.#elsewhere].find(([writer]) => writer === origin)?.[1]
  }
}
