import { type Checkpoint, isPermitted, type SessionRecord } from 'holdfast'
import { useState } from 'preact/hooks'
import type { DemoSession } from '../app/holdfast.ts'
import { attempt } from '../app/notices.ts'
import { Dialog } from '../ui/dialog.tsx'
import { formatTime } from '../ui/format.ts'
import { Time } from '../ui/time.tsx'
import { useStore } from '../ui/use-store.ts'
import { createCheckpointsStore } from './checkpoints-store.ts'

interface Props {
  readonly session: DemoSession
  readonly info: SessionRecord
}

export function CheckpointsTab({ session, info }: Props) {
  const store = useStore(createCheckpointsStore, session)
  const [chosen, setChosen] = useState<Checkpoint | null>(null)
  const items = store.items.value
  return (
    <div class="stack">
      {items?.length === 0 && <p class="empty">No checkpoint yet. “Save…” makes one.</p>}
      {items !== null && items.length > 0 && (
        <ul class="list" aria-label="Checkpoints">
          {items.map((checkpoint) => (
            <li key={checkpoint.id} class="row spread entry">
              <span>
                <strong>{checkpoint.label ?? 'Without a label'}</strong>
                <br />
                <span class="muted small">
                  <Time at={checkpoint.at} exact />
                </span>
              </span>
              <button
                type="button"
                class="button"
                disabled={!isPermitted(info.status, 'restore')}
                onClick={() => setChosen(checkpoint)}
              >
                Restore…
              </button>
            </li>
          ))}
        </ul>
      )}
      {chosen !== null && (
        <Dialog
          title={`Go back to ${chosen.label ? `“${chosen.label}”` : formatTime(chosen.at)}?`}
          action="Restore"
          onClose={() => setChosen(null)}
          onSubmit={() => attempt(() => session.restore(chosen), 'The state is as it was then.')}
        >
          <p>The state becomes what it was then. What happened since stays in the timeline.</p>
        </Dialog>
      )}
    </div>
  )
}
