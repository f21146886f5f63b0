import type { App } from '../core/app/app.ts'
import { asyncDispose } from '../core/async-dispose.ts'
import { createError } from '../core/errors.ts'
import { type CheckpointId, type CorrelationId, type EventId, isMadeId, sessionStream } from '../core/ids.ts'
import type { SessionRecord } from '../core/session/record.ts'
import type { Verb } from '../core/session/status.ts'
import { admitState } from '../core/state/admit.ts'
import { checkSchema } from '../core/state/schema.ts'
import type { TimelineEvent } from '../core/timeline/event.ts'
import type { Cause } from '../protocol/worker-api.ts'
import { createArtifacts } from './artifacts.ts'
import { assertStorable } from './assert-storable.ts'
import { createCaller } from './caller.ts'
import { createDocuments } from './documents.ts'
import { detailsIn } from './emit-details.ts'
import { createEmitter } from './emitter.ts'
import type { House } from './house.ts'
import { idOf, type Moment, requireId } from './moment.ts'
import { createPast } from './past.ts'
import { pricedMessage } from './priced-message.ts'
import { startReplay } from './replay.ts'
import type { ChangeOptions, Frame } from './request.ts'
import { runBody } from './run.ts'
import { createRuns } from './runs.ts'
import type { RunBody, RunOptions, Session } from './session-handle.ts'
import type { Stream } from './shared-stream.ts'
import { createSessionState, schemaOf } from './state.ts'
import { createRunStep } from './step.ts'
import { createTimeline } from './timeline.ts'
import { createWorkSignal } from './work-signal.ts'

/** @param stream the handle's own: it is released by `close` */
export function createSession<A extends App>(
  house: House<A>,
  stream: Stream,
  record: SessionRecord,
  frame: Frame = {},
): Session<A> {
  const { id } = record
  const work = createWorkSignal(stream)
  let closed = false

  const bind = (bound: Frame): Session<A> => {
    const caller = createCaller(house.connection, bound)
    const emit = createEmitter(house.connection, caller, id)
    const place = {
      sessionId: id,
      caller,
      bind,
      work,
      stream,
      prices: house.app?.prices,
    }
    const transition = async (verb: Verb, options?: ChangeOptions, reason?: string) => {
      const changed = await caller.call(
        'sessions.transition',
        { id, verb, ...(reason !== undefined && { reason }) },
        options,
      )
      stream.take(changed)
      return changed
    }
    const restore = async (
      to: { readonly checkpoint: CheckpointId } | { readonly event: EventId },
      options?: ChangeOptions,
    ) => {
      const { record: restored, entries } = await caller.call('sessions.restore', { id, ...to }, options)
      stream.mirror.apply(entries, 'local')
      stream.take(restored)
    }
    const session: Session<A> = {
      id,
      get info() {
        return stream.record ?? record
      },
      writes: house.connection.ledger.of(sessionStream(id)),
      subscribe: (listener) => stream.subscribe((info) => listener(info ?? null)),
      state: createSessionState<A>(stream, {
        frame: bound,
        ready: Promise.resolve(),
        caller,
        app: house.app,
      }),
      artifacts: createArtifacts(house.connection, caller, house.startListWatch, id),
      timeline: createTimeline(caller, house.startWatch, id),
      documents: createDocuments(caller, house.connection, id),
      runs: createRuns(caller, id),
      checkpoints: { list: (options) => caller.call('sessions.checkpoints', { id }, options) },

      emit: (type, data, options = {}) => {
        try {
          const schema = schemaOf(house.app?.events, type)
          const checked = schema === undefined ? data : checkSchema(schema, data, `event "${type}"`)
          const { details, frame: by } = detailsIn(options, bound)
          const emitBy =
            by === bound ? emit : createEmitter(house.connection, createCaller(house.connection, by), id)
          const said = admitState(checked, 'data')
          const whole = type === 'message.added' ? pricedMessage(house.app?.prices, said) : said
          return emitBy(type, whole, options, details)
        } catch (error) {
          return Promise.reject(error)
        }
      },
      callHooks: async (point, data, { durability = house.connection.durability, ...rest } = {}) => {
        const input = {
          sessionId: id,
          point,
          data: admitState(data, 'data'),
          ...(durability && { durability }),
        }
        return caller.call('hooks.call', input, rest)
      },
      step: createRunStep(place),
      run: async <Input, Output>(
        name: string,
        options: RunOptions<Input> | RunBody<Input, Output>,
        body?: RunBody<Input, Output>,
      ): Promise<Output> => {
        const callerFor = (inner: Frame) => createCaller(house.connection, inner)
        const runPlace = {
          ...place,
          callerFor,
          startWatch: house.startWatch,
        }
        if (typeof options === 'function') return runBody(runPlace, name, {}, options)
        if (body === undefined)
          throw createError('INVALID_ARGUMENT', `Run ${name} has no body; give a function.`, { path: 'body' })
        return runBody(runPlace, name, options, body)
      },

      save: (what, options) => caller.call('sessions.save', { id, ...what }, options),
      restore: (checkpoint, options) => {
        const { id: checkpointId } = typeof checkpoint === 'string' ? { id: checkpoint } : checkpoint
        return restore({ checkpoint: checkpointId as CheckpointId }, options)
      },
      suspend: (options) => transition('suspend', options),
      resume: (options) => transition('resume', options),
      complete: (options) => transition('complete', options),
      fail: (reason, options) => transition('fail', options, reason),
      reopen: (reason, options) => transition('reopen', options, reason),
      archive: (options) => transition('archive', options),
      unarchive: (options) => transition('unarchive', options),
      edit: async (changes, options) => {
        assertStorable(changes)
        const edited = await caller.call('sessions.edit', { id, changes }, options)
        stream.take(edited)
        return edited
      },
      delete: async (how, options) => {
        await caller.call('sessions.delete', { id, ...how }, options)
      },

      fork: async ({ at, ...what } = {}, options) => {
        const start = await caller.call(
          'sessions.fork',
          { id, ...what, ...(at !== undefined && { at: requireId(at) }) },
          options,
        )
        return house.adopt(start)
      },
      at: async (moment, options) => {
        const past = await caller.call('sessions.at', { id, event: requireId(moment) }, options)
        return createPast(past, caller, session, (how) => restore({ event: past.eventId }, how))
      },
      diff: async (from, to, options) =>
        caller.call('replay.diff', { sessionId: id, from: requireId(from), to: requireId(to) }, options),
      saveRecording: ({ redact: redaction = {}, ...options } = {}) =>
        caller.call('recordings.save', { sessionId: id, redaction }, options),
      replay: (options) => startReplay(caller, id, options, () => session.info.counters.events),

      correlate: (by) => bind({ ...bound, cause: causeOf(by, bound.cause) }),
      close: () => {
        work.stop()
        if (!closed) stream.release()
        closed = true
      },
      [asyncDispose]: async () => session.close(),
    }
    return session
  }

  return bind(frame)
}

function causeOf(by: { readonly cause: Moment | TimelineEvent } | Cause | undefined, outer?: Cause): Cause {
  if (by === undefined) return { ...outer, correlationId: crypto.randomUUID() as string as CorrelationId }
  // A cause has a correlation of its own.
  if (!('cause' in by)) return assertCause(by.causeId === undefined ? { ...outer, ...by } : by)
  const { cause } = by
  const causeId = idOf(cause ?? '') ?? ''
  return assertCause(
    typeof cause === 'object' && 'correlationId' in cause
      ? { causeId, correlationId: cause.correlationId }
      : { causeId },
  )
}

/** Everything done through the handle is stored with it. @throws INVALID_ARGUMENT */
function assertCause(cause: Cause): Cause {
  const { causeId, correlationId = 'none' } = cause
  if (causeId !== undefined && !isMadeId(causeId)) throw unbound('cause', causeId, 'an event, or its id')
  if (typeof correlationId === 'string' && correlationId !== '' && correlationId.length <= 128) return cause
  throw unbound('correlationId', correlationId, 'a text of 1 to 128 characters')
}

function unbound(path: string, given: unknown, take: string): Error {
  return createError(
    'INVALID_ARGUMENT',
    `A handle cannot be bound to the ${path} ${String(given).slice(0, 128)}; give ${take}.`,
    { path },
  )
}
