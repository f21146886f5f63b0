import { type PreparedValue, rowsOfValue } from '../artifact/recorded-value.ts'
import type { HeadKey } from '../commit.ts'
import { createError, type HoldfastError } from '../errors.ts'
import type { RunId, SessionId } from '../ids.ts'
import type { Request } from '../request.ts'
import { readRecord } from '../session/lifecycle.ts'
import { parseCancelRun, parseFinishRun, parseFreeRun, parseOpenRun } from './admit.ts'
import { blockedError, blockRun } from './block.ts'
import { commitRun } from './commit-run.ts'
import type { RunDeps } from './deps.ts'
import { freeRun } from './free-run.ts'
import { requireOwnership, requireRunHead } from './head.ts'
import type { CancelRun, FinishRun, FreeRun, OpenedRun, OpenRun, StepOutcome } from './input.ts'
import type { Ownerships } from './ownership.ts'
import type { RunBlock, RunRow } from './record.ts'
import { readRecording } from './recording.ts'
import { prepareRunValue } from './run-value.ts'

/** Resumes without a new finished step after which a run waits for a person: it may be what takes the tab down. */
export const MAX_RESUMES = 3

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

export function createRuns(deps: RunDeps, ownerships: Ownerships): Runs {
  const { journal, log, tables, clock, intake } = deps

  async function open(request: Request, given: OpenRun): Promise<OpenedRun> {
    const input = parseOpenRun(given)
    const { name, key } = input
    const first = request.mayRepeat ? await journal.outcomeOf(request.id) : undefined
    if (first !== undefined) return openedAgain(first as RunId)
    if (key === undefined) return begin(request, input, { name })

    const names = nameHeadKey(input.sessionId, name, key)
    const latest = await tables.head(names)
    const known = latest === undefined ? undefined : await tables.run(latest as RunId)
    if (known === undefined || isGoneFor(known)) return begin(request, input, { name, key, names, latest })
    return known.status === 'done' ? { run: known, owned: false } : resume(request, known)
  }

  interface Naming {
    readonly name: string
    readonly key?: string
    /** The head that says which run has this name and key, so that two tabs begin one and not two. */
    readonly names?: HeadKey
    readonly latest?: unknown
  }

  async function begin(request: Request, input: OpenRun, naming: Naming): Promise<OpenedRun> {
    const { sessionId } = input
    const session = await readRecord(tables, sessionId)
    const { name, key, names, latest } = naming
    const id = clock.nextId<RunId>()
    const correlationId = request.correlationId ?? session.correlationId
    // Locked before it is known, so that no other tab takes it over in between.
    const release = await ownerships.lock(id)
    if (release === undefined)
      throw createError('CONFLICT', `Run ${id} is locked already; send the call again.`)
    try {
      const value =
        input.input === undefined
          ? undefined
          : await prepareRunValue(deps, request, { sessionId, correlationId }, 'run.started', input.input)
      const outcome = await commitRun(deps, request, {
        run: { id, sessionId, correlationId },
        permission: 'run',
        heads: names === undefined ? [] : [names],
        abandon: () => abandonValue(value),
        decide({ heads, eventId, at }) {
          if (names !== undefined && heads.get(names) !== latest) return undefined
          const row: RunRow = {
            id,
            sessionId,
            name,
            ...(key === undefined ? {} : { key }),
            status: 'running',
            owner: clock.writer,
            epoch: 1,
            correlationId,
            startedBy: eventId,
            createdAt: at,
            updatedAt: at,
            resumes: 0,
          }
          const data = {
            runId: id,
            name,
            ...(key === undefined ? {} : { key }),
            ...(value === undefined ? {} : { input: value.recorded }),
          }
          return {
            event: { type: 'run.started', data },
            head: { epoch: 1, status: 'running' },
            row: { put: row },
            heads: names === undefined ? [] : [{ key: names, value: id }],
            rows: value === undefined ? [] : rowsOfValue(value),
          }
        },
      })
      if (outcome.kind !== 'stored') {
        release()
        // Another tab began it first, or this request had been performed before.
        return outcome.kind === 'unchanged' ? open(request, input) : openedAgain(outcome.runId)
      }
      const run = await requireRun(id)
      ownerships.add({ run, epoch: 1, calls: new Map(), started: new Set(), resumed: false, release })
      return { run, owned: true }
    } catch (error) {
      release()
      throw error
    }
  }

  async function resume(request: Request, known: RunRow): Promise<OpenedRun> {
    if (known.blocked && waitsForPerson(known.blocked)) throw blockedError(known, known.blocked)
    const release = await ownerships.lock(known.id)
    if (release === undefined) return { run: known, owned: false }
    try {
      // Read again: it may have changed hands before the lock was ours.
      const run = await requireRun(known.id)
      if (run.status !== 'running' && run.status !== 'blocked') {
        release()
        return { run, owned: false }
      }
      if (run.resumes >= MAX_RESUMES) throw await crashLoop(request, run)
      const epoch = run.epoch + 1
      const outcome = await commitRun(deps, request, {
        run,
        permission: 'run',
        decide({ heads, at }) {
          const head = requireRunHead(heads, run.id)
          if (head.epoch !== run.epoch) return undefined
          const { blocked: _, ...rest } = run
          return {
            event: { type: 'run.resumed', data: { runId: run.id, epoch } },
            head: { epoch, status: 'running' },
            // Counted before anything runs: a run that takes its tab down must not do so at every load.
            row: {
              put: {
                ...rest,
                status: 'running',
                owner: clock.writer,
                epoch,
                resumes: run.resumes + 1,
                updatedAt: at,
              },
            },
          }
        },
      })
      if (outcome.kind !== 'stored') {
        release()
        return openedAgain(run.id)
      }
      const [row, calls] = await Promise.all([requireRun(run.id), readRecording(log, run.id)])
      ownerships.add({ run: row, epoch, calls, started: new Set(), resumed: true, release })
      return { run: row, owned: true }
    } catch (error) {
      release()
      throw error
    }
  }

  async function crashLoop(request: Request, run: RunRow): Promise<HoldfastError> {
    const message = `It was resumed ${run.resumes} times without finishing another step; look at what its next step does, then free it.`
    const block: RunBlock = { why: 'crash-loop', message }
    if (run.status === 'running') await blockRun(deps, request, run, block)
    return blockedError(run, block)
  }

  async function finish(request: Request, given: FinishRun): Promise<RunRow> {
    const { runId, epoch, outcome } = parseFinishRun(given)
    if (request.mayRepeat && (await journal.outcomeOf(request.id)) !== undefined) return requireRun(runId)
    const { run } = await ownerships.require(runId, epoch)
    const end = await prepareEnd(request, run, outcome)
    await commitRun(deps, request, {
      run,
      permission: 'run',
      abandon: end.abandon,
      decide({ heads, at }) {
        requireOwnership(heads, runId, epoch)
        return {
          event: end.event,
          head: { epoch, status: end.facts.status },
          row: { change: (row) => row && { ...row, ...end.facts, updatedAt: at } },
          rows: end.rows,
        }
      },
    })
    ownerships.release(runId)
    return requireRun(runId)
  }

  async function prepareEnd(request: Request, run: RunRow, outcome: StepOutcome) {
    const runId = run.id
    if (!outcome.ok) {
      const { stack: _, ...error } = outcome.error
      return {
        event: { type: 'run.failed', data: { runId, error } },
        facts: { status: 'failed', error },
        rows: [],
        abandon: async () => {},
      } as const
    }
    const value = await prepareRunValue(deps, request, run, 'run.completed', outcome.value)
    return {
      event: { type: 'run.completed', data: { runId, result: value.recorded } },
      facts: { status: 'done', result: value.recorded },
      rows: rowsOfValue(value),
      abandon: () => abandonValue(value),
    } as const
  }

  async function abandonValue(value: PreparedValue | undefined): Promise<void> {
    if (value?.content !== undefined) await intake.abandon(value.content)
  }

  async function cancel(request: Request, input: CancelRun): Promise<RunRow> {
    const { runId, reason } = parseCancelRun(input)
    const run = await requireRun(runId)
    if (hasEnded(run)) return run
    await commitRun(deps, request, {
      run,
      permission: 'edit',
      decide({ heads, at }) {
        const head = requireRunHead(heads, run.id)
        if (hasEnded(head)) return undefined
        return {
          event: { type: 'run.cancelled', data: { runId: run.id, reason } },
          head: { epoch: head.epoch + 1, status: 'cancelled' },
          row: {
            change: (row) => row && { ...row, status: 'cancelled', epoch: head.epoch + 1, updatedAt: at },
          },
        }
      },
    })
    ownerships.release(run.id)
    return requireRun(run.id)
  }

  async function openedAgain(id: RunId): Promise<OpenedRun> {
    return { run: await requireRun(id), owned: ownerships.get(id) !== undefined }
  }

  async function requireRun(id: RunId): Promise<RunRow> {
    const run = await tables.run(id)
    if (run === undefined)
      throw createError('RUN_NOT_FOUND', `There is no run ${id}, or its session was deleted.`, { id })
    return run
  }

  return {
    open,
    finish,
    cancel,
    async free(request, given) {
      const input = parseFreeRun(given)
      const run = await requireRun(input.runId)
      if (run.status === 'blocked') await freeRun(deps, request, run, input)
      return requireRun(run.id)
    },
    list: ({ sessionId, name }) => tables.runs(sessionId, name === undefined ? {} : { name }),
    leave: (runId) => ownerships.release(runId),
  }
}

function hasEnded({ status }: Pick<RunRow, 'status'>): boolean {
  return status === 'done' || status === 'failed' || status === 'cancelled'
}

function isGoneFor({ status }: RunRow): boolean {
  return status === 'failed' || status === 'cancelled'
}

/** A run that diverged may be opened again at once: newer code may ask for what is recorded. */
function waitsForPerson({ why }: RunBlock): boolean {
  return why === 'unknown-outcome' || why === 'crash-loop'
}

function nameHeadKey(session: SessionId, name: string, key: string): HeadKey {
  return ['counter', session, JSON.stringify(['run', name, key])]
}
