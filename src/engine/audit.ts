/** The audit: what was refused, and which calls were allowed where that is asked for, in the timeline of their session. */
import { isHoldfastError } from '../core/errors.ts'
import { cutText } from '../core/hook/cut-text.ts'
import type { Redactor } from '../core/hook/redactor.ts'
import {
  type CorrelationId,
  type EventId,
  type RequestId,
  type SessionId,
  STORE_STREAM,
  sessionStream,
} from '../core/ids.ts'
import type { Request } from '../core/request.ts'
import { parseHead, sessionHeadKey } from '../core/session/head.ts'
import type { EventDataByType } from '../core/timeline/catalog.ts'
import { makeEvent } from '../core/timeline/make-event.ts'
import type { MethodName } from '../protocol/worker-api.ts'
import type { AuditOptions } from './audit-options.ts'
import { type Refusal, refusalsIn } from './audit-refusals.ts'
import type { CallContext, Methods } from './methods.ts'
import type { Parts } from './parts.ts'

/** UTF-16 code units of a hook's reason that are recorded: it may give any text. */
const MAX_REASON_LENGTH = 1_024

export type Audit = (methods: Methods, parts: AuditParts) => Methods

export type AuditParts = Pick<Parts, 'journal' | 'clock' | 'world'>

type Data = EventDataByType['audit.refused'] | EventDataByType['audit.allowed']

/** @param redactor takes secrets out of the reasons that hooks give */
export function createAudit(
  { allowed = [], refused = true, togetherMs = 1_000 }: AuditOptions,
  { redactor }: { readonly redactor?: Redactor } = {},
): Audit {
  return (methods, { journal, clock, world: { wall } }) => {
    const repeated = new Map<string, { count: number }>()

    async function record(type: 'audit.refused' | 'audit.allowed', data: Data, by: By): Promise<void> {
      const { session, request } = by
      const reason =
        'reason' in data && data.reason !== undefined
          ? {
              reason: cutText(
                String((await redactor?.redact(data.reason)) ?? data.reason),
                MAX_REASON_LENGTH,
              ),
            }
          : {}
      await journal.commit({
        requestId: clock.nextId<RequestId>(),
        mayRepeat: false,
        durability: 'relaxed',
        heads: session === undefined ? [] : [sessionHeadKey(session)],
        decide(heads) {
          const head = session === undefined ? undefined : parseHead(heads.get(sessionHeadKey(session)))
          const correlationId = head?.correlationId ?? clock.nextId<CorrelationId>()
          const frame = { correlationId, ...(request.actor === undefined ? {} : { actor: request.actor }) }
          const event = makeEvent(clock.nextId<EventId>(), type, { ...data, ...reason } as never, frame)
          // Of a session that is not there, the store's timeline says that it was asked for.
          const stream = session === undefined || head === undefined ? STORE_STREAM : sessionStream(session)
          return { result: undefined, resultId: event.id, writes: [{ stream, events: [event] }] }
        },
      })
    }

    /** Nobody waits for it, and what fails in it must not be the end of the call. */
    function note(type: 'audit.refused' | 'audit.allowed', data: Data, by: By): void {
      record(type, data, by).catch(() => undefined)
    }

    /** A caller that tries again and again would fill the log. */
    function noteRefusal(refusal: Refusal, call: MethodName, by: By): void {
      const data = { call, ...refusal }
      const key = JSON.stringify([data, by.session, by.request.actor?.id])
      const known = repeated.get(key)
      if (known !== undefined) {
        known.count += 1
        return
      }
      const more = { count: 0 }
      repeated.set(key, more)
      note('audit.refused', { ...data, count: 1 }, by)
      wall.after(togetherMs, () => {
        repeated.delete(key)
        if (more.count > 0) note('audit.refused', { ...data, count: more.count }, by)
      })
    }

    function audited(name: MethodName) {
      const method = methods[name] as (request: Request, input: object, context: CallContext) => unknown
      return async (request: Request, input: object, context: CallContext) => {
        const by = { request, session: sessionOf(input) }
        try {
          const answer = await method(request, input, context)
          if (refused) for (const refusal of refusalsIn(answer)) noteRefusal(refusal, name, by)
          if (allowed.includes(name)) note('audit.allowed', { call: name }, by)
          return answer
        } catch (error) {
          if (refused && isHoldfastError(error))
            for (const refusal of refusalsIn({ error })) noteRefusal(refusal, name, by)
          throw error
        }
      }
    }

    const names = Object.keys(methods) as MethodName[]
    return Object.fromEntries(names.map((name) => [name, audited(name)])) as Methods
  }
}

interface By {
  readonly request: Request
  readonly session: SessionId | undefined
}

/** The session that a call is about, as its input names it. */
function sessionOf(input: object): SessionId | undefined {
  const { sessionId, id, session, target } = input as Readonly<Record<string, unknown>>
  const inTarget =
    typeof target === 'object' && target !== null && 'session' in target ? target.session : undefined
  const named = [sessionId, inTarget, session, id].find((one) => typeof one === 'string')
  return named as SessionId | undefined
}
