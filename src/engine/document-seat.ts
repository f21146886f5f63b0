/** How a page stands to an app document that it has open: what it sent, and what of that is stored. */
import type { HoldfastError } from '../core/errors.ts'
import type { Request } from '../core/request.ts'
import type { DocumentState } from '../protocol/messages.ts'
import { toWireError } from '../protocol/wire-error.ts'

/** A page that has the document open. */
export interface DocumentPeer {
  /** The Yjs client id that it writes under. */
  readonly clientId: number
  /** Who edits, as it is recorded. */
  readonly by: Pick<Request, 'actor' | 'client'>
  send(frame: Uint8Array): void
  tell(state: DocumentState): void
}

export class Seat {
  readonly peer: DocumentPeer
  /** Frames that came in before the document was read. */
  readonly early: Uint8Array[] = []
  /** Awareness of these clients came from here. */
  readonly clients = new Set<number>()
  /** Why nothing more is taken of it. */
  refused: HoldfastError | undefined
  /** Frames with edits, so far. */
  #edits = 0
  /** Up to which frame it is all stored once an edit of the saver is. */
  #waiting: { readonly edits: number; readonly added: number }[] = []
  /** So many frames with edits are stored. */
  #stored = 0

  constructor(peer: DocumentPeer) {
    this.peer = peer
  }

  /** A frame with edits came in. */
  countEdit(): void {
    this.#edits += 1
  }

  /** What came in until now is stored once the saver's edit of this number is. */
  waitFor(added: number): void {
    this.#waiting.push({ edits: this.#edits, added })
  }

  /** Nothing that came in is known to be stored, until the page was asked for it again and has answered. */
  waitForAnswer(): void {
    this.#waiting = []
  }

  /**
   * @param stored the number of the saver's last edit that is stored
   * @returns whether more of the page's edits are stored than it knows
   */
  settle(stored: number): boolean {
    const before = this.#stored
    for (;;) {
      const [next] = this.#waiting
      if (next === undefined || next.added > stored) return this.#stored > before
      this.#stored = next.edits
      this.#waiting.shift()
    }
  }

  /**
   * @param over why nothing of any page is stored any more
   * @param failed why nothing is stored at present
   */
  tell(readOnly: boolean, over: HoldfastError | undefined, failed: HoldfastError | undefined): void {
    const error = over ?? this.refused ?? failed
    const isOver = over !== undefined || this.refused !== undefined
    this.peer.tell({
      stored: this.#stored,
      readOnly,
      ...(error === undefined ? {} : { error: toWireError(error) }),
      ...(isOver ? { isOver } : {}),
    })
  }
}
