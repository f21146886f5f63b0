import type { SessionRecord } from 'holdfast'
import type { DemoSession } from '../app/holdfast.ts'
import { hrefOf } from '../app/route.ts'
import { formatBytes, formatCost, formatCount } from '../ui/format.ts'
import { StatusBadge } from '../ui/status-badge.tsx'
import { Tags } from '../ui/tags.tsx'
import { Time } from '../ui/time.tsx'
import { WritesBadge } from './writes-badge.tsx'

interface Props {
  readonly info: SessionRecord
  readonly writes: DemoSession['writes']
}

export function SessionHeading({ info, writes }: Props) {
  return (
    <header class="stack">
      <div class="row">
        <h1>{info.name || 'Without a name'}</h1>
        <StatusBadge status={info.status} />
        <WritesBadge writes={writes} />
        <Tags tags={info.tags} />
      </div>
      {info.description && <p>{info.description}</p>}
      {info.failure && <p class="muted">It failed: {info.failure}</p>}
      <p class="muted small">
        Started <Time at={info.createdAt} />, changed <Time at={info.updatedAt} />
        {info.parentId && (
          <>
            , from <a href={hrefOf({ session: info.parentId })}>another session</a>
          </>
        )}
      </p>
      <Figures info={info} />
    </header>
  )
}

function Figures({ info: { counters } }: { readonly info: SessionRecord }) {
  const { usage } = counters
  const figures: readonly (readonly [name: string, figure: string])[] = [
    ['Events', formatCount(counters.events)],
    ['Artifacts', `${formatCount(counters.artifacts)} (${formatBytes(counters.artifactBytes)})`],
    [
      'Steps',
      counters.stepsFailed > 0
        ? `${formatCount(counters.steps)} (${formatCount(counters.stepsFailed)} failed)`
        : formatCount(counters.steps),
    ],
    ['Tokens', formatCount(usage.inputTokens + usage.outputTokens)],
    ['Cost', formatCost(usage.costUsd)],
  ]
  return (
    <dl class="figures">
      {figures.map(([name, figure]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{figure}</dd>
        </div>
      ))}
    </dl>
  )
}
