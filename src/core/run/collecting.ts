import { abandonArtifacts } from '../artifact/abandon.ts'
import { prepareCollected } from '../artifact/collect.ts'
import { type ArtifactsDecision, decideArtifacts, headsOfArtifacts } from '../artifact/decide.ts'
import type { HeadKey, HeadReader } from '../commit.ts'
import type { Collected } from '../hook/definition.ts'
import type { HookRunRecord } from '../timeline/catalog.ts'
import type { EventFrame } from '../timeline/make-event.ts'
import type { StepDeps } from './deps.ts'
import type { StepScope } from './step-scope.ts'

/** What collectors asked for, ready for the decision of the step's own commit. */
export interface Collecting {
  readonly heads: readonly HeadKey[]
  /** What the before-hooks of `artifact:store` did. */
  readonly runs: readonly HookRunRecord[]
  decide(heads: HeadReader, frame: EventFrame): ArtifactsDecision
  stored(): void
  abandon(): Promise<void>
}

export async function prepareCollecting(
  deps: Pick<StepDeps, 'clock' | 'hooks' | 'intake'>,
  scope: StepScope,
  collected: readonly Collected[],
): Promise<Collecting> {
  const { hooks: told, sessionId: session } = scope
  if (told === undefined || collected.length === 0) return NOTHING
  const { clock, hooks, intake } = deps
  const { prepared, runs } = await prepareCollected({ hooks, intake }, collected, told)
  return {
    heads: headsOfArtifacts(session, prepared),
    runs,
    decide: (heads, frame) => decideArtifacts(prepared, { session, heads, clock, frame }),
    stored() {
      for (const { draft, content } of prepared) {
        hooks.after('artifact:store', { draft, sizeBytes: content.sizeBytes }, told)
      }
    },
    abandon: () => abandonArtifacts(intake, prepared),
  }
}

const NOTHING: Collecting = {
  heads: [],
  runs: [],
  decide: () => ({ records: [], events: [], heads: [], rows: [] }),
  stored: () => {},
  abandon: async () => {},
}
