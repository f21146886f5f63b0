import { createError, type HoldfastError } from '../core/errors.ts'
import { type SessionId, timeOfId } from '../core/ids.ts'
import { toJsonText } from '../core/json.ts'
import { nextTurn } from '../core/next-turn.ts'
import { sizeOf } from '../core/size.ts'
import type { StateValue } from '../core/state/value.ts'
import type { TimelineEvent } from '../core/timeline/event.ts'
import type { EventDetails } from '../core/timeline/event-details.ts'
import { MAX_TEXT_CHARACTERS } from '../core/timeline/text-limit.ts'
import { assertAnswered } from '../protocol/agree.ts'
import { EVENT_DETAILS_SINCE, METHODS_SINCE } from '../protocol/since.ts'
import { fromWireError } from '../protocol/wire-error.ts'
import type { Caller } from './caller.ts'
import type { Answer, Connection } from './connection.ts'
import { readOneEvent } from './event-reader.ts'
import type { Load } from './pending-entry.ts'
import type { Frame, WriteOptions } from './request.ts'

/** Records one event, and gives it with the data that was emitted. The data was checked and copied before. */
export type Emitter = (
  type: string,
  data: StateValue,
  options: WriteOptions,
  details?: EventDetails,
) => Promise<TimelineEvent>

/** Of the data of events that travel together: more would keep what is sent after them waiting. */
export const MAX_TOGETHER_BYTES = 262_144

/** Events as they are sent: one, or several of one type with their data as texts of JSON. */
type Told =
  | ({ readonly type: string; readonly data: StateValue } & EventDetails)
  | { readonly type: string; readonly texts: string[] }

/** An event that waits for its answer. */
interface Waiting {
  readonly type: string
  readonly data: StateValue
  resolve(event: TimelineEvent | Promise<TimelineEvent>): void
  reject(error: unknown): void
}

interface Group {
  readonly durability: WriteOptions['durability']
  readonly frame: Frame
  readonly events: Told[]
  readonly waiting: Waiting[]
  readonly load: Load
}

/**
 * The sessions for which something was emitted in this turn, before any hook could have been asked about it. Emitters of a
 * page have it together: another handle, and an event with a cause of its own, have emitters of their own.
 */
const inThisTurn = new WeakMap<Connection, Set<SessionId>>()

function emittedIn(connection: Connection): Set<SessionId> {
  const known = inThisTurn.get(connection)
  if (known !== undefined) return known
  const emitted = new Set<SessionId>()
  inThisTurn.set(connection, emitted)
  return emitted
}

/** Sends events that are emitted before the page comes to send anything as one call, in their order. */
export function createEmitter(connection: Connection, caller: Caller, sessionId: SessionId): Emitter {
  let group: Group | undefined
  const emitted = emittedIn(connection)

  const begin = (durability: WriteOptions['durability'], frame: Frame): Group => {
    const begun: Group = { durability, frame, events: [], waiting: [], load: { bytes: 0 } }
    const { events, load } = begun
    const leave = () => {
      if (group === begun) group = undefined
    }
    const answer = caller.call(
      'timeline.append',
      {
        sessionId,
        events,
        ...(durability && { durability }),
        ...(emitted.has(sessionId) && { follows: true }),
      },
      { onSend: leave, load },
    )
    answer
      .then((appended) => settle(caller, begun, appended))
      .catch((error: unknown) => {
        // A call that is refused before it is sent never leaves.
        leave()
        for (const { reject } of begun.waiting) reject(error)
      })
    return begun
  }

  const together = (
    type: string,
    data: StateValue,
    details: EventDetails,
    durability: WriteOptions['durability'],
  ) => {
    const frame = connection.hookFrame.of(caller.frame)
    if (group === undefined || !fits(group, durability, frame)) group = begin(durability, frame)
    if (emitted.size === 0) nextTurn(() => emitted.clear())
    emitted.add(sessionId)
    const { events, waiting, load } = group
    connection.grew(load, add(events, type, data, details))
    const answer = new Promise<TimelineEvent>((resolve, reject) => {
      waiting.push({ type, data, resolve, reject })
    })
    // What is full goes while the page makes the next.
    if (load.bytes >= MAX_TOGETHER_BYTES) connection.hurry()
    return answer
  }

  const alone = async (
    type: string,
    data: StateValue,
    { durability, requestId, signal, deadlineMs }: WriteOptions,
    details: EventDetails,
  ) => {
    const input = { sessionId, type, data, ...details, ...(durability && { durability }) }
    return readStored(caller, await caller.call('timeline.emit', input, { requestId, signal, deadlineMs }))
  }

  return (type, data, options, details = NO_DETAILS) => {
    const { durability = connection.durability, requestId, signal, deadlineMs } = options
    const travelsAlone = requestId !== undefined || signal !== undefined || deadlineMs !== undefined
    if (!travelsAlone && canAppend(connection)) return together(type, data, details, durability)
    if (details !== NO_DETAILS && Object.keys(details).length > 0)
      assertAnswered('event details', connection.welcome.protocol, EVENT_DETAILS_SINCE)
    return alone(type, data, { ...options, durability }, details)
  }
}

/** More answers than events are nobody's. */
function next(line: Iterator<Waiting>): Waiting {
  return line.next().value ?? NOBODY
}

const NOBODY: Waiting = { type: '', data: null, resolve: () => {}, reject: () => {} }

const NO_DETAILS: EventDetails = {}

/** What old libraries give all objects, or all lists: values would be another in JSON. */
const WRITES_ITSELF = 'toJSON'
const LIST: object = []

/** @returns what it weighs */
function add(events: Told[], type: string, data: StateValue, details: EventDetails): number {
  const text = Object.keys(details).length > 0 || WRITES_ITSELF in LIST ? undefined : toJsonText(data)
  if (text === undefined || text.length > MAX_TEXT_CHARACTERS) {
    events.push({ type, data, ...details })
    return sizeOf(data)
  }
  const last = events.at(-1)
  if (last !== undefined && 'texts' in last && last.type === type) last.texts.push(text)
  else events.push({ type, texts: [text] })
  return text.length
}

/** Each event gets its own answer. */
function settle(caller: Caller, { waiting }: Group, { common, events }: Answer<'timeline.append'>): void {
  const line = waiting.values()
  for (const one of events) {
    if ('ids' in one && common !== undefined) {
      for (const id of one.ids) {
        const { type, data, resolve } = next(line)
        resolve({ ...common, type, data, id, time: timeOfId(id) })
      }
      continue
    }
    const { type, resolve, reject } = next(line)
    if ('event' in one) resolve(readStored(caller, one.event))
    else if ('id' in one && common !== undefined)
      resolve(readStored(caller, { ...common, type, data: one.data, id: one.id, time: timeOfId(one.id) }))
    else reject('error' in one ? fromWireError(one.error) : unanswered(type))
  }
  for (const { type, reject } of line) reject(unanswered(type))
}

/** It is stored, so what keeps its data from being read now does not make this fail. */
function readStored(caller: Caller, stored: TimelineEvent): TimelineEvent | Promise<TimelineEvent> {
  try {
    const read = readOneEvent(caller, stored)
    return read instanceof Promise ? read.catch(() => stored) : read
  } catch {
    return stored
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
