import { formatNumberOf } from '../ui/format.ts'
import type { SessionListStore } from './session-list-store.ts'
import { SessionRow } from './session-row.tsx'

export function SessionList({ store }: { readonly store: SessionListStore }) {
  const items = store.items.value
  const total = store.total.value
  return (
    <div class="stack">
      <p class="muted small" role="status">
        {items === null ? 'Reading the sessions' : formatNumberOf(total, 'session')}
      </p>
      {items !== null && items.length > 0 && (
        <ul class="list" aria-label="Sessions">
          {items.map((record) => (
            <SessionRow key={record.id} record={record} />
          ))}
        </ul>
      )}
      {items !== null && items.length < total && (
        <button type="button" class="button" onClick={store.more}>
          Show more
        </button>
      )}
      {items?.length === 0 && (
        <p class="empty">
          {store.filtered.value ? 'No session fits.' : 'No sessions yet. Start one, or import a transcript.'}
        </p>
      )}
    </div>
  )
}
