import type { Divergence, ReplayReport } from './report.ts'

/** What an exact replay has counted so far. */
export interface Tally {
  rerun: number
  answered: number
  unfinished: number
  hooksRerun: number
  withheld: number
  readonly missingSteps: Set<string>
  readonly missingHooks: Set<string>
  readonly divergences: Divergence[]
  report(events: number): ReplayReport
}

export function createTally(): Tally {
  const tally: Tally = {
    rerun: 0,
    answered: 0,
    unfinished: 0,
    hooksRerun: 0,
    withheld: 0,
    missingSteps: new Set(),
    missingHooks: new Set(),
    divergences: [],
    report: (events) => ({
      mode: 'exact',
      events,
      steps: {
        rerun: tally.rerun,
        answered: tally.answered,
        unfinished: tally.unfinished,
        missing: [...tally.missingSteps],
      },
      hooks: { rerun: tally.hooksRerun, withheld: tally.withheld, missing: [...tally.missingHooks] },
      divergences: tally.divergences,
      verdict: verdictOf(tally),
    }),
  }
  return tally
}

function verdictOf({ rerun, divergences }: Tally): ReplayReport['verdict'] {
  if (divergences.length > 0) return 'diverged'
  return rerun === 0 ? 'nothing to check' : 'same'
}
