import { createError, type HoldfastError } from '../core/errors.ts'
import { type SessionId, timeOfId } from '../core/ids.ts'
import { sizeOf } from '../core/size.ts'
import type { StateValue } from '../core/state/value.ts'
import type { TimelineEvent } from '../core/timeline/event.ts'
import type { EventDetails } from '../core/timeline/event-details.ts'
import { assertAnswered } from '../protocol/agree.ts'
import { EVENT_DETAILS_SINCE, METHODS_SINCE } from '../protocol/since.ts'
import { fromWireError } from '../protocol/wire-error.ts'
import type { Caller } from './caller.ts'
import type { Answer, Connection } from './connection.ts'
import type { Load } from './pending-entry.ts'
import type { Frame, WriteOptions } from './request.ts'

/** Records one event. The data was checked and copied before. */
export type Emitter = (
  type: string,
  data: StateValue,
  options: WriteOptions,
  details?: EventDetails,
) => Promise<TimelineEvent>

/** Of the data of events that travel together: more would keep what is sent after them waiting. */
export const MAX_TOGETHER_BYTES = 262_144

/** An event as it is sent. */
type Told = { readonly type: string; readonly data: StateValue } & EventDetails

interface Group {
  readonly durability: WriteOptions['durability']
  readonly frame: Frame
  readonly events: Told[]
  readonly answer: Promise<Answer<'timeline.append'>>
  readonly load: Load
}

/** Sends events that are emitted before the page comes to send anything as one call, in their order. */
export function createEmitter(connection: Connection, caller: Caller, sessionId: SessionId): Emitter {
  let group: Group | undefined

  const begin = (durability: WriteOptions['durability'], frame: Frame): Group => {
    const events: Group['events'] = []
    const load = { bytes: 0 }
    const leave = () => {
      if (group?.events === events) group = undefined
    }
    const answer = caller.call(
      'timeline.append',
      { sessionId, events, ...(durability && { durability }) },
      { onSend: leave, load },
    )
    // A call that is refused before it is sent never leaves.
    answer.then(leave, leave)
    return { durability, frame, events, answer, load }
  }

  const together = async (told: Told, durability: WriteOptions['durability']) => {
    const { type, data } = told
    const frame = connection.hookFrame.of(caller.frame)
    if (group === undefined || !fits(group, durability, frame)) group = begin(durability, frame)
    const { events, answer, load } = group
    const at = events.push(told) - 1
    connection.grew(load, sizeOf(data))
    const { common, events: appended } = await answer
    const one = appended[at]
    if (one !== undefined && 'error' in one) throw fromWireError(one.error)
    if (one !== undefined && 'event' in one) return one.event
    if (one === undefined || common === undefined) throw unanswered(type)
    return { ...common, type, data: one.data ?? data, id: one.id, time: timeOfId(one.id) }
  }

  return (
    type,
    data,
    { durability = connection.durability, requestId, signal, deadlineMs },
    details = {},
  ) => {
    const told = { type, data, ...details }
    const travelsAlone = requestId !== undefined || signal !== undefined || deadlineMs !== undefined
    if (!travelsAlone && canAppend(connection)) return together(told, durability)
    if (Object.keys(details).length > 0)
      assertAnswered('event details', connection.welcome.protocol, EVENT_DETAILS_SINCE)
    const input = { sessionId, ...told, ...(durability && { durability }) }
    return caller.call('timeline.emit', input, { requestId, signal, deadlineMs })
  }
}

function canAppend({ welcome }: Connection): boolean {
  return welcome.protocol >= METHODS_SINCE['timeline.append']
}

function fits({ durability, frame, load }: Group, asked: WriteOptions['durability'], by: Frame): boolean {
  return durability === asked && frame === by && load.bytes < MAX_TOGETHER_BYTES
}

function unanswered(type: string): HoldfastError {
  return createError('INTERNAL', `The worker did not say what became of an event ${type}.`, { type })
}
