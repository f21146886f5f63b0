import type { TimelineEvent } from '../timeline/event.ts'
import { createErrorAnalysis } from './error-analysis.ts'
import type { ModificationCount, Modified } from './modifications.ts'
import type { Divergence, ReplayMode, ReplayReport } from './report.ts'
import { isAtLeast, type Severity } from './severity.ts'
import type { ComparedState } from './state.ts'

/** Changed inputs that a report lists. */
const MAX_MODIFIED = 100

/** Counts what a replay does. */
export function createTally() {
  const errors = createErrorAnalysis()
  const missingSteps = new Set<string>()
  const missingHooks = new Set<string>()
  const divergences: Divergence[] = []
  const modified: Modified[] = []
  const steps = { rerun: 0, effects: 0, runnable: 0, answered: 0, withheld: 0, unfinished: 0 }
  const hooks = { rerun: 0, answered: 0, withheld: 0 }
  let events = 0

  return {
    steps,
    hooks,
    missingSteps,
    missingHooks,
    get events() {
      return events
    },
    event(event: TimelineEvent): void {
      events += 1
      errors.take(event)
    },
    diverged(found: readonly Divergence[]): void {
      divergences.push(...found)
    },
    modified(made: readonly Modified[]): void {
      modified.push(...made.slice(0, MAX_MODIFIED - modified.length))
    },
    report(
      mode: ReplayMode,
      threshold: Severity,
      modifications: readonly ModificationCount[],
      { divergences: ofState, isCompared }: ComparedState = { divergences: [], isCompared: false },
    ): ReplayReport {
      const all = [...divergences, ...ofState]
      const severities = { info: 0, minor: 0, major: 0, critical: 0 }
      for (const { severity } of all) severities[severity] += 1
      const counting = all.some(({ severity }) => isAtLeast(severity, threshold))
      const nothing = steps.rerun === 0 && !isCompared
      return {
        mode,
        events,
        steps: { ...steps, missing: [...missingSteps].sort() },
        hooks: { ...hooks, missing: [...missingHooks].sort() },
        divergences: all,
        severities,
        modifications,
        modified,
        errors: errors.result(),
        verdict: counting ? 'diverged' : nothing ? 'nothing to check' : 'same',
      }
    },
  }
}

export type Tally = ReturnType<typeof createTally>
