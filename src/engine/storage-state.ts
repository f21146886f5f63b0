import type { HoldfastError } from '../core/errors.ts'
import { isConnectionLost } from '../storage/connection.ts'

/** What pages are told of a database whose connection ended for this reason. */
export function storageStateOf(reason: HoldfastError): 'lost' | 'stale' | 'closed' {
  if (reason.code === 'STORAGE_NEWER') return 'stale'
  return isConnectionLost(reason) ? 'closed' : 'lost'
}
