import type { ReplayReport as Report } from 'holdfast'
import { formatCount, formatNumberOf } from '../ui/format.ts'
import { Json } from '../ui/json.tsx'

const VERDICTS = {
  same: { colour: 'good', text: 'Everything came out the same.' },
  diverged: { colour: 'bad', text: 'Something came out differently.' },
  'nothing to check': { colour: 'warn', text: 'Nothing could be run again, so nothing was checked.' },
} as const satisfies Record<Report['verdict'], { colour: string; text: string }>

export function ReplayReport({ report }: { readonly report: Report }) {
  const { steps, hooks, divergences } = report
  const verdict = VERDICTS[report.verdict]
  return (
    <div class="stack">
      <p class="row">
        <span class={`badge ${verdict.colour}`} data-verdict={report.verdict}>
          {report.verdict}
        </span>
        {verdict.text}
      </p>
      <dl class="figures">
        <Figure name="Events" count={report.events} />
        <Figure name="Steps run again" count={steps.rerun} />
        <Figure name="Steps answered from the recording" count={steps.answered} />
        {steps.withheld > 0 && <Figure name="Steps with a redacted input" count={steps.withheld} />}
        <Figure name="Steps without an end" count={steps.unfinished} />
        <Figure name="Hooks run again" count={hooks.rerun} />
        <Figure name="Divergences" count={divergences.length} />
      </dl>
      {steps.missing.length > 0 && (
        <p class="muted small">
          No code here for: <code>{steps.missing.join(', ')}</code>
        </p>
      )}
      {divergences.length > 0 && (
        <ol class="list" aria-label={formatNumberOf(divergences.length, 'divergence')}>
          {divergences.map(({ kind, subject, eventId, key, path, expected, got, severity }) => (
            <li key={`${eventId} ${subject} ${path}`} class="entry stack">
              <strong>
                {kind} <code>{subject}</code>
                {key && (
                  <>
                    {' '}
                    with key <code>{key}</code>
                  </>
                )}
                {path && (
                  <>
                    {' '}
                    at <code>{path}</code>
                  </>
                )}
              </strong>
              <span class="muted small">{severity}</span>
              <div class="columns">
                <div>
                  <h3>Recorded</h3>
                  <Json value={expected} />
                </div>
                <div>
                  <h3>Now</h3>
                  <Json value={got} />
                </div>
              </div>
            </li>
          ))}
        </ol>
      )}
    </div>
  )
}

function Figure({ name, count }: { readonly name: string; readonly count: number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{formatCount(count)}</dd>
    </div>
  )
}
