/** An app's own points: a moment in its code that hooks may change, refuse or answer, recorded as an event. */
import { INLINE_LIMIT_BYTES } from '../artifact/recorded-value.ts'
import type { Durability } from '../commit.ts'
import { createError } from '../errors.ts'
import { clockOfId, type EventId, type SessionId, sessionStream } from '../ids.ts'
import type { Log } from '../ports.ts'
import { doing, type Request } from '../request.ts'
import { shapeValue } from '../run/shape-value.ts'
import type { SessionDeps } from '../session/deps.ts'
import { parseDurability, parseSessionId } from '../session/fields.ts'
import { requireHead, sessionHeadKey } from '../session/head.ts'
import { hookEvents, performOnce, readPassed, readRecord, scopeOf } from '../session/lifecycle.ts'
import { assertPermitted } from '../session/status.ts'
import { admitState } from '../state/admit.ts'
import type { StateValue } from '../state/value.ts'
import { sizeOfValue } from '../state/value-size.ts'
import { emittedIn, nameOfEmission } from '../timeline/emission.ts'
import { frameOf, makeEvent } from '../timeline/make-event.ts'
import { type CustomPoint, isCustomPoint } from './points.ts'

export interface CallHooks {
  readonly sessionId: SessionId
  readonly point: CustomPoint
  /** At most 32 KB. */
  readonly data: StateValue
  /** @defaultValue 'relaxed' */
  readonly durability?: Durability
}

/** What the hooks made of it. */
export interface HooksAnswer {
  readonly data: StateValue
  /** A hook answered in the app's stead. Absent where none did. */
  readonly result?: StateValue
}

type Deps = Pick<SessionDeps, 'journal' | 'log' | 'tables' | 'clock' | 'hooks'>

/**
 * Asks the hooks of an app's own point, and records that they were asked, with what they left, as `hook.called`.
 *
 * @throws INVALID_ARGUMENT for a name that no such point has; INVALID_VALUE, VALUE_TOO_LARGE; SESSION_NOT_FOUND,
 * SESSION_NOT_ACTIVE; HOOK_CANCELLED with the hook and its reason.
 */
export async function callHooks(deps: Deps, request: Request, input: CallHooks): Promise<HooksAnswer> {
  const sessionId = parseSessionId(input.sessionId, 'sessionId')
  const point = parsePoint(input.point)
  const data = assertInline(admitState(input.data, 'data'))
  const durability = parseDurability(input.durability)
  const answer = (made: string) => earlierAnswer(deps.log, sessionId, made)
  return performOnce(deps, request, answer, async () => {
    const session = await readRecord(deps.tables, sessionId)
    assertPermitted(session, 'emit')
    const scope = await scopeOf(deps, request, session)
    const name = point.slice('custom:'.length)
    const passed = await deps.hooks.before(point, { name, data }, scope)
    const left = readPassed(point, () => assertInline(admitState(passed.payload.data, 'data')))
    const answered: HooksAnswer = {
      data: left,
      ...(passed.kind === 'replace' && {
        result: readPassed(point, () => assertInline(admitState(passed.result, 'result'))),
      }),
    }
    const told = await shapeValue(deps.hooks, 'hook.called', { ...answered }, scope)
    const outcome = await deps.journal.commit<HooksAnswer>({
      requestId: request.id,
      mayRepeat: request.mayRepeat,
      ...doing(request),
      durability,
      heads: [sessionHeadKey(sessionId)],
      decide: (heads) => {
        const head = requireHead(heads, sessionId)
        assertPermitted(head, 'emit')
        deps.clock.observe(clockOfId(head.revision), 'database')
        const frame = frameOf(request, scope.correlationId)
        const id = deps.clock.nextId<EventId>()
        const events = [
          makeEvent(id, 'hook.called', { point, value: told }, frame),
          ...hookEvents(deps.clock, point, passed.runs, frame, id),
        ]
        return {
          result: answered,
          resultId: nameOfEmission([id], []),
          writes: [{ stream: sessionStream(sessionId), events }],
        }
      },
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    })
    if (outcome.repeated) return answer(outcome.resultId)
    if (deps.hooks.has(point, 'after')) deps.hooks.after(point, { name, data: left }, scope)
    return outcome.result
  })
}

function parsePoint(point: unknown): CustomPoint {
  if (isCustomPoint(point)) return point
  throw createError(
    'INVALID_ARGUMENT',
    `${JSON.stringify(point)} is no point of an app's own; give "custom:" and 1 to 100 letters, digits, "_", "-" or ".".`,
    { path: 'point', point },
  )
}

function assertInline(value: StateValue): StateValue {
  const sizeBytes = sizeOfValue(value)
  if (sizeBytes <= INLINE_LIMIT_BYTES) return value
  throw createError(
    'VALUE_TOO_LARGE',
    `The data at a point is ${sizeBytes} bytes; at most ${INLINE_LIMIT_BYTES} are taken: store an artifact and give its id.`,
    { path: 'data', sizeBytes, limitBytes: INLINE_LIMIT_BYTES },
  )
}

/** As it was recorded when it was first asked: without what was redacted. */
async function earlierAnswer(log: Log, session: SessionId, made: string): Promise<HooksAnswer> {
  const [event] = await emittedIn(made).read(log, sessionStream(session))
  if (event !== undefined) return (event.data as { readonly value: HooksAnswer }).value
  throw createError('EVENT_NOT_FOUND', `Session ${session} has no event ${made}.`, {
    id: session,
    event: made,
  })
}
