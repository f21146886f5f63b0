import type { Awareness } from 'y-protocols/awareness'
import type { Doc } from 'yjs'
import type { HoldfastError } from '../../index.ts'

/** How a live document stands: immutable, and replaced at each change. */
export interface DocumentState {
  /** What was stored of it is in the doc. */
  readonly synced: boolean
  /** Every edit of this page is stored: what an app shows as "saved". */
  readonly stored: boolean
  /**
   * The session takes no writes, so the editor should not either. An edit made all the same stays in the doc, is not
   * stored, and makes `flush` reject; it is stored when the session takes writes again while the document is open.
   */
  readonly readOnly: boolean
  /** Why edits are not stored at present; null where nothing is wrong. */
  readonly error: HoldfastError | null
}

/** An app document that is open for editing. */
export interface LiveDocument extends AsyncDisposable {
  /** What editors bind to. */
  readonly doc: Doc
  /** Who edits where, in every tab; never stored. */
  readonly awareness: Awareness
  /** Resolves when what is stored is in the doc; rejects when that can never be. */
  readonly synced: Promise<void>
  readonly state: DocumentState
  /** Calls back when `state` was replaced. The function returned ends it. */
  subscribe(listener: (state: DocumentState) => void): () => void
  /**
   * Resolves when every edit made until now is stored and survives a power cut.
   * @throws SESSION_NOT_ACTIVE, SESSION_NOT_FOUND, VALUE_TOO_LARGE, QUOTA_EXCEEDED or whatever keeps them from being stored
   */
  flush(): Promise<void>
  /**
   * Stores what is not stored yet, and stops following the document. A doc that was made here is destroyed.
   * @throws what `flush` throws; it is closed all the same
   */
  close(): Promise<void>
}
