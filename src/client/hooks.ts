import { createError } from '../core/errors.ts'
import type {
  Collected,
  HookChange,
  HookContext,
  HookOutcome,
  HookWhen,
  PayloadByPoint,
} from '../core/hook/definition.ts'
import type { MetricsSnapshot } from '../core/hook/metrics.ts'
import type { AllowedOutcome, HookStage, PointName } from '../core/hook/points.ts'
import type { HookStats } from '../core/hook/stats.ts'
import type { SessionRecord } from '../core/session/record.ts'
import type { StateValue } from '../core/state/value.ts'
import { compilePatterns } from '../core/timeline/patterns.ts'
import type { HookAsk, PageHook } from '../protocol/messages.ts'
import type { Connection } from './connection.ts'
import type { Frame } from './request.ts'

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
   * false: asked also after it has failed again and again. Otherwise it is left out for a while then, and what it
   * would have refused goes through. @defaultValue true
   */
  readonly breaker?: boolean
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
  Pick<Answers<Point, Stage>, AllowedOutcome<Point, Stage>> & {
    /** The session as a handle: what it does is caused by this operation. Only for operations in a session. */
    open(): Promise<Session>
  }

/** Answers by one of the context's answers, or nothing to go on. */
export type PageHookBody<Point extends PointName, Stage extends HookStage, Session> = (
  payload: PayloadByPoint[Point],
  context: PageHookContext<Point, Stage, Session>,
) => HookOutcome<Point, Stage> | undefined | Promise<HookOutcome<Point, Stage> | undefined>

/** Points that have a stage. */
export type PointWith<Stage extends HookStage> = {
  [Point in PointName]: [AllowedOutcome<Point, Stage>] extends [never] ? never : Point
}[PointName]

/** Hooks of this page. They gate what this page does, and leave with it. Each call gives the function that removes the hook. */
export interface Hooks<Session> {
  /** Runs before anything has happened, and may change or veto it. @throws HOOK_DUPLICATE */
  before<Point extends PointWith<'before'>>(
    point: Point,
    body: PageHookBody<Point, 'before', Session>,
    options: HookOptions,
  ): () => void
  /** Shapes what is written down, and adds to it. @throws HOOK_DUPLICATE */
  record<Point extends PointWith<'record'>>(
    point: Point,
    body: PageHookBody<Point, 'record', Session>,
    options: HookOptions,
  ): () => void
  /** Observes what has happened. @throws HOOK_DUPLICATE */
  after<Point extends PointWith<'after'>>(
    point: Point,
    body: PageHookBody<Point, 'after', Session>,
    options: HookOptions,
  ): () => void
  /** What every hook of the worker and of this page did since the worker started. */
  stats(): Promise<readonly HookStats[]>
  /** What the worker counted of all its pages' operations since it started; null where it leaves metrics out. */
  metrics(): Promise<MetricsSnapshot | null>
}

interface Registered {
  readonly hook: PageHook
  /** Its types were checked where it was registered. */
  readonly body: (payload: never, context: never) => unknown
}

export interface HookRegistry<Session> {
  readonly api: Hooks<Session>
  /** Runs a hook that the worker asks for. */
  answer(ask: HookAsk): Promise<unknown>
  /** Whether a before-hook covers a state key. */
  isGated(key: string, record: SessionRecord | undefined): boolean
}

/** What a page's hook has to answer, in milliseconds: the answer travels, and a page may be busy drawing. */
const TIMEOUT_MS = 5_000

export function createHooks<Session>(
  connection: Connection,
  openSession: (ask: HookAsk, frame: Frame) => Promise<Session>,
): HookRegistry<Session> {
  const hooks = new Map<string, Registered>()

  const register =
    (stage: HookStage) => (point: PointName, body: Registered['body'], options: HookOptions) => {
      const {
        id,
        version,
        priority = 0,
        timeoutMs = TIMEOUT_MS,
        onError = stage === 'after' ? 'ignore' : 'refuse',
        when,
        replayable = true,
        breaker = true,
      } = options
      const key = keyOf({ point, stage, id })
      if (hooks.has(key)) {
        throw createError(
          'HOOK_DUPLICATE',
          `A ${stage}-hook "${id}" at ${point} is registered already; remove it first or choose another id.`,
          { id, point, stage },
        )
      }
      const hook: PageHook = {
        id,
        version,
        point,
        stage,
        priority,
        timeoutMs,
        onError,
        replayable,
        breaker,
        ...(when && { when }),
      }
      hooks.set(key, { hook, body })
      const stop = connection.stand(() => [{ type: 'hook', hook }])
      return () => {
        if (hooks.get(key)?.hook !== hook) return
        hooks.delete(key)
        stop()
        connection.post({ type: 'unhook', id, point, stage })
      }
    }

  return {
    api: {
      before: register('before'),
      record: register('record'),
      after: register('after'),
      stats: () => connection.call('hooks.stats', {}),
      metrics: () => connection.call('hooks.metrics', {}),
    },
    answer: async (ask) => {
      const registered = hooks.get(keyOf(ask))
      // Removed while the worker was asking.
      if (registered === undefined) return undefined
      const frame = { cause: ask.context.cause, hookPath: ask.context.hookPath }
      const context = contextOf(ask, registered.hook, () => openSession(ask, frame))
      return connection.hookFrame.run(frame, () => registered.body(ask.payload as never, context as never))
    },
    isGated: (key, record) =>
      [...(connection.welcome.gates ?? []), ...gatesOf(hooks)].some((when) => covers(when, key, record)),
  }
}

function keyOf({ point, stage, id }: Pick<PageHook, 'point' | 'stage' | 'id'>): string {
  return `${point} ${stage} ${id}`
}

function contextOf(
  { context, point, stage }: HookAsk,
  { timeoutMs }: PageHook,
  open: () => Promise<unknown>,
): object {
  const { cause, now, hookPath, ...rest } = context
  return {
    ...rest,
    ...cause,
    point,
    stage,
    hookPath,
    depth: hookPath.length,
    signal: AbortSignal.timeout(timeoutMs),
    now: () => now,
    open,
    ...ANSWERS,
  } satisfies HookContext & Record<string, unknown>
}

const ANSWERS = {
  continue: (note?: StateValue) => ({ kind: 'continue', note }),
  modify: (change: object, note?: StateValue) => ({ kind: 'modify', change, note }),
  cancel: (reason: string) => ({ kind: 'cancel', reason }),
  replace: (result: StateValue) => ({ kind: 'replace', result }),
  collect: (artifacts: readonly Collected[], note?: StateValue) => ({ kind: 'collect', artifacts, note }),
}

function* gatesOf(hooks: ReadonlyMap<string, Registered>): Iterable<HookWhen> {
  for (const { hook } of hooks.values())
    if (hook.point === 'state:write' && hook.stage === 'before') yield hook.when ?? {}
}

function covers(
  { sessionId, tags, names }: HookWhen,
  key: string,
  record: SessionRecord | undefined,
): boolean {
  if (sessionId !== undefined && sessionId !== record?.id) return false
  if (tags !== undefined && !tags.some((tag) => record?.tags.includes(tag))) return false
  return compilePatterns(names)(key)
}
