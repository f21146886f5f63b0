import type { TimelineEvent } from 'holdfast'
import { useEffect, useState } from 'preact/hooks'
import type { DemoSession } from '../app/holdfast.ts'
import { complain } from '../app/notices.ts'
import { formatNumberOf } from '../ui/format.ts'
import { CauseBranch } from './cause-branch.tsx'
import { buildCauseTree, type CauseNode } from './cause-tree.ts'

interface Props {
  readonly session: DemoSession
  /** The event whose correlation is shown. */
  readonly of: TimelineEvent
  readonly onClose: () => void
}

/** Events drawn at once; a transcript is one correlation of thousands. */
const PAGE = 100

/** What belongs together: all events of one correlation, each under its cause. */
export function CorrelationTree({ session, of, onClose }: Props) {
  const [roots, setRoots] = useState<readonly CauseNode[] | null>(null)
  const [shown, setShown] = useState(PAGE)
  const [count, setCount] = useState(0)

  useEffect(() => {
    const reading = new AbortController()
    session.timeline.tree(of, { signal: reading.signal }).then((events) => {
      const tree = buildCauseTree(events)
      setRoots(tree)
      setCount(events.length)
      setShown(pageWith(tree, of))
    }, complain)
    return () => reading.abort()
  }, [session, of])

  return (
    <div class="stack">
      <div class="row">
        <button type="button" class="button" onClick={onClose}>
          Back to the list
        </button>
        <p class="muted" role="status">
          {roots === null
            ? 'Reading what belongs together'
            : `${formatNumberOf(count, 'event')} belong together`}
        </p>
      </div>
      {roots !== null && (
        <ol class="list tree" aria-label="Events by cause">
          {roots.slice(0, shown).map((node) => (
            <CauseBranch key={node.event.id} node={node} marked={of} />
          ))}
        </ol>
      )}
      {roots !== null && roots.length > shown && (
        <button type="button" class="button" onClick={() => setShown(shown + PAGE)}>
          Show more
        </button>
      )}
    </div>
  )
}

/** As many as it takes to show the event the tree was opened from. */
function pageWith(roots: readonly CauseNode[], event: TimelineEvent): number {
  const place = roots.findIndex((node) => holds(node, event))
  return Math.max(PAGE, (Math.floor(place / PAGE) + 1) * PAGE)
}

function holds(node: CauseNode, event: TimelineEvent): boolean {
  return node.event.id === event.id || node.effects.some((effect) => holds(effect, event))
}
