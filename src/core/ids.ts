/**
 * Ids are branded strings. Everything Holdfast makes has a UUIDv7 whose first half is the hybrid clock and whose
 * second half is the writer, so ids are unique by construction and sort by clock, then writer.
 */
declare const brand: unique symbol
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name }

export type SessionId = Branded<string, 'SessionId'>
export type EventId = Branded<string, 'EventId'>
export type CommitId = Branded<string, 'CommitId'>
export type ArtifactId = Branded<string, 'ArtifactId'>
export type CheckpointId = Branded<string, 'CheckpointId'>
export type RunId = Branded<string, 'RunId'>
export type CorrelationId = Branded<string, 'CorrelationId'>
export type RequestId = Branded<string, 'RequestId'>
/** One start of one worker: the last two groups of a random UUID. New at every start. */
export type WriterId = Branded<string, 'WriterId'>
/** `sha256:` and 64 hexadecimal digits; of a content of several chunks followed by `-` and their number. See artifact/content-id.ts. */
export type ContentId = Branded<string, 'ContentId'>
/** One chain of commits: a session's id, `<session>/doc/<name>`, `/scope/<scope>`, or `/store`. */
export type StreamId = Branded<string, 'StreamId'>
/** Hybrid logical time: milliseconds since 1970 x 2,048 + counter. A safe integer until the year 2109. */
export type Clock = Branded<number, 'Clock'>

export const CLOCK_TICKS_PER_MS = 2048

/** The stream of what outlives every session. */
export const STORE_STREAM = '/store' as StreamId

/** Rows that say whose turn it is to write. They belong to no session and no scope, and nobody shows them. */
export const TURNS_STREAM = '/turns' as StreamId

export function clockAt(timeMs: number): Clock {
  return (Math.floor(timeMs) * CLOCK_TICKS_PER_MS) as Clock
}

export function timeOfClock(clock: Clock): number {
  return Math.floor(clock / CLOCK_TICKS_PER_MS)
}

/** Builds the UUIDv7 of one tick of one writer. */
export function idAt<Id extends string>(clock: Clock, writer: WriterId): Id {
  // The version 7 stands before three digits of the counter, so that none of them is left out.
  const counter = (0x7000 + (clock % CLOCK_TICKS_PER_MS)).toString(16)
  return `${beginAt(timeOfClock(clock))}-${counter}-${writer}` as Id
}

/** Many ids are made within one millisecond. */
let lastMs = -1
let lastBegin = ''

function beginAt(timeMs: number): string {
  if (timeMs === lastMs) return lastBegin
  const ms = timeMs.toString(16).padStart(12, '0')
  lastMs = timeMs
  lastBegin = `${ms.slice(0, 8)}-${ms.slice(8)}`
  return lastBegin
}

/** The clock inside an id that {@link idAt} made. */
export function clockOfId(id: string): Clock {
  return (timeOfId(id) * CLOCK_TICKS_PER_MS + Number.parseInt(id.slice(15, 18), 16)) as Clock
}

/** The time in milliseconds inside an id that {@link idAt} made. */
export function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}

/** The writer inside an id that {@link idAt} made. */
export function writerOfId(id: string): WriterId {
  return id.slice(19) as WriterId
}

const MADE_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-7][0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Says whether a string has the form of an id that {@link idAt} makes. */
export function isMadeId(id: string): boolean {
  return MADE_ID.test(id)
}

export function sessionStream(session: SessionId): StreamId {
  return session as string as StreamId
}

export function documentStream(session: SessionId, name: string): StreamId {
  return `${session}/doc/${name}` as StreamId
}

/** Says whether a stream is an app document's. */
export function isDocumentStream(stream: StreamId): boolean {
  return !stream.startsWith('/') && stream.includes('/doc/')
}

export function scopeStream(scope: string): StreamId {
  return `/scope/${scope}` as StreamId
}

/** The session a stream belongs to; undefined for the store and for scopes outside sessions. */
export function sessionOfStream(stream: StreamId): SessionId | undefined {
  if (stream.startsWith('/')) return undefined
  const slash = stream.indexOf('/')
  return (slash < 0 ? stream : stream.slice(0, slash)) as SessionId
}
