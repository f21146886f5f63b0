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
    before: { outcomes: ['continue', 'modify', 'cancel'], changes: ['draft'] },
    after: observe,
    recorded: 'changes',
  },
  'artifact:delete': { before: gate, after: observe, recorded: 'changes' },
  'artifact:read': { before: gate, after: observe, recorded: 'none' },
  'state:write': {
    before: { outcomes: ['continue', 'modify', 'cancel'], changes: ['value'] },
    after: observe,
    recorded: 'changes',
  },
  'step:run': {
    before: { outcomes: ['continue', 'modify', 'cancel', 'replace'], changes: ['input'] },
    record: { outcomes: ['continue', 'modify', 'collect'], changes: ['input', 'result', 'error'] },
    after: observe,
    recorded: 'all',
  },
  'event:emit': {
    before: { outcomes: ['continue', 'modify', 'cancel'], changes: ['data'] },
    record: { outcomes: ['continue', 'modify'], changes: ['data'] },
    after: observe,
    recorded: 'changes',
  },
} as const satisfies Record<string, Point>

export type PointName = keyof typeof POINTS

export const POINT_NAMES: readonly PointName[] = Object.keys(POINTS).filter(isPointName)

export function isPointName(name: unknown): name is PointName {
  return typeof name === 'string' && Object.hasOwn(POINTS, name)
}

/** What a stage of a point allows; undefined where the point has no such stage. */
export function stageOf(point: PointName, stage: HookStage): StageOfPoint | undefined {
  const stages: Point = POINTS[point]
  return stages[stage]
}

/** Answers that a hook may give at a stage of a point; never where the point has no such stage. */
export type AllowedOutcome<P extends PointName, S extends HookStage> = (typeof POINTS)[P] extends {
  readonly [stage in S]: { readonly outcomes: readonly (infer Kind extends OutcomeKind)[] }
}
  ? Kind
  : never

/** Fields that a hook may change at a stage of a point. */
export type ChangeableField<P extends PointName, S extends HookStage> = (typeof POINTS)[P] extends {
  readonly [stage in S]: { readonly changes: readonly (infer Field extends string)[] }
}
  ? Field
  : never
