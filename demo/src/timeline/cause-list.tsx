import type { TimelineNode } from 'holdfast'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Time } from '../ui/time.tsx'
import { describeEvent } from './describe-event.ts'
import { EventType } from './event-type.tsx'

interface Props {
  readonly nodes: readonly TimelineNode[]
  /** Ids from the event that the tree was opened from up to its first cause. */
  readonly path: ReadonlySet<string>
  readonly class: string
  readonly label?: string
}

/** Drawn at once under one cause: a whole transcript has one. */
const PAGE = 50

/** Events, each with what it caused below it. */
export function CauseList({ nodes, path, class: name, label }: Props) {
  const [shown, setShown] = useState(() => pageWith(nodes, path))
  return (
    <ol class={name} aria-label={label}>
      {nodes.slice(0, shown).map((node) => (
        <CauseBranch key={node.event.id} node={node} path={path} />
      ))}
      {nodes.length > shown && (
        <li class="entry">
          <button type="button" class="button small" onClick={() => setShown(shown + PAGE)}>
            Show more
          </button>
        </li>
      )}
    </ol>
  )
}

/** As many as it takes to show the one on the path. */
function pageWith(nodes: readonly TimelineNode[], path: ReadonlySet<string>): number {
  const place = nodes.findIndex(({ event }) => path.has(event.id))
  return Math.max(1, Math.ceil((place + 1) / PAGE)) * PAGE
}

interface BranchProps {
  readonly node: TimelineNode
  readonly path: ReadonlySet<string>
}

function CauseBranch({ node: { event, children }, path }: BranchProps) {
  const line = useRef<HTMLDivElement>(null)
  const [marked] = path
  const isMarked = event.id === marked

  useEffect(() => {
    if (isMarked) line.current?.scrollIntoView({ block: 'center' })
  }, [isMarked])

  return (
    <li>
      <div ref={line} class="event-line" aria-current={isMarked ? 'true' : undefined}>
        <EventType type={event.type} />
        <span class="sentence truncate">{describeEvent(event)}</span>
        <span class="when muted small">
          <Time at={event.time} exact />
        </span>
      </div>
      {children.length > 0 && <CauseList class="effects" nodes={children} path={path} />}
    </li>
  )
}
