import { createError } from '../errors.ts'
import type { Request } from '../request.ts'
import { compilePatterns } from '../timeline/patterns.ts'
import type { HookWhen, PayloadByPoint } from './definition.ts'
import type { HookScope } from './operation-hooks.ts'
import {
  type HookStage,
  isPointName,
  POINT_NAMES,
  type PointName,
  type PointPattern,
  stageOf,
} from './points.ts'

type Payload = PayloadByPoint[PointName]

/** Says whether a hook applies to one operation. */
export type Applies = (
  payload: Payload,
  scope: Pick<HookScope, 'session' | 'sessionId'> & { readonly request: Pick<Request, 'client'> },
) => boolean

/**
 * A hook's `when` as a test. A part that can never hold at the point is refused, since its hook would never run.
 *
 * @throws INVALID_ARGUMENT for a part that the point has no use for, or that is not a list of texts.
 */
export function compileWhen(point: PointName, when: HookWhen): Applies {
  const { sessionId, tags, kinds, names, ...others } = when
  for (const [part, list] of Object.entries({ tags, kinds, names })) assertTexts(part, list)
  // A part that nobody reads would let its hook apply everywhere.
  const [unknown] = Object.keys(others)
  if (unknown !== undefined)
    throw wrong(unknown, 'is no part of it: there are sessionId, tags, kinds and names')
  if (sessionId !== undefined && typeof sessionId !== 'string')
    throw wrong('sessionId', "must be a session's id")
  const part = uselessPart(point, when)
  if (part !== undefined) throw useless(part, point)
  const matchesName = compilePatterns(names)

  return (payload, scope) => {
    if (sessionId !== undefined && scope.sessionId !== sessionId) return false
    if (tags !== undefined && !hasOneOf(tagsOf(payload, scope), tags)) return false
    if (kinds !== undefined && !kinds.includes(kindOf(payload) ?? '')) return false
    return names === undefined || matchesName(nameOf(payload) ?? '')
  }
}

/** The points at which a hook stands: those of a pattern that have its stage and at which its `when` can hold. */
export function pointsOf(
  place: PointName | PointPattern,
  stage: HookStage,
  when: HookWhen = {},
): readonly PointName[] {
  if (isPointName(place)) return [place]
  const noun = place === '*' ? '' : place.slice(0, -1)
  const matching = POINT_NAMES.filter(
    (point) => point.startsWith(noun) && stageOf(point, stage) !== undefined,
  )
  const useful = matching.filter((point) => uselessPart(point, when) === undefined)
  // What is no pattern, or could never hold, is refused where it is registered.
  if (!place.endsWith('*') || matching.length === 0) return [place as PointName]
  return useful.length > 0 ? useful : matching
}

/** The part that can never hold at the point. */
export function uselessPart(point: PointName, { kinds, names }: HookWhen): string | undefined {
  if (kinds !== undefined && !point.startsWith('artifact:')) return 'kinds'
  return names !== undefined && point.startsWith('session:') ? 'names' : undefined
}

/** What an operation is about beside its session: the step, the event's type, the state key, the artifact's name. */
export function nameOf(payload: Payload): string | undefined {
  if ('step' in payload) return payload.step
  if ('type' in payload) return payload.type
  if ('key' in payload) return payload.key
  if ('draft' in payload) return payload.draft.name
  if ('artifact' in payload) return payload.artifact.name
  if ('name' in payload) return payload.name
  return undefined
}

function kindOf(payload: Payload): string | undefined {
  if ('draft' in payload) return payload.draft.kind
  return 'artifact' in payload ? payload.artifact.kind : undefined
}

/** A session that is being created has its tags in its input. */
function tagsOf(payload: Payload, scope: Pick<HookScope, 'session'>): readonly unknown[] {
  if (scope.session !== undefined) return scope.session.tags
  const tags = 'input' in payload && !('step' in payload) ? payload.input.tags : undefined
  return Array.isArray(tags) ? tags : []
}

function hasOneOf(present: readonly unknown[], wanted: readonly string[]): boolean {
  return wanted.some((tag) => present.includes(tag))
}

function assertTexts(part: string, list: unknown): void {
  if (list === undefined) return
  if (Array.isArray(list) && list.every((item) => typeof item === 'string')) return
  throw wrong(part, 'must be a list of texts')
}

function wrong(part: string, reason: string): Error {
  return createError('INVALID_ARGUMENT', `A hook's when.${part} ${reason}.`, { path: `when.${part}` })
}

function useless(part: string, point: PointName): Error {
  return createError(
    'INVALID_ARGUMENT',
    `A hook at ${point} with when.${part} would never run; leave the part out.`,
    {
      path: `when.${part}`,
      point,
    },
  )
}
