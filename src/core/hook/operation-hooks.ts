import type { CorrelationId, EventId, SessionId } from '../ids.ts'
import type { Request } from '../request.ts'
import type { SessionRecord } from '../session/record.ts'
import type { StateValue } from '../state/value.ts'
import type { HookRunRecord } from '../timeline/catalog.ts'
import type { Collected, PayloadByPoint } from './definition.ts'
import type { HookStage, PointName } from './points.ts'

/** What an operation says of itself to its hooks. */
export interface HookScope {
  readonly request: Request
  /** The session as it is; absent while it is being created, and for scopes outside sessions. */
  readonly session?: SessionRecord
  readonly sessionId?: SessionId
  /** Name of the state scope, for state outside sessions. */
  readonly stateScope?: string
  readonly correlationId: CorrelationId
  readonly causeId?: EventId
}

/** What before-hooks made of an operation that none of them refused. */
export type BeforeResult<Point extends PointName> =
  | { readonly kind: 'go'; readonly payload: PayloadByPoint[Point]; readonly runs: readonly HookRunRecord[] }
  /** A hook answered in the operation's stead; only where the point's table allows `replace`. */
  | {
      readonly kind: 'replace'
      readonly result: StateValue
      readonly payload: PayloadByPoint[Point]
      readonly runs: readonly HookRunRecord[]
    }

/** What record-hooks made of what is about to be written down. */
export interface RecordResult<Point extends PointName> {
  readonly payload: PayloadByPoint[Point]
  /** To be stored in the operation's own commit. */
  readonly collected: readonly Collected[]
  readonly runs: readonly HookRunRecord[]
}

/**
 * The hooks of one operation, as the use cases call them. Answers come without a promise where every hook is
 * synchronous, so that an operation without hooks costs no turn.
 */
export interface OperationHooks {
  /** Whether any hook of this point (and stage) is registered: without one, an operation reads nothing that only hooks need. */
  has(point: PointName, stage?: HookStage): boolean
  /** Whether a hook may apply to the operation, by its `when`; tags may have changed by the time that it is asked. */
  concerns<Point extends PointName>(
    point: Point,
    stage: HookStage,
    payload: PayloadByPoint[Point],
    scope: Pick<HookScope, 'request' | 'sessionId'>,
  ): boolean
  /**
   * Runs the before-hooks of a point.
   *
   * @throws HOOK_CANCELLED with `{ hook, reason, point }` when one vetoes; HOOK_FAILED, HOOK_TIMEOUT or HOOK_REENTRANT.
   */
  before<Point extends PointName>(
    point: Point,
    payload: PayloadByPoint[Point],
    scope: HookScope,
  ): Promise<BeforeResult<Point>> | BeforeResult<Point>
  /**
   * Runs the record-hooks of a point. They cannot veto.
   *
   * @throws HOOK_FAILED or HOOK_TIMEOUT when one fails that must not, so that nothing is written down unshaped.
   */
  record<Point extends PointName>(
    point: Point,
    payload: PayloadByPoint[Point],
    scope: HookScope,
  ): Promise<RecordResult<Point>> | RecordResult<Point>
  /** Runs the after-hooks of a point in the background. Never throws and never changes the outcome. */
  after<Point extends PointName>(point: Point, payload: PayloadByPoint[Point], scope: HookScope): void
  /** The same for several operations that were done at once, in their order. */
  afterEach<Point extends PointName>(
    point: Point,
    payloads: readonly PayloadByPoint[Point][],
    scope: HookScope,
  ): void
  /**
   * Waits until the after-hooks of everything done so far have run, but 5 s at most. Nothing to wait for is
   * undefined, as for a call that a hook made: its own hook would otherwise wait for itself.
   */
  drain(request?: Request): Promise<void> | undefined
}
