import type { ReplayReport as Report, TimelineEvent } from 'holdfast'
import { useState } from 'preact/hooks'
import type { DemoSession } from '../app/holdfast.ts'
import { attempt } from '../app/notices.ts'
import type { Answers } from '../look-up/answers.ts'
import { AnswersChoice } from '../look-up/answers-choice.tsx'
import { ReplayReport } from './replay-report.tsx'
import { runExact } from './run-exact.ts'

interface Props {
  readonly session: DemoSession
  /** The event that is looked at. */
  readonly to: TimelineEvent
  /** Whether the session has steps that a transcript's file can answer. */
  readonly takesAnswers: boolean
}

/** Runs again what can be run again, and compares it with what is recorded. */
export function ExactReplay({ session, to, takesAnswers }: Props) {
  const [answers, setAnswers] = useState<Answers | null>(null)
  const [report, setReport] = useState<Report | null>(null)
  const [running, setRunning] = useState(false)

  async function run(last?: TimelineEvent): Promise<void> {
    setRunning(true)
    await attempt(async () => setReport(await runExact(session, answers, last)))
    setRunning(false)
  }

  return (
    <section class="panel stack" aria-label="Exact replay">
      <h2>Exact replay</h2>
      <p class="muted">
        Steps whose code is here and may run again do so on their recorded input; all others answer from the
        recording. Each result is compared. Nothing is stored.
      </p>
      {takesAnswers && (
        <AnswersChoice
          answers={answers}
          disabled={running}
          onChange={(chosen) => {
            setAnswers(chosen)
            // It told of other answers.
            setReport(null)
          }}
        />
      )}
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
