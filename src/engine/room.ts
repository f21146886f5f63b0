/** How much room is left, as the browser estimates it: some browsers' estimate is far off, so it only ever refuses what cannot fit. */
import { createError } from '../core/errors.ts'
import type { Room, StorageMeter } from '../core/ports.ts'

/** Below this a look at the estimate takes longer than to try. */
const FORECAST_FROM_BYTES = 1_048_576

/** Shares of the quota from which on it is little, and very little. */
const LOW_FROM = 0.8
const CRITICAL_FROM = 0.95

type Estimate = Awaited<ReturnType<StorageMeter['estimate']>>

export function roomOf({ usageBytes, quotaBytes }: Estimate): Room {
  if (usageBytes === null || quotaBytes === null || quotaBytes <= 0) return 'unknown'
  const share = usageBytes / quotaBytes
  if (share >= CRITICAL_FROM) return 'critical'
  return share >= LOW_FROM ? 'low' : 'enough'
}

/**
 * Looks before so many bytes are taken in.
 *
 * @param bytes undefined where nobody knows how many will come: then nothing is forecast
 * @throws QUOTA_EXCEEDED with `{ neededBytes, availableBytes }` where they cannot fit
 */
export async function assertRoom(
  meter: Pick<StorageMeter, 'estimate'>,
  bytes: number | undefined,
): Promise<void> {
  if (bytes === undefined || bytes < FORECAST_FROM_BYTES) return
  const { usageBytes, quotaBytes } = await meter.estimate()
  if (usageBytes === null || quotaBytes === null) return
  const availableBytes = Math.max(0, quotaBytes - usageBytes)
  if (bytes <= availableBytes) return
  throw createError(
    'QUOTA_EXCEEDED',
    `${bytes} bytes are to be stored, and the browser gives this origin ${availableBytes} more. Nothing was stored; delete something and try again.`,
    { neededBytes: bytes, availableBytes },
  )
}

/** Of a text at least so many as it has characters; undefined for a stream. */
export function bytesOf(content: unknown): number | undefined {
  if (typeof content === 'string') return content.length
  if (content instanceof Blob) return content.size
  return content instanceof ArrayBuffer || ArrayBuffer.isView(content) ? content.byteLength : undefined
}
