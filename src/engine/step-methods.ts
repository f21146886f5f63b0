import { createError } from '../core/errors.ts'
import { type RunId, sessionStream } from '../core/ids.ts'
import { explainRun } from '../core/run/explain.ts'
import { createOwnerships } from '../core/run/ownership.ts'
import { createRunSteps } from '../core/run/run-steps.ts'
import { createRuns } from '../core/run/runs.ts'
import { createSteps, type Steps } from '../core/run/steps.ts'
import type { Peers } from '../sync/peers.ts'
import type { Methods } from './methods.ts'
import type { Parts } from './parts.ts'

type Names = Extract<keyof Methods, `steps.${string}` | `runs.${string}` | 'recordings.value'>

/** Steps and runs, and what a page's leaving does to its runs. */
export interface StepParts {
  readonly steps: Steps
  readonly methods: Pick<Methods, Names>
  /** The page has left: other tabs may go on with its runs at once. */
  pageLeft(page: string): void
}

export function createStepParts(parts: Parts, answers: Peers['answers']): StepParts {
  const { documents, log, tables, world } = parts
  const deps = { ...parts, digest: world.digest, locks: world.locks, readValue: parts.artifacts.readValue }
  const ownerships = createOwnerships({
    locks: world.locks,
    log,
    tables,
    answers,
    pin: (session) => documents.pin(sessionStream(session)),
  })
  const steps = createSteps(deps, createRunSteps(deps, ownerships))
  const runs = createRuns(deps, ownerships)
  const runsOfPage = new Map<string, Set<RunId>>()

  function remember(page: string | undefined, run: RunId): void {
    if (page === undefined) return
    const known = runsOfPage.get(page) ?? new Set()
    runsOfPage.set(page, known.add(run))
  }

  return {
    steps,
    methods: {
      'steps.start': (request, input) => steps.start(request, input),
      'steps.finish': (request, input) => steps.finish(request, input),
      'steps.expire': (request, input) => steps.expire(request, input),
      'runs.open': async (request, input, { page }) => {
        const opened = await runs.open(request, input)
        if (opened.owned) remember(page, opened.run.id)
        return opened
      },
      'runs.finish': (request, input) => runs.finish(request, input),
      'runs.cancel': (request, input) => runs.cancel(request, input),
      'runs.free': (request, input) => runs.free(request, input),
      'runs.leave': (_request, { runId }) => {
        runs.leave(runId)
        return null
      },
      'runs.explain': async (_request, { runId }) => {
        const run = await tables.run(runId)
        if (run === undefined) throw createError('RUN_NOT_FOUND', `There is no run ${runId}.`, { runId })
        return explainRun({ locks: world.locks, ownerships }, run)
      },
      'runs.list': (_request, input) => runs.list(input),
      'recordings.value': (_request, { recorded }) => parts.artifacts.readValue(recorded),
    },
    pageLeft(page) {
      for (const run of runsOfPage.get(page) ?? []) runs.leave(run)
      runsOfPage.delete(page)
    },
  }
}
