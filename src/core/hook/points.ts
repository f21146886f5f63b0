/**
 * Hook points as one const table; types, docs and tests derive from it.
 *
 * Stages: `before` hooks run first and may change or veto; nothing has happened when they do. `record` hooks shape
 * what is written down (redaction) and add to it (collectors); they cannot veto. `after` hooks observe; they never
 * change the outcome.
 */
export const HOOK_STAGES = ['before', 'record', 'after'] as const
export type HookStage = (typeof HOOK_STAGES)[number]

/** What a hook can answer at a stage. */
export type OutcomeKind = 'continue' | 'modify' | 'cancel' | 'replace' | 'collect'

interface StageOfPoint {
  /** Outcomes that have a consumer here; any other is refused as HOOK_FAILED. */
  readonly outcomes: readonly OutcomeKind[]
  /** Fields of the payload that `modify` may change. */
  readonly changes: readonly string[]
}

interface Point {
  /** Its type's name in `PayloadTypes` of definition.ts. */
  readonly payload: string
  /** Absent where the point has no such stage. */
  readonly before?: StageOfPoint
  readonly record?: StageOfPoint
  readonly after?: StageOfPoint
  /**
   * Which runs of this point's replayable hooks `hook.ran` records: every one, or those that did something more than to
   * go on. Steps are lived again by exact replay, which has to know of each hook that had a part in them.
   */
  readonly recorded: 'all' | 'changes' | 'none'
}

const observe = { outcomes: ['continue'], changes: [] } as const satisfies StageOfPoint
const gate = { outcomes: ['continue', 'cancel'], changes: [] } as const satisfies StageOfPoint

const lifecycle = {
  payload: 'LifecyclePayload',
  before: { outcomes: ['continue', 'modify', 'cancel'], changes: ['input'] },
  after: observe,
  recorded: 'changes',
} as const satisfies Point

export const POINTS = {
  'session:start': lifecycle,
  'session:suspend': lifecycle,
  'session:resume': lifecycle,
  'session:save': lifecycle,
  'session:restore': lifecycle,
  'session:complete': lifecycle,
  'session:fail': lifecycle,
  'session:reopen': lifecycle,
  'session:archive': lifecycle,
  'session:delete': lifecycle,
  'session:fork': lifecycle,
  'artifact:store': {
    payload: 'StorePayload',
    before: { outcomes: ['continue', 'modify', 'cancel'], changes: ['draft'] },
    after: observe,
    recorded: 'changes',
  },
  'artifact:delete': { payload: 'ArtifactPayload', before: gate, after: observe, recorded: 'changes' },
  'artifact:read': { payload: 'ArtifactPayload', before: gate, after: observe, recorded: 'none' },
  'state:write': {
    payload: 'StatePayload',
    before: { outcomes: ['continue', 'modify', 'cancel'], changes: ['value'] },
    after: observe,
    recorded: 'changes',
  },
  'step:run': {
    payload: 'StepPayload',
    before: { outcomes: ['continue', 'modify', 'cancel', 'replace'], changes: ['input'] },
    record: { outcomes: ['continue', 'modify', 'collect'], changes: ['input', 'result', 'error'] },
    after: observe,
    recorded: 'all',
  },
  'event:emit': {
    payload: 'EventDraft',
    before: { outcomes: ['continue', 'modify', 'cancel'], changes: ['data'] },
    record: { outcomes: ['continue', 'modify'], changes: ['data', 'tags', 'target'] },
    after: observe,
    recorded: 'changes',
  },
  // An app's own, called by `session.callHooks`: a hook stands at one of them, or at all.
  'custom:*': {
    payload: 'CustomPayload',
    before: { outcomes: ['continue', 'modify', 'cancel', 'replace'], changes: ['data'] },
    after: observe,
    recorded: 'changes',
  },
} as const satisfies Record<string, Point>

type Row = keyof typeof POINTS
/** A point of the table, or one of an app's own. */
export type PointName = Exclude<Row, 'custom:*'> | CustomPoint
export type CustomPoint = `custom:${string}`
/** The row of the table that a point goes by. */
type RowOf<Point extends PointName> = Point extends CustomPoint ? 'custom:*' : Extract<Point, Row>

/** The points of the table; `custom:*` stands for all of an app's own. */
export const POINT_NAMES: readonly PointName[] = Object.keys(POINTS).filter(isPointName)

const CUSTOM_POINT = /^custom:[\w.-]{1,100}$/

export function isPointName(name: unknown): name is PointName {
  return typeof name === 'string' && (Object.hasOwn(POINTS, name) || isCustomPoint(name))
}

/** One of an app's own: not `custom:*`. */
export function isCustomPoint(name: unknown): name is CustomPoint {
  return typeof name === 'string' && CUSTOM_POINT.test(name)
}

/** Whether an operation can be at both: `custom:*` stands for all of an app's own. */
export function overlap(one: PointName, other: PointName): boolean {
  if (one === other) return true
  return (
    one.startsWith('custom:') && other.startsWith('custom:') && (one === 'custom:*' || other === 'custom:*')
  )
}

/** What the table says of a point. */
export function rowOf(point: PointName): Point {
  return POINTS[point in POINTS ? (point as Row) : 'custom:*']
}

/** Whether a hook may refuse what happens at a point. */
export function mayVeto(point: PointName): boolean {
  return rowOf(point).before?.outcomes.includes('cancel') ?? false
}

/** What a stage of a point allows; undefined where the point has no such stage. */
export function stageOf(point: PointName, stage: HookStage): StageOfPoint | undefined {
  return rowOf(point)[stage]
}

/** Answers that a hook may give at a stage of a point; never where the point has no such stage. */
export type AllowedOutcome<P extends PointName, S extends HookStage> = (typeof POINTS)[RowOf<P>] extends {
  readonly [stage in S]: { readonly outcomes: readonly (infer Kind extends OutcomeKind)[] }
}
  ? Kind
  : never

/** Fields that a hook may change at a stage of a point. */
export type ChangeableField<P extends PointName, S extends HookStage> = (typeof POINTS)[RowOf<P>] extends {
  readonly [stage in S]: { readonly changes: readonly (infer Field extends string)[] }
}
  ? Field
  : never

/** All points of the table, or those of one noun: a hook registered at it stands at each that has its stage. */
export type PointPattern = '*' | `${'session' | 'artifact' | 'state' | 'step' | 'event'}:*`

/** Points that have a stage. */
export type PointWith<Stage extends HookStage> = {
  [Point in PointName]: [AllowedOutcome<Point, Stage>] extends [never] ? never : Point
}[PointName]

/** The points that a hook stands at. */
export type MatchingPoint<Place extends PointName | PointPattern, Stage extends HookStage> = Extract<
  PointWith<Stage>,
  Place extends '*' ? PointName : Place extends `${infer Noun}:*` ? `${Noun}:${string}` : Place
>

/** Answers that have a consumer at each of the points. */
export type CommonOutcome<P extends PointName, S extends HookStage> = {
  [Kind in OutcomeKind]: [P] extends [PointAllowing<Kind, S>] ? Kind : never
}[OutcomeKind]

type PointAllowing<Kind extends OutcomeKind, S extends HookStage> = {
  [Point in PointName]: Kind extends AllowedOutcome<Point, S> ? Point : never
}[PointName]

/** The type that the table names as a point's payload. */
export type PayloadName<P extends PointName> = (typeof POINTS)[RowOf<P>]['payload']
