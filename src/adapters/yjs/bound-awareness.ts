/** Who edits a live document, sent to its worker and taken from it. */
import { type Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness'
import { awarenessFrame } from './frames.ts'
import { watchPageReturn } from './page-return.ts'

export class BoundAwareness {
  readonly #awareness: Awareness
  readonly #send: (frame: Uint8Array) => void
  readonly #stopWatching: () => void

  constructor(awareness: Awareness, send: (frame: Uint8Array) => void) {
    this.#awareness = awareness
    this.#send = send
    awareness.on('update', this.#onUpdate)
    this.#stopWatching = watchPageReturn(() => this.#sayAgain())
  }

  /** A worker is there that knows nothing of this page. */
  begin(): void {
    if (this.#awareness.getLocalState() !== null) this.#say([this.#awareness.clientID])
  }

  take(update: Uint8Array): void {
    applyAwarenessUpdate(this.#awareness, update, this)
  }

  stop(): void {
    this.#awareness.off('update', this.#onUpdate)
    this.#stopWatching()
  }

  readonly #onUpdate = ({ added, updated, removed }: Clients, origin: unknown): void => {
    // Each tab notices by itself who was silent for too long.
    if (origin !== this && origin !== 'timeout') this.#say([...added, ...updated, ...removed])
  }

  /** Under a clock that has not been heard of: what was said before, the others take for old. */
  #sayAgain(): void {
    const state = this.#awareness.getLocalState()
    if (state !== null) this.#awareness.setLocalState(state)
  }

  #say(clients: number[]): void {
    this.#send(awarenessFrame(encodeAwarenessUpdate(this.#awareness, clients)))
  }
}

interface Clients {
  readonly added: readonly number[]
  readonly updated: readonly number[]
  readonly removed: readonly number[]
}
