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

interface Point {
  readonly stages: readonly HookStage[]
  /** Outcomes that have a consumer at `before`. */
  readonly outcomes: readonly OutcomeKind[]
  /** Whether `hook.ran` is recorded for this point's replayable hooks. */
  readonly recorded: boolean
}

const lifecycle: Point = { stages: ['before', 'after'], outcomes: ['continue', 'modify', 'cancel'], recorded: true }

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
  'artifact:store': lifecycle,
  'artifact:delete': lifecycle,
  'artifact:read': { stages: ['before', 'after'], outcomes: ['continue', 'cancel'], recorded: false },
  'state:write': { stages: ['before', 'after'], outcomes: ['continue', 'modify', 'cancel'], recorded: true },
  'step:run': { stages: ['before', 'record', 'after'], outcomes: ['continue', 'modify', 'cancel', 'replace'], recorded: true },
  'event:emit': { stages: ['before', 'record', 'after'], outcomes: ['continue', 'modify', 'cancel'], recorded: true },
} as const satisfies Record<string, Point>

export type PointName = keyof typeof POINTS
