import type { BreakerOptions } from '../core/hook/breaker.ts'
import type {
  Collected,
  HookChange,
  HookContext,
  HookOutcome,
  HookWhen,
  PayloadByPoint,
} from '../core/hook/definition.ts'
import type { BreakerInfo, HookInfo } from '../core/hook/hook-list.ts'
import type { MetricsSnapshot } from '../core/hook/metrics.ts'
import type {
  CommonOutcome,
  HookStage,
  MatchingPoint,
  PointName,
  PointPattern,
  PointWith,
} from '../core/hook/points.ts'
import type { HookStats } from '../core/hook/stats.ts'
import type { HookSelection } from '../core/hook/switch-hooks.ts'
import type { StateValue } from '../core/state/value.ts'

export interface HookOptions {
  /** Unique per point and stage on this page. */
  readonly id: string
  /** Raised whenever the hook's behaviour changes: a replay looks it up by `id@version`. */
  readonly version: number
  /** Lower runs earlier; equal ones in order of registration. @defaultValue 0 */
  readonly priority?: number
  /** Milliseconds until an answer is too late. @defaultValue 5,000 */
  readonly timeoutMs?: number
  /** What a throw or a time-out does. @defaultValue 'refuse' for before and record, 'ignore' for after */
  readonly onError?: 'refuse' | 'ignore'
  /** Where the hook applies, tested in the worker: elsewhere it costs no hop. @defaultValue everywhere */
  readonly when?: HookWhen
  /** Pure in its payload, so that an exact replay may run it again. @defaultValue true */
  readonly replayable?: boolean
  /**
   * When it is left out for a while, after failures or slow answers: what it would have refused goes through then.
   * false: asked also after it has failed again and again. @defaultValue true, with the breaker's defaults
   */
  readonly breaker?: boolean | BreakerOptions
  /** false: registered, and asked once it is enabled. @defaultValue true */
  readonly enabled?: boolean
}

/** The answers a hook can give; those that its point and stage have no use for are missing. */
interface Answers<Point extends PointName, Stage extends HookStage> {
  /** Goes on; the note is recorded. Answering nothing goes on without one. */
  continue(note?: StateValue): HookOutcome<Point, Stage>
  modify(change: HookChange<Point, Stage>, note?: StateValue): HookOutcome<Point, Stage>
  /** Refuses the operation, which fails with HOOK_CANCELLED and the reason. */
  cancel(reason: string): HookOutcome<Point, Stage>
  /** Answers in the operation's stead. */
  replace(result: StateValue): HookOutcome<Point, Stage>
  /** Stores artifacts in the step's own commit. */
  collect(artifacts: readonly Collected[], note?: StateValue): HookOutcome<Point, Stage>
}

/** What a page's hook is given beside the payload. */
export type PageHookContext<Point extends PointName, Stage extends HookStage, Session> = HookContext &
  Pick<Answers<Point, Stage>, CommonOutcome<Point, Stage>> & {
    /** The session as a handle: what it does is caused by this operation. Only for operations in a session. */
    open(): Promise<Session>
  }

/** Answers by one of the context's answers, or nothing to go on. */
export type PageHookBody<Point extends PointName, Stage extends HookStage, Session> = (
  payload: PayloadByPoint[Point],
  context: PageHookContext<Point, Stage, Session>,
) => HookOutcome<Point, Stage> | undefined | Promise<HookOutcome<Point, Stage> | undefined>

/**
 * Where a hook stands: a point, an app's own (`custom:publish`), all of those (`custom:*`), or a pattern (`session:*`,
 * `*`), at whose points it then stands one by one: those that have its stage and where its `when` can hold.
 */
export type HookPlace<Stage extends HookStage> = PointWith<Stage> | PointPattern

type BodyAt<Place extends PointName | PointPattern, Stage extends HookStage, Session> = PageHookBody<
  MatchingPoint<Place, Stage>,
  Stage,
  Session
>

/** Hooks of this page. They gate what this page does, and leave with it. Each call gives the function that removes the hook. */
export interface Hooks<Session> {
  /** Runs before anything has happened, and may change or veto it. @throws HOOK_DUPLICATE, INVALID_ARGUMENT */
  before<const Place extends HookPlace<'before'>>(
    place: Place,
    body: BodyAt<Place, 'before', Session>,
    options: HookOptions,
  ): () => void
  /** Shapes what is written down, and adds to it. @throws HOOK_DUPLICATE, INVALID_ARGUMENT */
  record<const Place extends HookPlace<'record'>>(
    place: Place,
    body: BodyAt<Place, 'record', Session>,
    options: HookOptions,
  ): () => void
  /** Observes what has happened. @throws HOOK_DUPLICATE, INVALID_ARGUMENT */
  after<const Place extends HookPlace<'after'>>(
    place: Place,
    body: BodyAt<Place, 'after', Session>,
    options: HookOptions,
  ): () => void
  /** The hooks of this page and of its worker, by point and stage in the order they run. */
  list(): Promise<readonly HookInfo[]>
  /**
   * Has hooks asked again from the next operation on. Without `home` they are this page's own; those of the worker are
   * switched for this tab alone.
   * @returns how many were changed
   */
  enable(which?: HookSelection): Promise<number>
  /**
   * Has hooks asked no more; they keep their places and counters. A hook of the worker's with `breaker: false` stays.
   * @returns how many were changed
   */
  disable(which?: HookSelection): Promise<number>
  /** Removes hooks of this page. @returns how many */
  clear(which?: Omit<HookSelection, 'home'>): number
  /** What every hook of the worker and of this page did since the worker started. */
  stats(): Promise<readonly HookStats[]>
  /** The breakers of this page's hooks and of the worker's. */
  breakers(): Promise<readonly BreakerInfo[]>
  /** Closes breakers and forgets what was; without `home` this page's and the worker's. @returns how many there were */
  resetBreakers(which?: HookSelection): Promise<number>
  /** What the worker counted of all its pages' operations since it started; null where it leaves metrics out. */
  metrics(): Promise<MetricsSnapshot | null>
}
