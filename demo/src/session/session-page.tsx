import type { DemoHoldfast } from '../app/holdfast.ts'
import { hrefOf, type Route, slideTo } from '../app/route.ts'
import { ArtifactsTab } from '../artifacts/artifacts-tab.tsx'
import { CheckpointsTab } from '../checkpoints/checkpoints-tab.tsx'
import { ReplayTab } from '../replay/replay-tab.tsx'
import { StateTab } from '../state/state-tab.tsx'
import { TimelineTab } from '../timeline/timeline-tab.tsx'
import { Lifecycle } from './lifecycle.tsx'
import { SessionHeading } from './session-heading.tsx'
import { SessionTabs } from './session-tabs.tsx'
import { type Opened, useOpened } from './use-opened.ts'

interface Props {
  readonly holdfast: DemoHoldfast
  readonly id: string
  readonly route: Route
}

export function SessionPage({ holdfast, id, route }: Props) {
  const opened = useOpened(holdfast, id)
  switch (opened.state) {
    case 'opening':
      return <p class="muted">Opening the session</p>
    case 'failed':
      return <Missing message={opened.message} />
    case 'open':
      return <Shown {...opened} route={route} />
  }
}

function Shown({
  session,
  info,
  route: { tab, moment },
}: Extract<Opened, { state: 'open' }> & Pick<Props, 'route'>) {
  return (
    <article class="stack session" aria-label={info.name}>
      <p class="back">
        <a href={hrefOf({})}>All sessions</a>
      </p>
      <SessionHeading info={info} writes={session.writes} />
      <Lifecycle session={session} info={info} />
      <SessionTabs session={session.id} tab={tab} />
      {tab === 'timeline' && <TimelineTab session={session} info={info} />}
      {tab === 'artifacts' && <ArtifactsTab session={session} info={info} />}
      {tab === 'state' && <StateTab session={session} info={info} />}
      {tab === 'checkpoints' && <CheckpointsTab session={session} info={info} />}
      {tab === 'replay' && (
        <ReplayTab
          session={session}
          moment={moment}
          onMove={(to) => slideTo({ session: session.id, tab, moment: to })}
        />
      )}
    </article>
  )
}

function Missing({ message }: { readonly message: string }) {
  return (
    <div class="empty stack">
      <h1>This session cannot be shown</h1>
      <p>{message}</p>
      <p>
        <a href={hrefOf({})}>All sessions</a>
      </p>
    </div>
  )
}
