import { isPermitted, type SessionRecord } from 'holdfast'
import { useState } from 'preact/hooks'
import type { DemoSession } from '../app/holdfast.ts'
import { attempt } from '../app/notices.ts'
import { useStore } from '../ui/use-store.ts'
import { EditValue } from './edit-value.tsx'
import { createStateStore, type StateEntry } from './state-store.ts'
import { StateTable } from './state-table.tsx'

interface Props {
  readonly session: DemoSession
  readonly info: SessionRecord
}

export function StateTab({ session, info }: Props) {
  const store = useStore(createStateStore, session)
  const [edited, setEdited] = useState<StateEntry | 'new' | null>(null)
  const writable = isPermitted(info.status, 'state.write')
  return (
    <div class="stack">
      <div class="row">
        <button type="button" class="button" disabled={!writable} onClick={() => setEdited('new')}>
          Add a key
        </button>
        {!writable && <p class="muted">A session that is {info.status} takes no writes.</p>}
      </div>
      <StateTable
        entries={store.entries.value}
        actions={(entry) => (
          <>
            <button
              type="button"
              class="button"
              disabled={!writable || entry[1] instanceof Uint8Array}
              aria-label={`Edit ${entry[0]}`}
              onClick={() => setEdited(entry)}
            >
              Edit
            </button>
            <button
              type="button"
              class="button danger"
              disabled={!writable}
              aria-label={`Delete ${entry[0]}`}
              onClick={() => attempt(() => session.state.delete(entry[0]))}
            >
              Delete
            </button>
          </>
        )}
      />
      {edited !== null && (
        <EditValue
          session={session}
          entry={edited === 'new' ? null : edited}
          onClose={() => setEdited(null)}
        />
      )}
    </div>
  )
}
