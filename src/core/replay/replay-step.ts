import { isStopped } from '../run/open-step.ts'
import type { RerunDeps } from './definitions.ts'
import type { RecordedHooks, StepFrame } from './frames.ts'
import type { ReplayPlan } from './replay-input.ts'
import type { Divergence } from './report.ts'
import { isInputWhole, rerunStep } from './rerun-step.ts'
import type { Tally } from './tally.ts'

/** What became of a recorded step in a replay. */
export type StepDone = 'rerun' | 'runnable' | 'answered' | 'withheld' | 'unfinished'

interface Replayed {
  readonly done: StepDone
  readonly divergences: readonly Divergence[]
}

/** Replays one recorded step as the mode has it: runs it again, or answers it from the recording. */
export async function replayStep(
  deps: RerunDeps,
  plan: ReplayPlan,
  tally: Tally,
  frame: StepFrame,
  signal: AbortSignal | undefined,
): Promise<Replayed> {
  const { end, start } = frame
  const { step } = start.data
  // Where its body stood when the limit stopped it is recorded nowhere.
  if (end === undefined || isStopped(end)) return counted('unfinished')
  if (plan.mode === 'state') return counted('answered')

  const definition = await deps.findStep(step)
  if (definition === undefined) tally.missingSteps.add(step)
  const isEffect = definition?.purity === 'effect'
  if (definition === undefined || wasAnswered(frame) || (isEffect && !plan.effects.has(step)))
    return counted('answered')
  // What a hook took out of the input before it was recorded is recorded nowhere: run on the rest, the step would be
  // said to differ where nothing did.
  if (!isInputWhole(frame.startHooks) || deps.withheld?.has(start.id)) {
    tally.hooks.withheld += runsOf(frame.startHooks) + runsOf(frame.endHooks)
    return counted('withheld')
  }
  if (plan.mode === 'simulate') return counted('runnable')

  const again = await rerunStep(deps, plan, { ...frame, end }, definition, signal)
  if (isEffect) tally.steps.effects += 1
  tally.hooks.rerun += again.hooks
  tally.diverged(again.divergences)
  tally.modified(again.modified)
  for (const hook of again.missingHooks) tally.missingHooks.add(hook)
  return counted('rerun', again.divergences)

  function counted(done: StepDone, divergences: readonly Divergence[] = []): Replayed {
    tally.steps[done] += 1
    return { done, divergences }
  }
}

/** A before-hook gave the result, so the body never ran. */
function wasAnswered({ startHooks }: StepFrame): boolean {
  return startHooks.some(({ runs }) => runs.some(({ outcome }) => outcome === 'replace'))
}

function runsOf(hooks: readonly RecordedHooks[]): number {
  return hooks.reduce((sum, { runs }) => sum + runs.length, 0)
}
