import { createError } from '../errors.ts'
import type { RunId, SessionId } from '../ids.ts'
import type { Request } from '../request.ts'
import { readRecord } from '../session/lifecycle.ts'
import { parseCancelRun, parseFinishRun, parseFreeRun, parseOpenRun } from './admit.ts'
import { beginRun } from './begin-run.ts'
import type { RunDeps } from './deps.ts'
import { cancelRun, finishRun } from './end-run.ts'
import { freeRun } from './free-run.ts'
import { namingHeadKey } from './head.ts'
import type { CancelRun, FinishRun, FreeRun, OpenedRun, OpenRun } from './input.ts'
import type { Ownerships } from './ownership.ts'
import type { RunRow } from './record.ts'
import { hasEnded, requireRun } from './require-run.ts'
import { resumeRun } from './resume-run.ts'

/** The use cases of runs. */
export interface Runs {
  /**
   * Begins a run, resumes an unfinished one of that name and key, or gives the finished one. A failed or cancelled one is
   * not found again: the next call with its key begins anew. `owned` says whether this worker may run the body.
   *
   * @throws INVALID_ARGUMENT; SESSION_NOT_FOUND, SESSION_NOT_ACTIVE; RUN_BLOCKED for a run that waits for a person
   */
  open(request: Request, input: OpenRun): Promise<OpenedRun>
  /** @throws RUN_FENCED; SESSION_NOT_FOUND, SESSION_NOT_ACTIVE */
  finish(request: Request, input: FinishRun): Promise<RunRow>
  /**
   * Ends a run for good, whichever tab runs it; that one's next commit is refused. One that has ended stays as it is.
   * @throws RUN_NOT_FOUND; SESSION_NOT_ACTIVE while archived
   */
  cancel(request: Request, input: CancelRun): Promise<RunRow>
  /**
   * Frees a parked run, so that it can be opened again. One that is not parked stays as it is.
   * @throws RUN_NOT_FOUND; INVALID_ARGUMENT where the outcome of an effect has to be said and is not
   */
  free(request: Request, input: FreeRun): Promise<RunRow>
  /** Newest first. */
  list(input: { readonly sessionId: SessionId; readonly name?: string }): Promise<readonly RunRow[]>
  /** Gives up a run whose page has left, so that another tab may go on with it. */
  leave(runId: RunId): void
}

/** How often an opening looks anew where other tabs begin and end runs of the same name and key. */
const MAX_LOOKS = 5

export function createRuns(deps: RunDeps, ownerships: Ownerships): Runs {
  const { journal, tables } = deps

  async function open(request: Request, given: OpenRun): Promise<OpenedRun> {
    const input = parseOpenRun(given)
    const first = request.mayRepeat ? await journal.outcomeOf(request.id, request.does) : undefined
    if (first !== undefined) return openedAgain(first as RunId)
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      const opened = await openOnce(request, input)
      if (opened !== undefined) return opened
    }
    throw createError('CONFLICT', `Other tabs keep beginning runs of ${input.name}; send the call again.`, {
      name: input.name,
    })
  }

  /** Undefined where another tab began a run of that name and key meanwhile. */
  async function openOnce(request: Request, input: OpenRun): Promise<OpenedRun | undefined> {
    const { sessionId, name, key } = input
    const names = key === undefined ? undefined : namingHeadKey(sessionId, name, key)
    const latest = names === undefined ? undefined : await tables.head(names)
    const known = latest === undefined ? undefined : await tables.run(latest as RunId)
    if (known?.status === 'done') return { run: known, owned: false }
    if (known !== undefined && !hasEnded(known)) return resumeRun(deps, ownerships, request, known)
    const naming = names === undefined ? undefined : { key: names, latest }
    const begun = await beginRun(deps, ownerships, request, input, naming)
    if (begun.kind === 'repeated') return openedAgain(begun.runId)
    return begun.kind === 'begun' ? { run: begun.run, owned: true } : undefined
  }

  async function openedAgain(id: RunId): Promise<OpenedRun> {
    return { run: await requireRun(tables, id), owned: ownerships.get(id) !== undefined }
  }

  return {
    open,
    async finish(request, given) {
      const { runId, epoch, outcome } = parseFinishRun(given)
      const first = request.mayRepeat ? await journal.outcomeOf(request.id, request.does) : undefined
      if (first !== undefined) return requireRun(tables, runId)
      const { run } = await ownerships.ensure(runId, epoch)
      await finishRun(deps, request, { ...run, epoch }, outcome)
      ownerships.release(runId)
      return requireRun(tables, runId)
    },
    async cancel(request, given) {
      const { runId, reason } = parseCancelRun(given)
      const run = await requireRun(tables, runId)
      if (hasEnded(run)) return run
      await cancelRun(deps, request, run, reason)
      ownerships.release(runId)
      return requireRun(tables, runId)
    },
    async free(request, given) {
      const input = parseFreeRun(given)
      const run = await requireRun(tables, input.runId)
      if (run.status === 'blocked') await freeRun(deps, request, run, input)
      return requireRun(tables, run.id)
    },
    async list({ sessionId, name }) {
      const found = await tables.runs(sessionId, name === undefined ? {} : { name })
      // Only where nothing was found is it worth asking whether the session is there at all.
      if (found.length === 0) await readRecord(tables, sessionId)
      return found
    },
    leave: (runId) => ownerships.release(runId),
  }
}
