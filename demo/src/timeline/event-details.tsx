import type { TimelineEvent } from 'holdfast'
import { hrefOf } from '../app/route.ts'
import { Json } from '../ui/json.tsx'

interface Props {
  readonly event: TimelineEvent
  readonly onShowTree: (event: TimelineEvent) => void
}

export function EventDetails({ event, onShowTree }: Props) {
  return (
    <div class="details stack">
      <dl class="facts">
        <dt>Event</dt>
        <dd class="mono">{event.id}</dd>
        <dt>Correlation</dt>
        <dd class="mono">{event.correlationId}</dd>
        {event.causeId && (
          <>
            <dt>Cause</dt>
            <dd class="mono">{event.causeId}</dd>
          </>
        )}
        <dt>By</dt>
        <dd>
          {event.actor?.name ?? event.actor?.id ?? 'Holdfast'} ({event.source})
        </dd>
      </dl>
      <Json value={event.data} />
      <div class="row">
        <button type="button" class="button" onClick={() => onShowTree(event)}>
          What belongs to it
        </button>
        {event.sessionId && (
          <a class="button" href={hrefOf({ session: event.sessionId, tab: 'replay', moment: event.id })}>
            Go to this moment
          </a>
        )}
      </div>
    </div>
  )
}
