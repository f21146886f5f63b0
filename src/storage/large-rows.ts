/**
 * Rows that a later strict transaction does not carry. Chromium keeps a value of 64 KiB and more in a file of its own,
 * and flushes that file only at the end of a strict transaction that wrote it: what a relaxed one wrote is a row without
 * its value after a power cut, whatever was flushed later. So what may hold such a row is never relaxed.
 */

import { sizeOf } from '../core/size.ts'
import type { Entry } from './entry.ts'

/**
 * From this size on, by our estimate, a row is taken for large. The estimate counts a character as one byte where
 * storing takes up to two in the event and three more in the update beside it: a fifth of 64 KiB, rounded down.
 */
export const LARGE_ROW_BYTES = 12_288

/** Whether storing these may write a large row. One stream's writes in a batch share a row. */
export function mayWriteLargeRow(batch: readonly Entry[]): boolean {
  const bytesByStream = new Map<string, number>()
  for (const { decided } of batch) {
    if (decided.rows.some((row) => sizeOf(row) >= LARGE_ROW_BYTES)) return true
    for (const { write, sizeBytes } of decided.writes) {
      const bytes = (bytesByStream.get(write.stream) ?? 0) + sizeBytes
      if (bytes >= LARGE_ROW_BYTES) return true
      bytesByStream.set(write.stream, bytes)
    }
  }
  return false
}
