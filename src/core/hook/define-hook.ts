import type { HookContext, HookDefinition, HookOutcome, PayloadByPoint } from './definition.ts'
import type { CommonOutcome, HookStage, MatchingPoint, PointName, PointPattern } from './points.ts'
import { pointsOf } from './when.ts'

/** Gives a hook its types: an answer that has no consumer at its point and stage does not compile. */
export function defineHook<const Point extends PointName, const Stage extends HookStage>(
  definition: HookDefinition<Point, Stage>,
): HookDefinition<Point, Stage> {
  return definition
}

/** A hook that stands at all points of a pattern. Its answers are those that have a consumer at each of them. */
export interface HookAtPattern<Pattern extends PointPattern, Stage extends HookStage>
  extends Omit<HookDefinition, 'point' | 'stage' | 'run'> {
  readonly point: Pattern
  readonly stage: Stage
  run(
    payload: PayloadByPoint[MatchingPoint<Pattern, Stage>],
    context: HookContext,
  ): CommonAnswer<Pattern, Stage> | undefined | Promise<CommonAnswer<Pattern, Stage> | undefined>
}

type CommonAnswer<Pattern extends PointPattern, Stage extends HookStage> = Extract<
  HookOutcome<MatchingPoint<Pattern, Stage>, Stage>,
  { readonly kind: CommonOutcome<MatchingPoint<Pattern, Stage>, Stage> }
>

/**
 * One hook at each point of a pattern such as `session:*`, to be spread into the hooks of a worker.
 *
 * @example
 * serveHoldfast({ hooks: [...defineHooks({ id: 'guard', version: 1, point: 'session:*', stage: 'before', run })] })
 */
export function defineHooks<const Pattern extends PointPattern, const Stage extends HookStage>(
  definition: HookAtPattern<Pattern, Stage>,
): readonly HookDefinition[] {
  const { point: pattern, stage, when } = definition
  // Each point's payload is one of those that `run` takes, and its answers are among those of the point.
  return pointsOf(pattern, stage, when).map(
    (point) => ({ ...definition, point }) as unknown as HookDefinition,
  )
}
