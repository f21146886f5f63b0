import type { HookDefinition } from './definition.ts'
import type { HookStage, PointName } from './points.ts'

/** Gives a hook its types: an answer that has no consumer at its point and stage does not compile. */
export function defineHook<const Point extends PointName, const Stage extends HookStage>(
  definition: HookDefinition<Point, Stage>,
): HookDefinition<Point, Stage> {
  return definition
}
