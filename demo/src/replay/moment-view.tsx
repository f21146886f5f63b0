import type { Past, TimelineEvent } from 'holdfast'
import { attempt } from '../app/notices.ts'
import { goTo } from '../app/route.ts'
import { StateTable } from '../state/state-table.tsx'
import { describeEvent } from '../timeline/describe-event.ts'
import { EventType } from '../timeline/event-type.tsx'
import { Ask } from '../ui/ask.tsx'
import { Disclosure } from '../ui/disclosure.tsx'
import { formatBytes, formatNumberOf } from '../ui/format.ts'
import { Json } from '../ui/json.tsx'
import { StatusBadge } from '../ui/status-badge.tsx'
import { Time } from '../ui/time.tsx'
import { useDialog } from '../ui/use-dialog.ts'
import { changedKeys } from './changed-keys.ts'

interface Props {
  readonly event: TimelineEvent
  /** The session right after the event; null until it is read. */
  readonly past: Past | null
}

/** One moment: what happened, and how things stood after it. */
export function MomentView({ event, past }: Props) {
  return (
    <div class="columns">
      <section class="panel stack moment-event" aria-label="What happened">
        <div class="row spread">
          <EventType type={event.type} />
          <span class="muted small">
            <Time at={event.time} exact />
          </span>
        </div>
        <p class="sentence">{describeEvent(event)}</p>
        {/* Stays open from one moment to the next. */}
        <Disclosure class="data" summary="Data">
          {() => <Json value={event.data} />}
        </Disclosure>
      </section>
      <section
        class="panel stack moment-past"
        aria-label="How things stood"
        aria-busy={past?.eventId !== event.id}
      >
        {past !== null && <Standing past={past} changed={changedKeys(event)} />}
      </section>
    </div>
  )
}

function Standing({ past, changed }: { readonly past: Past; readonly changed: ReadonlySet<string> }) {
  const dialog = useDialog<'fork'>()
  return (
    <>
      <div class="row spread">
        <span class="row">
          <h2>How things stood</h2>
          <StatusBadge status={past.info.status} />
        </span>
        <button type="button" class="button small" onClick={() => dialog.show('fork')}>
          Fork from here…
        </button>
      </div>
      <StateTable entries={Object.entries(past.state)} marked={changed} />
      {past.artifacts.length === 0 && <p class="muted">No artifacts.</p>}
      {past.artifacts.length > 0 && (
        <Disclosure class="past-artifacts" summary={formatNumberOf(past.artifacts.length, 'artifact')}>
          {() => <PastArtifacts past={past} />}
        </Disclosure>
      )}
      {dialog.open === 'fork' && (
        <Ask
          title="Fork the session as it was then"
          label="Name of the new session"
          action="Fork"
          initial={`${past.info.name} (what if)`}
          onAnswer={(name) => attempt(async () => goTo({ session: (await past.fork({ name })).id }))}
          onClose={dialog.close}
        />
      )}
    </>
  )
}

function PastArtifacts({ past }: { readonly past: Past }) {
  return (
    <ul class="small muted">
      {past.artifacts.map(({ id, name, version, sizeBytes }) => (
        <li key={id}>
          {name}, version {version} ({formatBytes(sizeBytes)})
        </li>
      ))}
    </ul>
  )
}
