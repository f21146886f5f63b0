import { type PreparedValue, rowsOfValue } from '../artifact/recorded-value.ts'
import type { HeadKey } from '../commit.ts'
import { createError } from '../errors.ts'
import type { RunId } from '../ids.ts'
import type { Request } from '../request.ts'
import { readRecord } from '../session/lifecycle.ts'
import { correlationIn } from '../timeline/correlation.ts'
import { commitRun } from './commit-run.ts'
import type { RunDeps } from './deps.ts'
import type { OpenRun } from './input.ts'
import type { Ownerships } from './ownership.ts'
import type { RunRow } from './record.ts'
import { requireRun } from './require-run.ts'
import { prepareRunValue } from './run-value.ts'

/** The head of a name and key, see namingHeadKey. */
export interface Naming {
  readonly key: HeadKey
  /** The run that had it when somebody looked. */
  readonly latest: unknown
}

export type Begun =
  | { readonly kind: 'begun'; readonly run: RunRow }
  /** Another tab has begun a run of this name and key meanwhile. */
  | { readonly kind: 'overtaken' }
  /** The request had been performed before. */
  | { readonly kind: 'repeated'; readonly runId: RunId }

/** Begins a run, owned by this worker. */
export async function beginRun(
  deps: RunDeps,
  ownerships: Ownerships,
  request: Request,
  input: OpenRun,
  naming?: Naming,
): Promise<Begun> {
  const { clock, intake, log, tables } = deps
  const { sessionId, name, key } = input
  const session = await readRecord(tables, sessionId)
  const run = {
    id: clock.nextId<RunId>(),
    sessionId,
    correlationId: await correlationIn(log, request, session),
  }
  // Locked before it is known, so that no other tab takes it over in between.
  const release = await ownerships.lock(run.id)
  if (release === undefined)
    throw createError('CONFLICT', `Run ${run.id} is locked already; send the call again.`)
  try {
    const value = await prepareInput()
    const outcome = await commit(value)
    if (outcome.kind === 'stored') {
      const row = await requireRun(tables, run.id)
      ownerships.add({ run: row, epoch: 1, calls: new Map(), started: new Set(), resumed: false, release })
      return { kind: 'begun', run: row }
    }
    release()
    return outcome.kind === 'unchanged' ? { kind: 'overtaken' } : outcome
  } catch (error) {
    release()
    throw error
  }

  async function prepareInput(): Promise<PreparedValue | undefined> {
    return input.input === undefined
      ? undefined
      : prepareRunValue(deps, request, run, 'run.started', input.input)
  }

  function commit(value: PreparedValue | undefined) {
    const named = key === undefined ? {} : { key }
    return commitRun(deps, request, {
      run,
      permission: 'run',
      heads: naming === undefined ? [] : [naming.key],
      async abandon() {
        if (value?.content !== undefined) await intake.abandon(value.content)
      },
      decide({ heads, eventId, at }) {
        if (naming !== undefined && heads.get(naming.key) !== naming.latest) return undefined
        const recorded = value === undefined ? {} : { input: value.recorded }
        return {
          event: { type: 'run.started', data: { runId: run.id, name, ...named, ...recorded } },
          head: { epoch: 1, status: 'running' },
          row: {
            put: {
              ...run,
              name,
              ...named,
              status: 'running',
              owner: clock.writer,
              epoch: 1,
              startedBy: eventId,
              createdAt: at,
              updatedAt: at,
              resumes: 0,
            },
          },
          heads: naming === undefined ? [] : [{ key: naming.key, value: run.id }],
          rows: value === undefined ? [] : rowsOfValue(value),
        }
      },
    })
  }
}
