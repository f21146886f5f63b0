import type { ReplayContext, RerunnableHook, RerunOptions } from '../hook/rerun.ts'
import { rerunRecordHooks } from '../hook/rerun.ts'
import type { SessionId } from '../ids.ts'
import { sameValue } from '../state/same-value.ts'
import type { StateValue } from '../state/value.ts'
import type { HookRunRecord } from '../timeline/catalog.ts'
import type { Draft } from './draft.ts'
import type { Divergence } from './report.ts'
import type { RecordedRuns, StepFrame } from './step-frames.ts'
import type { Tally } from './tally.ts'

export interface HookReplayDeps {
  /** A record-hook of `step:run` by `id@version`. */
  readonly findHook: (hook: string) => RerunnableHook<'step:run'> | undefined
  readonly rerun: RerunOptions
}

/** Runs the hooks that shaped a step's record again, in recorded order, and compares what each of them did. */
export async function replayHooks(
  deps: HookReplayDeps,
  session: SessionId,
  { start, end }: StepFrame,
  recorded: RecordedRuns | undefined,
  draft: Draft,
  tally: Tally,
): Promise<void> {
  if (recorded === undefined) return
  // What a hook took out of an input is recorded nowhere, so what it would do to it again cannot be told.
  if (draft.phase === 'started' && recorded.runs.some(({ outcome }) => outcome === 'modify')) {
    tally.withheld += recorded.runs.length
    return
  }
  const found: { readonly hook: RerunnableHook<'step:run'>; readonly run: HookRunRecord }[] = []
  for (const run of recorded.runs) {
    // It gave no answer then: there is nothing to compare with.
    if (run.outcome === 'skipped' || run.outcome === 'failed') continue
    const hook = deps.findHook(run.hook)
    if (hook !== undefined) found.push({ hook, run })
    else tally.missingHooks.add(run.hook)
  }
  const time = draft.phase === 'started' ? start.time : (end?.time ?? start.time)
  const context: ReplayContext = {
    sessionId: session,
    correlationId: start.correlationId,
    causeId: start.id,
    startedAt: start.time,
    now: () => time,
    ...(start.actor === undefined ? {} : { actor: start.actor }),
  }
  const hooks = found.map(({ hook }) => hook)
  const { runs } = await rerunRecordHooks(hooks, draft, context, deps.rerun)
  runs.forEach((run, index) => {
    const before = found[index]?.run
    tally.hooksRerun += 1
    if (before !== undefined && !sameRun(before, run)) {
      tally.divergences.push(hookDivergence(start.data.key, recorded, before, run))
    }
  })
}

function sameRun(recorded: HookRunRecord, run: HookRunRecord): boolean {
  return (
    recorded.outcome === run.outcome &&
    recorded.digest === run.digest &&
    sameValue(recorded.note ?? null, run.note ?? null)
  )
}

function hookDivergence(
  key: string,
  { eventId }: RecordedRuns,
  recorded: HookRunRecord,
  run: HookRunRecord,
): Divergence {
  return {
    kind: 'hook',
    subject: recorded.hook,
    eventId,
    key,
    path: '',
    expected: told(recorded),
    got: told(run),
  }
}

function told({ outcome, digest, note }: HookRunRecord): StateValue {
  return { outcome, ...(digest === undefined ? {} : { digest }), ...(note === undefined ? {} : { note }) }
}
