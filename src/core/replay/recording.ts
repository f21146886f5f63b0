import { createError } from '../errors.ts'
import type { RedactionOptions } from '../hook/redactor.ts'
import type { EventId } from '../ids.ts'
import type { StateValue } from '../state/value.ts'
import type { StoredEvent, TimelineEvent } from '../timeline/event.ts'
import { fromJson, type Json, toJson } from './recording-json.ts'

/** Raised when an older build cannot read what is written. */
export const RECORDING_VERSION = 1

const FORMAT = 'holdfast-recording'

/** What is redacted in a recording, beside what redaction knows by itself: plain data, since it is kept in it. */
export interface RecordingRedaction {
  /** Names of fields, in any spelling. */
  readonly fields?: readonly string[]
  /** Texts, as sources of regular expressions. */
  readonly patterns?: readonly string[]
}

/** What a session's replay needs of its log, without secrets. */
export interface Recording {
  readonly events: readonly TimelineEvent[]
  /** Starts of steps whose input held a secret: they are not run again. */
  readonly withheld: readonly EventId[]
  readonly redaction: RecordingRedaction
}

/** @throws INVALID_ARGUMENT for what is none: a pattern that is left out would leave a secret in */
export function redactionOptions(redaction: RecordingRedaction): RedactionOptions {
  const { fields = [], patterns = [] } = Object(redaction) as RecordingRedaction
  if (Object(redaction) !== redaction) throw noRedaction('redact', redaction)
  if (!areTexts(fields)) throw noRedaction('redact.fields', fields)
  if (!areTexts(patterns)) throw noRedaction('redact.patterns', patterns)
  return { fields, patterns: patterns.map(patternOf) }
}

function areTexts(list: unknown): list is readonly string[] {
  return Array.isArray(list) && list.every((item) => typeof item === 'string')
}

function patternOf(source: string): RegExp {
  try {
    return new RegExp(source, 'u')
  } catch (error) {
    throw noRedaction('redact.patterns', source, error)
  }
}

function noRedaction(path: string, given: unknown, cause?: unknown): Error {
  return createError(
    'INVALID_ARGUMENT',
    `${path} cannot be ${String(given)}; give lists of names of fields, and of sources of regular expressions.`,
    { path },
    cause,
  )
}

/** A recording as the text of a file: JSON, one event a line, so that two of them can be compared. */
export function writeRecording({ events, withheld, redaction }: Recording): string {
  const head = JSON.stringify({ format: FORMAT, version: RECORDING_VERSION, redaction, withheld })
  const lines = events.map(({ data, ...event }) =>
    JSON.stringify({ ...event, data: toJson(data as StateValue) }),
  )
  return `${head.slice(0, -1)},"events":[\n${lines.join(',\n')}\n]}\n`
}

/**
 * Reads the text of a recording's file.
 * @param name for errors: of the file
 * @throws INVALID_VALUE for what is no recording; VERSION_MISMATCH for one of a newer build
 */
export function readRecording(text: string, name: string): Recording {
  const { format, version, redaction, withheld, events } = parse(text, name)
  if (format !== FORMAT || !Array.isArray(events) || !Array.isArray(withheld)) throw notOne(name)
  if (typeof version !== 'number' || version > RECORDING_VERSION) {
    throw createError(
      'VERSION_MISMATCH',
      `${name} is a recording of version ${String(version)}; this build reads up to ${RECORDING_VERSION}. Update Holdfast.`,
      { file: name, version },
    )
  }
  try {
    redactionOptions(redaction ?? {})
  } catch (error) {
    throw notOne(name, error)
  }
  return {
    events: events.map((event) => {
      const { data, ...rest } = Object(event) as StoredEvent<Json>
      if (typeof rest.id !== 'string' || typeof rest.type !== 'string') throw notOne(name)
      return { ...rest, data: fromJson(data) } as TimelineEvent
    }),
    withheld,
    redaction: redaction ?? {},
  }
}

interface RecordingFile {
  readonly format?: unknown
  readonly version?: unknown
  readonly redaction?: RecordingRedaction
  readonly withheld?: EventId[]
  readonly events?: unknown
}

function parse(text: string, name: string): RecordingFile {
  try {
    return Object(JSON.parse(text)) as RecordingFile
  } catch (error) {
    throw notOne(name, error)
  }
}

export function notOne(name: string, cause?: unknown): Error {
  return createError(
    'INVALID_VALUE',
    `${name} is no recording; save one with session.saveRecording(), or take the file away.`,
    { file: name },
    cause,
  )
}
