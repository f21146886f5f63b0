/**
 * Events whose data came as a text of JSON, as the page made it. The text is checked and stored as it came: to write out
 * again what was parsed takes a good part of the time of an event.
 */
import { createError } from '../errors.ts'
import type { EventDraft } from '../hook/definition.ts'
import type { CorrelationId, EventId } from '../ids.ts'
import { toJsonText } from '../json.ts'
import type { Actor } from '../session/record.ts'
import { sizeOf } from '../size.ts'
import { admitState } from '../state/admit.ts'
import type { StateValue } from '../state/value.ts'
import type { EventSource, StoredEvent } from './event.ts'
import type { EventFrame } from './make-event.ts'
import { MAX_TEXT_CHARACTERS } from './text-limit.ts'

/** Whether data that is this text of JSON stands in its event as it is: it is small, and looks like no form of data that is read otherwise. */
export function standsAsText(text: string): boolean {
  return typeof text === 'string' && text.length <= MAX_TEXT_CHARACTERS && !READ_OTHERWISE.test(text)
}

/** What `dataOfRecorded` puts inside another object begins so, or in a writing of it that no page of ours uses. */
const READ_OTHERWISE = /^\s*\{\s*"(?:(?:inline|content|sizeBytes|usage|model)"\s*:|[^"]*\\)/

/** What the text says, to be checked like anything that is given. @throws INVALID_VALUE where it is no JSON */
export function parseText(text: string): StateValue {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw createError(
      'INVALID_VALUE',
      'The data of an event came as a text that is no JSON.',
      { path: 'data' },
      error,
    )
  }
}

/** An event before it is recorded. Frozen, as what hooks get is. */
export class TextDraft implements EventDraft {
  declare readonly data: StateValue
  readonly type: string
  readonly #text: string
  #data: StateValue | undefined

  constructor(type: string, text: string) {
    this.type = type
    this.#text = text
    Object.defineProperty(this, 'data', DRAFT_DATA)
    Object.freeze(this)
  }

  get text(): string {
    return this.#text
  }

  /** Whether its data is all that the text says: of a name that stands twice in it, the first value is in no data. */
  get saysAll(): boolean {
    return JSON.stringify(this.read()) === this.#text
  }

  read(): StateValue {
    this.#data ??= admitState(parseText(this.#text), 'data')
    return this.#data
  }
}

/** Own and enumerable, so that the data goes along wherever an event is copied, sent or compared. One for all: each of its own would make every object a slow one. */
const DRAFT_DATA = {
  enumerable: true,
  get(this: TextDraft) {
    return this.read()
  },
}

/** What events of one operation have in common, and how their JSON ends. */
export interface TextFrame {
  readonly correlationId: CorrelationId
  readonly causeId: EventId | undefined
  readonly actor: Actor | undefined
  readonly end: string
}

/** Undefined where JSON does not hold it. */
export function textFrame({ correlationId, causeId, actor }: EventFrame): TextFrame | undefined {
  const text = toJsonText({ source: SOURCE, schema: SCHEMA, correlationId, causeId, actor })
  return text === undefined ? undefined : { correlationId, causeId, actor, end: `,${text.slice(1)}` }
}

const SOURCE = 'local'
const SCHEMA = 1

/** An event as it is stored. */
export class TextEvent implements StoredEvent<StateValue> {
  // Declared alone, so that they stand in the order in which every event has them.
  declare readonly id: EventId
  declare readonly type: string
  declare readonly data: StateValue
  declare readonly source: EventSource
  declare readonly schema: number
  declare readonly correlationId: CorrelationId
  declare readonly causeId?: EventId
  declare readonly actor?: Actor
  readonly #draft: TextDraft
  readonly #frame: TextFrame

  constructor(id: EventId, draft: TextDraft, frame: TextFrame) {
    this.id = id
    this.type = draft.type
    Object.defineProperty(this, 'data', EVENT_DATA)
    this.source = SOURCE
    this.schema = SCHEMA
    this.correlationId = frame.correlationId
    if (frame.causeId !== undefined) this.causeId = frame.causeId
    if (frame.actor !== undefined) this.actor = frame.actor
    this.#draft = draft
    this.#frame = frame
  }

  /** The event as JSON. Neither its id nor its type has anything to escape. */
  get json(): string {
    return `{"id":"${this.id}","type":"${this.type}","data":${this.#draft.text}${this.#frame.end}`
  }

  /** Of its data. */
  get characters(): number {
    return this.#draft.text.length
  }

  read(): StateValue {
    return this.#draft.read()
  }
}

const EVENT_DATA = {
  enumerable: true,
  get(this: TextEvent) {
    return this.read()
  },
}

/** What an event's data takes, as `sizeOf` estimates it. */
export function sizeOfData(event: StoredEvent): number {
  return event instanceof TextEvent ? event.characters : sizeOf(event.data)
}

/** The same of the whole event. */
export function sizeOfEvent(event: StoredEvent): number {
  return event instanceof TextEvent ? event.characters + AROUND_BYTES : sizeOf(event)
}

const AROUND_BYTES = 256
