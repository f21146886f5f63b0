import type { TimelineEvent, TimelineNode } from 'holdfast'
import { useEffect, useState } from 'preact/hooks'
import type { DemoSession } from '../app/holdfast.ts'
import { complain } from '../app/notices.ts'
import { formatNumberOf } from '../ui/format.ts'
import { CauseList } from './cause-list.tsx'
import { eventsOf, pathTo } from './cause-tree.ts'

interface Props {
  readonly session: DemoSession
  /** The event whose correlation is shown. */
  readonly of: TimelineEvent
  readonly onClose: () => void
}

/** What belongs together: all events of one correlation, each under its cause. */
export function CorrelationTree({ session, of, onClose }: Props) {
  const [nodes, setNodes] = useState<readonly TimelineNode[] | null>(null)
  const events = nodes === null ? null : eventsOf(nodes)

  useEffect(() => {
    const reading = new AbortController()
    session.timeline.tree(of, { signal: reading.signal }).then(setNodes, complain)
    return () => reading.abort()
  }, [session, of])

  return (
    <div class="stack">
      <div class="row">
        <button type="button" class="button" onClick={onClose}>
          Back to the list
        </button>
        <p class="muted" role="status">
          {events === null
            ? 'Reading what belongs together'
            : `${formatNumberOf(events.length, 'event')} belong together`}
        </p>
      </div>
      {nodes !== null && events !== null && (
        <CauseList class="list" label="Events by cause" nodes={nodes} path={pathTo(of, events)} />
      )}
    </div>
  )
}
