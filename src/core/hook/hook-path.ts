import { createError } from '../errors.ts'
import type { PayloadByPoint } from './definition.ts'
import type { HookScope } from './operation-hooks.ts'
import type { PointName } from './points.ts'
import { nameOf } from './when.ts'

/** Hooks may call back into Holdfast, whose hooks may call back again: this many deep. */
export const MAX_HOOK_DEPTH = 4

/** What an operation is about, for the re-entrance guard: its point, its session or state scope, and its subject. */
export function targetOf(point: PointName, payload: PayloadByPoint[PointName], scope: HookScope): string {
  const place = scope.sessionId ?? scope.stateScope ?? ''
  return `${point}/${place}/${subjectOf(payload) ?? ''}`
}

/**
 * Refuses a call that a hook made into what it gates itself, or through too many hooks: either would go on for ever.
 *
 * @throws HOOK_REENTRANT with `{ target, hookPath }`.
 */
export function guardReentrance(target: string, hookPath: readonly string[]): void {
  const circle = hookPath.includes(target)
  if (!circle && hookPath.length <= MAX_HOOK_DEPTH) return
  const what = circle
    ? 'A hook called back into the operation that runs it'
    : `Calls of hooks nest deeper than ${MAX_HOOK_DEPTH}`
  throw createError(
    'HOOK_REENTRANT',
    `${what}: ${[...hookPath, target].join(' > ')}. Do that work outside of the hook.`,
    {
      target,
      hookPath,
    },
  )
}

/** Names can be given anew at each version, so a stored artifact is known by its id. */
function subjectOf(payload: PayloadByPoint[PointName]): string | undefined {
  return 'artifact' in payload && !('draft' in payload) ? payload.artifact.id : nameOf(payload)
}
