/** Who edits an app document, as awareness says: in pages of this tab, and in other tabs. */
import { awarenessFrame } from '../context/document-frames.ts'
import type { AwarenessChange, DocumentReplica } from '../context/document-replica.ts'
import type { WriterId } from '../core/ids.ts'
import { Seat } from './document-seat.ts'

/** Of awareness changes that the replica makes itself: it edits nothing. */
const OF_THE_REPLICA = 'local'

export class WhoEdits {
  /** By the tab that told of them. */
  readonly #elsewhere = new Map<WriterId, Set<number>>()
  readonly #seats: () => Iterable<Seat>
  /** Other tabs are to hear who edits. */
  readonly #say: (update: Uint8Array) => void

  constructor(seats: () => Iterable<Seat>, say: (update: Uint8Array) => void) {
    this.#seats = seats
    this.#say = say
  }

  /** Another tab tells who edits there. */
  take(replica: DocumentReplica | undefined, writer: WriterId, update: Uint8Array): void {
    if (!this.#elsewhere.has(writer)) this.#elsewhere.set(writer, new Set())
    replica?.takeAwareness(update, writer)
  }

  /** A tab has gone, with all who edited there. */
  forget(replica: DocumentReplica | undefined, writer: WriterId): void {
    const clients = this.#elsewhere.get(writer)
    this.#elsewhere.delete(writer)
    if (clients !== undefined) replica?.leave([...clients], writer)
  }

  /** Who edits in this tab, for one that has just come. */
  own(replica: DocumentReplica | undefined): Uint8Array | undefined {
    const own = new Set([...this.#seats()].flatMap(({ clients }) => [...clients]))
    return replica?.awareness((client) => own.has(client))
  }

  changed({ update, clients, removed, origin }: AwarenessChange): void {
    if (origin === OF_THE_REPLICA) return
    const from = origin instanceof Seat ? origin.clients : this.#clientsOf(origin)
    for (const client of clients) from?.add(client)
    for (const client of removed) from?.delete(client)
    for (const seat of this.#seats()) if (seat !== origin) seat.peer.send(awarenessFrame(update))
    if (origin instanceof Seat) this.#say(update)
  }

  #clientsOf(origin: unknown): Set<number> | undefined {
    return [...this.#elsewhere].find(([writer]) => writer === origin)?.[1]
  }
}
