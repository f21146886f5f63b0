/**
 * What tabs tell each other. Another tab may run yesterday's build, or be hostile: nothing in a message but
 * whole rows is taken on trust, and a message that is not understood is passed over.
 */
import type { RowForm } from '../core/commit.ts'
import type { RequestId, StreamId, WriterId } from '../core/ids.ts'
import type { Range } from '../core/ranges.ts'
import { admitChanges } from '../core/state/admit.ts'
import type { WriteChange } from '../core/state/write-change.ts'

/** A state write that its tab shows and that is not stored yet. */
export interface ForeseenWrite {
  readonly request: RequestId
  readonly stream: StreamId
  /** Of a sensitive value there is the class and no value. */
  readonly changes: readonly WriteChange[]
}

/** Rows were stored. The first build of Holdfast sends it without `rows`, and knows no other message. */
export interface StoredMessage {
  readonly type: 'stored'
  /** Of each stream the arrival number of the first new row. */
  readonly streams: readonly (readonly [StreamId, number])[]
  /** The arrival numbers of all of them. */
  readonly rows?: readonly Range[]
  readonly carried?: CarriedRows
}

/** All rows of a message as they were stored, in the order of their numbers, so that none of them has to be read. */
export interface CarriedRows {
  /** Of the database: one that was deleted and made anew counts from 1 again. */
  readonly generation: string
  readonly rows: readonly (readonly [seq: number, form: RowForm])[]
}

/** State writes are about to be stored, or will not be. */
export interface ForeseenMessage {
  readonly type: 'foreseen'
  readonly writer: WriterId
  /** Counts this writer's messages of the kind: an older one that comes late says nothing any more. */
  readonly number: number
  readonly begun: readonly ForeseenWrite[]
  /** Refused, failed or given up. */
  readonly ended: readonly RequestId[]
  /** All that are under way, so that one message makes good for those that got lost. */
  readonly open: readonly RequestId[]
}

/** Says that a worker is there; `answer` asks those that hear it to say so too. */
export interface PresentMessage {
  readonly type: 'present'
  readonly writer: WriterId
  readonly answer: boolean
}

/** Asks one worker, or whoever is the steward, whether it still answers. */
export interface PingMessage {
  readonly type: 'ping'
  readonly id: string
  readonly to: WriterId | 'steward'
}

export interface PongMessage {
  readonly type: 'pong'
  readonly id: string
}

export type TabMessage = StoredMessage | ForeseenMessage | PresentMessage | PingMessage | PongMessage

/** More than this in one message is none of ours. */
const MAX_ITEMS = 10_000

/** The message, checked and copied; undefined for what is none. */
export function parseTabMessage(message: unknown): TabMessage | undefined {
  if (typeof message !== 'object' || message === null) return undefined
  const fields = message as Readonly<Record<string, unknown>>
  try {
    switch (fields.type) {
      case 'stored':
        return parseStored(fields)
      case 'foreseen':
        return parseForeseen(fields)
      case 'present':
        return { type: 'present', writer: text(fields.writer), answer: fields.answer === true }
      case 'ping':
        return { type: 'ping', id: text(fields.id), to: text(fields.to) }
      case 'pong':
        return { type: 'pong', id: text(fields.id) }
      default:
        return undefined
    }
  } catch {
    return undefined
  }
}

function parseStored({ streams, rows, carried }: Readonly<Record<string, unknown>>): StoredMessage {
  const parsed = list(streams, (entry): readonly [StreamId, number] => {
    const [stream, seq] = list(entry, (part) => part)
    return [text(stream), arrival(seq)]
  })
  if (rows === undefined) return { type: 'stored', streams: parsed }
  const ranges = list(rows, (entry): Range => {
    const [from, to] = list(entry, arrival)
    if (from === undefined || to === undefined || from > to) throw new TypeError('not a range')
    return [from, to]
  })
  if (carried === undefined) return { type: 'stored', streams: parsed, rows: ranges }
  return { type: 'stored', streams: parsed, rows: ranges, carried: parseCarried(carried) }
}

/** What the forms hold is looked at by who reads them. */
function parseCarried(carried: unknown): CarriedRows {
  const { generation, rows } = carried as Readonly<Record<string, unknown>>
  return {
    generation: text(generation),
    rows: list(rows, (entry): readonly [number, RowForm] => {
      const [seq, form] = list(entry, (part) => part)
      if (typeof form !== 'object' || form === null) throw new TypeError('not a row')
      return [arrival(seq), form as RowForm]
    }),
  }
}

function parseForeseen(fields: Readonly<Record<string, unknown>>): ForeseenMessage {
  return {
    type: 'foreseen',
    writer: text(fields.writer),
    number: arrival(fields.number),
    begun: list(fields.begun, (entry) => {
      const { request, stream, changes } = entry as Readonly<Record<string, unknown>>
      return { request: text(request), stream: text(stream), changes: admitChanges(changes) }
    }),
    ended: list(fields.ended, (entry) => text<RequestId>(entry)),
    open: list(fields.open, (entry) => text<RequestId>(entry)),
  }
}

/** The one place where words of a message become ids; what they name is looked for in the log. */
function text<Id extends string>(value: unknown): Id {
  if (typeof value !== 'string' || value === '') throw new TypeError('not a text')
  return value as Id
}

function arrival(value: unknown): number {
  if (!Number.isSafeInteger(value) || Number(value) < 1) throw new TypeError('not a number of a row')
  return Number(value)
}

function list<Item>(value: unknown, parse: (item: unknown) => Item): readonly Item[] {
  if (!Array.isArray(value) || value.length > MAX_ITEMS) throw new TypeError('not a list')
  return value.map(parse)
}
