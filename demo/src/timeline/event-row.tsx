import type { TimelineEvent } from 'holdfast'
import { Disclosure } from '../ui/disclosure.tsx'
import { Time } from '../ui/time.tsx'
import { describeEvent } from './describe-event.ts'
import { EventDetails } from './event-details.tsx'
import { EventType } from './event-type.tsx'

interface Props {
  readonly event: TimelineEvent
  readonly onShowTree: (event: TimelineEvent) => void
}

export function EventRow({ event, onShowTree }: Props) {
  return (
    <li class="event-place">
      <Disclosure
        class="event"
        summary={
          <>
            <EventType type={event.type} />
            <span class="sentence truncate">{describeEvent(event)}</span>
            <span class="when muted small">
              <Time at={event.time} exact />
            </span>
          </>
        }
      >
        {() => <EventDetails event={event} onShowTree={onShowTree} />}
      </Disclosure>
    </li>
  )
}
