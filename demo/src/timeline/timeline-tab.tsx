import { isPermitted, type SessionRecord, type TimelineEvent } from 'holdfast'
import { useState } from 'preact/hooks'
import type { DemoSession } from '../app/holdfast.ts'
import { useStore } from '../ui/use-store.ts'
import { AddNote } from './add-note.tsx'
import { CorrelationTree } from './correlation-tree.tsx'
import { EventRow } from './event-row.tsx'
import { TimelineFilters } from './timeline-filters.tsx'
import { createTimelineStore } from './timeline-store.ts'

interface Props {
  readonly session: DemoSession
  readonly info: SessionRecord
}

/** Everything that happened in the session. */
export function TimelineTab({ session, info }: Props) {
  const store = useStore(createTimelineStore, session)
  const [root, setRoot] = useState<TimelineEvent | null>(null)
  if (root !== null) return <CorrelationTree session={session} of={root} onClose={() => setRoot(null)} />

  const items = store.items.value
  return (
    <div class="stack">
      <div class="toolbar">
        <TimelineFilters store={store} />
        <AddNote session={session} disabled={!isPermitted(info.status, 'emit')} />
      </div>
      {items !== null && items.length > 0 && (
        <ol class="list" aria-label="Events">
          {items.map((event) => (
            <EventRow key={event.id} event={event} onShowTree={setRoot} />
          ))}
        </ol>
      )}
      {items?.length === 0 && <p class="empty">No event of this type.</p>}
      {store.cursor.value !== undefined && (
        <button type="button" class="button" onClick={store.more}>
          Show more
        </button>
      )}
    </div>
  )
}
