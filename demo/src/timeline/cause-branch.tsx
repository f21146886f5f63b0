import type { TimelineEvent } from 'holdfast'
import { Time } from '../ui/time.tsx'
import type { CauseNode } from './cause-tree.ts'
import { describeEvent } from './describe-event.ts'
import { EventType } from './event-type.tsx'

interface Props {
  readonly node: CauseNode
  /** The event the tree was opened from. */
  readonly marked: TimelineEvent
}

export function CauseBranch({ node: { event, effects }, marked }: Props) {
  return (
    <li class="event-place">
      <div class="event-line" aria-current={event.id === marked.id ? 'true' : undefined}>
        <EventType type={event.type} />
        <span class="sentence truncate">{describeEvent(event)}</span>
        <span class="when muted small">
          <Time at={event.time} exact />
        </span>
      </div>
      {effects.length > 0 && (
        <ol class="effects">
          {effects.map((effect) => (
            <CauseBranch key={effect.event.id} node={effect} marked={marked} />
          ))}
        </ol>
      )}
    </li>
  )
}
