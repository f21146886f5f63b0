import { type SessionId, STORE_STREAM } from '../core/ids.ts'
import type { StreamChange } from './stream-change.ts'

/** The sessions whose deletion these rows tell: it stands in the store's own stream. */
export function deletedIn({ stream, rows }: StreamChange): readonly SessionId[] {
  if (stream !== STORE_STREAM) return []
  return rows
    .flatMap((row) => row.events)
    .filter(({ type }) => type === 'session.deleted')
    .map(({ data }) => (data as { readonly id: SessionId }).id)
}
