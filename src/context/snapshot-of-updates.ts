import * as Y from 'yjs'
import { foldUpdates } from './fold-updates.ts'

/**
 * The snapshot (v2 bytes) of an app document from the one before it and the updates (v1 bytes) after that; undefined
 * where some of them are damaged, which must stay where a repair finds them.
 */
export function snapshotOfUpdates(
  snapshot: Uint8Array | undefined,
  updates: readonly Uint8Array[],
): Uint8Array | undefined {
  const { doc, damaged } = foldUpdates(snapshot, updates)
  const bytes = damaged.size === 0 ? Y.encodeStateAsUpdateV2(doc) : undefined
  doc.destroy()
  return bytes
}
