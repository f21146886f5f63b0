import { useEffect } from 'preact/hooks'
import type { DemoSession } from '../app/holdfast.ts'
import { startsLookUp } from '../look-up/steps.ts'
import { useStore } from '../ui/use-store.ts'
import { DebugReplay } from './debug-replay.tsx'
import { ExactReplay } from './exact-replay.tsx'
import { MomentControls } from './moment-controls.tsx'
import { MomentView } from './moment-view.tsx'
import { createReplayStore } from './replay-store.ts'

interface Props {
  readonly session: DemoSession
  /** Id of the event to begin at. */
  readonly moment: string | undefined
  readonly onMove: (moment: string) => void
}

/** Walks through what happened, and replays it. */
export function ReplayTab({ session, moment, onMove }: Props) {
  const store = useStore(createReplayStore, session)
  const events = store.events.value
  const event = store.event.value

  useEffect(() => {
    const place = events.findIndex(({ id }) => id === moment)
    if (place >= 0) store.moveTo(place)
  }, [store, events.length, moment])

  if (event === undefined) return <p class="muted">Reading the timeline</p>
  return (
    <div class="stack">
      <MomentControls
        place={store.place.value}
        count={events.length}
        onMove={(place) => {
          store.moveTo(place)
          const chosen = store.event.value
          if (chosen !== undefined) onMove(chosen.id)
        }}
      />
      <MomentView event={event} past={store.past.value} />
      <ExactReplay key={session.id} session={session} to={event} takesAnswers={events.some(startsLookUp)} />
      <DebugReplay key={`debug ${session.id}`} session={session} />
    </div>
  )
}
