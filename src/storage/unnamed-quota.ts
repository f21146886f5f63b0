/**
 * A quota that is used up, of which the browser does not say so: Firefox calls it `UnknownError` now and then, and WebKit
 * aborts with no error where the disk is full. What it estimates then tells.
 */
import type { HoldfastError } from '../core/errors.ts'
import type { StorageMeter } from '../core/ports.ts'
import { fullError } from './error-map.ts'

/** An estimate lags behind, and a database grows by more than what is put into it: so much of the quota counts as none. */
const SLACK = 0.05

/** The names under which a failure of the database says nothing of its reason. */
const UNNAMED: ReadonlySet<unknown> = new Set(['UnknownError', 'null'])

export function isUnnamed(error: HoldfastError): boolean {
  return error.code === 'STORAGE_FAILED' && UNNAMED.has(error.details.name)
}

/** The failure of a commit of so many bytes: QUOTA_EXCEEDED where the browser's estimate leaves no room for them. */
export async function namedFailure(
  error: HoldfastError,
  sizeBytes: number,
  meter: Pick<StorageMeter, 'estimate'>,
): Promise<HoldfastError> {
  const { usageBytes, quotaBytes } = await meter.estimate()
  if (usageBytes === null || quotaBytes === null) return error
  const isFull = usageBytes + sizeBytes > quotaBytes * (1 - SLACK)
  return isFull ? fullError('storing a commit', error.cause) : error
}
