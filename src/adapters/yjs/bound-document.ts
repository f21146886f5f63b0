/** A live document, bound to the channel of its session. */
import { Awareness } from 'y-protocols/awareness'
import { applyUpdate, type Doc, mergeUpdates } from 'yjs'
import type { ChannelListener, ChannelState, DocumentChannel } from '../../index.ts'
import { BoundAwareness } from './bound-awareness.ts'
import { answerFrame, askFrame, readFrame, updateFrame } from './frames.ts'
import type { DocumentState, LiveDocument } from './live-document.ts'

/** As of the other handles, whose module an adapter does not reach (`core/async-dispose.ts`). */
const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? (Symbol.for('Symbol.asyncDispose') as typeof Symbol.asyncDispose)

/** Merging more at once takes longer than a frame each. */
const MERGED_AT_ONCE = 64

/** Of a document without content. */
const EMPTY_STATE_VECTOR = Uint8Array.of(0)

export class BoundDocument implements LiveDocument, ChannelListener {
  readonly doc: Doc
  readonly awareness: Awareness
  readonly synced: Promise<void>
  readonly #isOwnDoc: boolean
  readonly #boundAwareness: BoundAwareness
  readonly #listeners = new Set<(state: DocumentState) => void>()
  readonly #waiting = new Set<() => void>()
  #channel: DocumentChannel | undefined
  #settleSynced: { resolve(): void; reject(error: Error): void } = { resolve() {}, reject() {} }
  /** Edits of this microtask. */
  #edits: Uint8Array[] = []
  /** The worker has asked, and has been sent all that it lacks. */
  #isExchanged = false
  /** Frames with edits that this worker was sent. */
  #sent = 0
  #told: ChannelState | undefined
  #hasAnswered = false
  #isSynced = false
  #isLeft = false
  #state: DocumentState = { synced: false, stored: false, readOnly: false, error: null }
  #closing: Promise<void> | undefined

  constructor(doc: Doc, awareness: Awareness | undefined, isOwnDoc: boolean) {
    this.doc = doc
    this.awareness = awareness ?? new Awareness(doc)
    this.#isOwnDoc = isOwnDoc
    this.synced = new Promise((resolve, reject) => {
      this.#settleSynced = { resolve, reject }
    })
    // Whoever does not look at it has `state`.
    this.synced.catch(() => {})
    doc.on('update', this.#onEdit)
    doc.on('destroy', this.#onDestroy)
    this.#boundAwareness = new BoundAwareness(this.awareness, (frame) => this.#send(frame))
  }

  get state(): DocumentState {
    return this.#state
  }

  /** Whether the worker owes this page an answer. */
  isWaiting(): boolean {
    return !this.#state.stored && this.#state.error === null
  }

  /** A worker is there. It knows nothing of this page. */
  onOpen(channel: DocumentChannel): void {
    if (this.#isLeft) channel.close()
    if (this.#isLeft || this.#told?.isOver) return
    this.#channel = channel
    this.#isExchanged = false
    this.#sent = 0
    this.#told = this.#told && { ...this.#told, stored: 0, error: null }
    this.#send(askFrame(this.doc))
    this.#boundAwareness.begin()
    this.#changed()
  }

  onFrame(bytes: Uint8Array): void {
    const frame = readFrame(bytes)
    switch (frame.kind) {
      case 'ask':
        this.#answer(frame.stateVector)
        return
      case 'awareness':
        this.#boundAwareness.take(frame.update)
        return
      case 'update':
        this.#apply(frame.update)
        return
      case 'answer':
        this.#apply(frame.update)
        this.#isSynced = true
        this.#settleSynced.resolve()
        this.#changed()
    }
  }

  onState(state: ChannelState): void {
    // What ended it stays the reason.
    if (this.#told?.isOver) return
    this.#told = state
    if (state.isOver && state.error !== null) this.#settleSynced.reject(state.error)
    this.#changed()
    this.#wake()
  }

  subscribe(listener: (state: DocumentState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async flush(): Promise<void> {
    const channel = this.#channel
    this.#sendEdits()
    await channel?.flush()
    if (this.#state.stored) return
    await this.#until(() => this.#state.stored || this.#state.error !== null || this.#channel === undefined)
    if (!this.#state.stored && this.#state.error !== null) throw this.#state.error
    await channel?.flush()
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeNow()
    return this.#closing
  }

  [asyncDispose](): Promise<void> {
    return this.close()
  }

  async #closeNow(): Promise<void> {
    try {
      this.#sendEdits()
      if (!this.#state.stored) await this.flush()
    } finally {
      this.leave()
    }
  }

  /** Stops following, whatever is stored. */
  leave(): void {
    this.#isLeft = true
    this.doc.off('update', this.#onEdit)
    this.doc.off('destroy', this.#onDestroy)
    this.#boundAwareness.stop()
    this.#channel?.close()
    this.#channel = undefined
    if (this.#isOwnDoc) this.doc.destroy()
    this.#wake()
  }

  readonly #onEdit = (update: Uint8Array, origin: unknown): void => {
    if (origin === this) return
    if (this.#edits.length === 0) queueMicrotask(() => this.#sendEdits())
    this.#edits.push(update)
    this.#changed()
  }

  readonly #onDestroy = (): void => {
    this.#sendEdits()
    this.leave()
  }

  #sendEdits(): void {
    const edits = this.#edits
    this.#edits = []
    // They are in what the worker is sent when it asks.
    if (!this.#isExchanged) return
    for (let at = 0; at < edits.length; at += MERGED_AT_ONCE) {
      const some = edits.slice(at, at + MERGED_AT_ONCE)
      this.#sendEdit(updateFrame(some.length === 1 ? (some[0] as Uint8Array) : mergeUpdates(some)))
    }
    this.#changed()
  }

  #answer(stateVector: Uint8Array): void {
    this.#edits = []
    this.#isExchanged = true
    // All of it for once: by clocks alone nobody sees that two copies wrote under one client id.
    this.#sendEdit(answerFrame(this.doc, this.#hasAnswered ? stateVector : EMPTY_STATE_VECTOR))
    this.#hasAnswered = true
    this.#changed()
  }

  #sendEdit(frame: Uint8Array): void {
    this.#sent += 1
    this.#send(frame)
  }

  #send(frame: Uint8Array): void {
    if (this.#told?.isOver !== true) this.#channel?.send(frame)
  }

  /** An observer of the app's that throws has the doc as it should be all the same. */
  #apply(update: Uint8Array): void {
    try {
      applyUpdate(this.doc, update, this)
    } catch (error) {
      reportError(error)
    }
  }

  #changed(): void {
    const { stored = 0, readOnly = false, error = null, isOver = false } = this.#told ?? {}
    const isStored = this.#isExchanged && this.#edits.length === 0 && stored >= this.#sent
    const next = { synced: this.#isSynced, stored: isStored, readOnly: readOnly || isOver, error }
    const isSame = (Object.keys(next) as (keyof DocumentState)[]).every(
      (key) => next[key] === this.#state[key],
    )
    if (isSame) return
    this.#state = next
    this.#wake()
    for (const listener of [...this.#listeners]) {
      try {
        listener(next)
      } catch (error) {
        reportError(error)
      }
    }
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look()
  }

  #until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition()) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
  }
}
