import type { Artifacts } from '../core/artifact/artifacts.ts'
import type { SessionId } from '../core/ids.ts'
import { late } from '../core/late.ts'
import type { Tables } from '../core/ports.ts'
import type { SessionDeps } from '../core/session/deps.ts'
import { createSessionManager } from '../core/session/manager.ts'
import { emitEvent, emitEvents } from '../core/timeline/emit.ts'
import { toWireError } from '../protocol/wire-error.ts'
import { createAppendOrder } from './append-order.ts'
import { toAppended } from './appended-events.ts'
import { createAsideOrder } from './aside-order.ts'
import type { Methods } from './methods.ts'

type Prefixed = Exclude<
  Extract<keyof Methods, `sessions.${string}` | `state.${string}` | `timeline.${string}`>,
  'sessions.import'
>

const queries = late('queries of timelines', () => import('../core/timeline/late-queries.ts'))

const analytics = late('metrics of sessions', () => import('../core/analytics/read-metrics.ts'))

/** Sessions, their state and their timeline. */
export function createSessionMethods(
  deps: SessionDeps,
  storedTables: Tables,
  artifacts: Artifacts,
  opened: (session: SessionId) => void,
): Pick<Methods, Prefixed> {
  const { log } = deps
  const sessions = createSessionManager({ ...deps, tables: storedTables })
  const live = createSessionManager(deps)
  const inAsideOrder = createAsideOrder()
  const inAppendOrder = createAppendOrder()
  const looked = new Set<SessionId>()
  return {
    'sessions.create': (request, input) => sessions.create(request, input),
    'sessions.open': async (request, input, { takeStart }) => {
      const start = await sessions.open(request, input, takeStart)
      const { id, counters } = start.record
      // Of one that was made and left alone there is nothing to be looked for; of others once a worker: what dies or is
      // lost later is found by the next one.
      if (counters.events > 1 && !looked.has(id)) {
        looked.add(id)
        opened(id)
      }
      return start
    },
    'sessions.get': sessions.get,
    'sessions.list': sessions.list,
    'sessions.edit': sessions.edit,
    'sessions.transition': sessions.transition,
    'sessions.save': sessions.save,
    'sessions.restore': sessions.restore,
    'sessions.checkpoints': sessions.checkpoints,
    'sessions.delete': sessions.delete,
    'sessions.fork': sessions.fork,
    'sessions.at': sessions.at,
    'state.open': (request, target, { takeStart }) => sessions.openState(request, target, takeStart),
    'state.read': sessions.readState,
    'state.write': async (request, input, { before }) => {
      const { refused, ...written } = await inAsideOrder(request, input, async (explain) => {
        if (before !== undefined) await before
        try {
          const { refused, ...written } = await live.writeState(request, input)
          const told = refused?.map(({ error, ...key }) => ({ ...key, error: toWireError(explain(error)) }))
          return { ...written, refused: told }
        } catch (error) {
          throw explain(error)
        }
      })
      return refused === undefined ? written : { ...written, refused }
    },
    'timeline.emit': (request, input) => emitEvent({ ...deps, artifacts }, request, input),
    'timeline.append': async (request, input) => {
      const emitted = await inAppendOrder(request, input, (turn) =>
        emitEvents({ ...deps, artifacts }, request, input, turn),
      )
      return toAppended(input.sessionId, emitted)
    },
    'timeline.query': async ({ signal }, query) => (await queries(signal)).queryTimeline(log, query),
    'timeline.metrics': async ({ signal }, query, { progress }) =>
      (await analytics(signal)).readMetrics(
        { log, tables: deps.tables, signal, ...(progress && { onProgress: (done) => progress(done, null) }) },
        query,
      ),
    'timeline.statistics': async ({ signal }, filter) => (await queries(signal)).readStatistics(log, filter),
    'timeline.tree': async ({ signal }, { correlationId }) =>
      (await queries(signal)).readCorrelation(log, correlationId),
  }
}
