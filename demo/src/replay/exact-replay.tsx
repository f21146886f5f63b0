import type { ReplayReport as Report, TimelineEvent } from 'holdfast'
import { useState } from 'preact/hooks'
import type { DemoSession } from '../app/holdfast.ts'
import { attempt } from '../app/notices.ts'
import { ReplayReport } from './replay-report.tsx'

interface Props {
  readonly session: DemoSession
  /** The event that is looked at. */
  readonly to: TimelineEvent
}

/** Runs again what can be run again, and compares it with what is recorded. */
export function ExactReplay({ session, to }: Props) {
  const [report, setReport] = useState<Report | null>(null)
  const [running, setRunning] = useState(false)

  async function run(last?: TimelineEvent): Promise<void> {
    setRunning(true)
    await attempt(async () =>
      setReport(await session.replay({ mode: 'exact', ...(last ? { to: last } : {}) }).report),
    )
    setRunning(false)
  }

  return (
    <section class="panel stack" aria-label="Exact replay">
      <h2>Exact replay</h2>
      <p class="muted">
        Steps whose code is here and may run again do so on their recorded input; all others answer from the
        recording. Each result is compared. Nothing is stored.
      </p>
      <div class="row">
        <button type="button" class="button primary" disabled={running} onClick={() => run()}>
          Replay all
        </button>
        <button type="button" class="button" disabled={running} onClick={() => run(to)}>
          Replay to this event
        </button>
      </div>
      <div role="status" aria-busy={running}>
        {report !== null && <ReplayReport report={report} />}
      </div>
    </section>
  )
}
