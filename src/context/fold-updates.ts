import * as Y from 'yjs'
import { createError } from '../core/errors.ts'

/** A document as its stored updates give it. */
export interface FoldedDocument {
  readonly doc: Y.Doc
  /** Indexes of the updates that could not be applied, and were left out. */
  readonly damaged: ReadonlySet<number>
}

/**
 * Builds a document from its snapshot (v2 bytes) and the updates (v1 bytes) after it. An update that cannot be applied
 * is left out, and the document begun anew: a failed apply has already changed a part of it.
 * @throws CONTENT_DAMAGED when the snapshot itself cannot be applied
 */
export function foldUpdates(
  snapshot: Uint8Array | undefined,
  updates: readonly Uint8Array[],
  /** Throws for an update that is to be left out. */
  check: (update: Uint8Array, doc: Y.Doc) => void = () => {},
): FoldedDocument {
  const damaged = new Set<number>()
  for (;;) {
    const doc = new Y.Doc()
    const failed = applyAll(doc, snapshot, updates, damaged, check)
    if (failed === undefined) return { doc, damaged }
    doc.destroy()
    damaged.add(failed)
  }
}

/** Applies all but the damaged ones in one transaction; gives the index of the first that fails. */
function applyAll(
  doc: Y.Doc,
  snapshot: Uint8Array | undefined,
  updates: readonly Uint8Array[],
  damaged: ReadonlySet<number>,
  check: (update: Uint8Array, doc: Y.Doc) => void,
): number | undefined {
  return doc.transact(() => {
    if (snapshot !== undefined) applySnapshot(doc, snapshot)
    for (const [index, update] of updates.entries()) {
      if (damaged.has(index)) continue
      try {
        check(update, doc)
        Y.applyUpdate(doc, update)
      } catch {
        return index
      }
    }
    return undefined
  })
}

function applySnapshot(doc: Y.Doc, snapshot: Uint8Array): void {
  try {
    Y.applyUpdateV2(doc, snapshot)
  } catch (error) {
    throw createError(
      'CONTENT_DAMAGED',
      'A snapshot of a document cannot be read; restore the session from a checkpoint.',
      {},
      error,
    )
  }
}
