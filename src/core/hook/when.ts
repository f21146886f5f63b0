import { createError } from '../errors.ts'
import type { Request } from '../request.ts'
import { compilePatterns } from '../timeline/patterns.ts'
import type { HookWhen, PayloadByPoint } from './definition.ts'
import type { HookScope } from './operation-hooks.ts'
import type { PointName } from './points.ts'

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
  const { sessionId, tags, kinds, names } = when
  for (const [part, list] of Object.entries({ tags, kinds, names })) assertTexts(part, list)
  if (kinds !== undefined && !point.startsWith('artifact:')) throw useless('kinds', point)
  if (names !== undefined && point.startsWith('session:')) throw useless('names', point)
  const matchesName = compilePatterns(names)

  return (payload, scope) => {
    if (sessionId !== undefined && scope.sessionId !== sessionId) return false
    if (tags !== undefined && !hasOneOf(tagsOf(payload, scope), tags)) return false
    if (kinds !== undefined && !kinds.includes(kindOf(payload) ?? '')) return false
    return names === undefined || matchesName(nameOf(payload) ?? '')
  }
}

/** What an operation is about beside its session: the step, the event's type, the state key, the artifact's name. */
export function nameOf(payload: Payload): string | undefined {
  if ('step' in payload) return payload.step
  if ('type' in payload) return payload.type
  if ('key' in payload) return payload.key
  if ('draft' in payload) return payload.draft.name
  if ('artifact' in payload) return payload.artifact.name
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
  throw createError('INVALID_ARGUMENT', `A hook's when.${part} must be a list of texts.`, {
    path: `when.${part}`,
  })
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
