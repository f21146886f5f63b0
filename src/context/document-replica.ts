/**
 * The copy of an app document that a worker keeps while a page has it open. It holds what is stored and what its pages
 * are about to store; what comes in passes the gate for updates from outside.
 */
import {
  Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates,
} from 'y-protocols/awareness'
import type * as Y from 'yjs'
import { createError } from '../core/errors.ts'
import { foldDocument } from './app-documents.ts'
import { checkAwareness } from './check-awareness.ts'
import { answerFrame, askFrame } from './document-frames.ts'
import { mergeUpdates } from './merge-updates.ts'
import { applyFromOutside, type GateOptions } from './update-gate.ts'

/** Who edits where, for as long as its tab lives; never stored. */
export interface AwarenessChange {
  /** What others have to hear, as an update of y-protocols. */
  readonly update: Uint8Array
  readonly clients: readonly number[]
  readonly removed: readonly number[]
  /** As given to `takeAwareness` and `leave`. */
  readonly origin: unknown
}

/** A Yjs client id; or of whom something was deleted, which Yjs does not say. */
export type Awaited = number | 'deleted'

export class DocumentReplica {
  readonly #doc: Y.Doc
  readonly #awareness: Awareness

  /** @throws CONTENT_DAMAGED when the snapshot (v2 bytes) cannot be read */
  constructor(
    snapshot: Uint8Array | undefined,
    updates: readonly Uint8Array[],
    onAwareness: (change: AwarenessChange) => void,
  ) {
    this.#doc = foldDocument(snapshot, updates)
    this.#awareness = new Awareness(this.#doc)
    // The worker itself edits nothing.
    this.#awareness.setLocalState(null)
    this.#awareness.on('update', ({ added, updated, removed }: Clients, origin: unknown) => {
      const clients = [...added, ...updated]
      const update = encodeAwarenessUpdate(this.#awareness, [...clients, ...removed])
      onAwareness({ update, clients, removed, origin })
    })
  }

  /** Whose edits something waits for that have not come. */
  get awaited(): ReadonlySet<Awaited> {
    const { pendingStructs, pendingDs } = this.#doc.store
    return new Set([
      ...(pendingStructs?.missing.keys() ?? []),
      ...(pendingDs === null ? [] : ['deleted' as const]),
    ])
  }

  /**
   * Takes an update from outside; gives what of it was new (v1), undefined when nothing was.
   * @throws what {@link applyFromOutside} throws
   */
  take(update: Uint8Array, options: Omit<GateOptions, 'doc'> = {}): Uint8Array | undefined {
    const news: Uint8Array[] = []
    const listen = (each: Uint8Array) => news.push(each)
    this.#doc.on('update', listen)
    try {
      applyFromOutside(this.#doc, update, options)
    } finally {
      this.#doc.off('update', listen)
    }
    return news.length === 0 ? undefined : mergeUpdates(news)
  }

  /** A frame that asks a page for what it has and the replica has not. */
  ask(): Uint8Array {
    return askFrame(this.#doc)
  }

  /**
   * A frame with all that a page lacks.
   * @throws INVALID_VALUE for a state vector that cannot be read
   */
  answer(stateVector: Uint8Array): Uint8Array {
    try {
      return answerFrame(this.#doc, stateVector)
    } catch (cause) {
      throw createError(
        'INVALID_VALUE',
        'A state vector of a document cannot be read.',
        { path: 'frame' },
        cause,
      )
    }
  }

  /** @throws INVALID_VALUE, VALUE_TOO_LARGE; nothing has changed then */
  takeAwareness(update: Uint8Array, origin: unknown): void {
    checkAwareness(update)
    applyAwarenessUpdate(this.#awareness, update, origin)
  }

  /** These clients edit no more. */
  leave(clients: readonly number[], origin: unknown): void {
    removeAwarenessStates(this.#awareness, [...clients], origin)
  }

  /** Of all clients, or of some, as an update of y-protocols; undefined where nobody is known. */
  awareness(of: (client: number) => boolean = () => true): Uint8Array | undefined {
    const clients = [...this.#awareness.getStates().keys()].filter(of)
    return clients.length === 0 ? undefined : encodeAwarenessUpdate(this.#awareness, clients)
  }

  destroy(): void {
    this.#doc.destroy()
  }
}

interface Clients {
  readonly added: readonly number[]
  readonly updated: readonly number[]
  readonly removed: readonly number[]
}
