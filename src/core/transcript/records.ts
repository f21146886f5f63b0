/** What a transcript says, in the order of its lines: the one shape that every format is parsed into. */
import type { Usage } from '../session/record.ts'
import type { StateValue } from '../state/value.ts'

interface FromLine {
  /** Number of the line it stands on, from 1. */
  readonly line: number
  /** Original time in milliseconds since 1970, where the source has one. */
  readonly at?: number
}

/** What the transcript says about itself. */
export interface HeaderRecord extends FromLine {
  readonly kind: 'header'
  readonly data: StateValue
}

export interface MessageRecord extends FromLine {
  readonly kind: 'message'
  readonly role: string
  /** As the source had it, without the tool calls that follow as records of their own. */
  readonly content: StateValue
  readonly model?: string
  readonly usage?: Partial<Usage>
  /** Everything else the source said of this message. */
  readonly source?: StateValue
}

export interface ModelRecord extends FromLine {
  readonly kind: 'model'
  readonly provider?: string
  readonly model: string
  readonly source?: StateValue
}

/** A tool call of the message record before it. */
export interface CallRecord extends FromLine {
  readonly kind: 'call'
  /** As the source named it; not always unique. */
  readonly callId: string
  readonly tool: string
  readonly input: StateValue
}

export interface ResultRecord extends FromLine {
  readonly kind: 'result'
  readonly callId: string
  readonly outcome:
    | { readonly ok: true; readonly value: StateValue }
    | { readonly ok: false; readonly message: string }
  readonly usage?: Partial<Usage>
  /** Everything else the source said of this result. */
  readonly source?: StateValue
  /** The whole of it, for a result whose call is not there. */
  readonly data: StateValue
}

/** Everything no other record takes, so that nothing is dropped. */
export interface EntryRecord extends FromLine {
  readonly kind: 'entry'
  readonly type?: string
  readonly data: StateValue
}

/** A line that could not be read. */
export interface BrokenRecord {
  readonly kind: 'broken'
  readonly line: number
  /** A phrase that ends "Line 7 cannot be imported:". */
  readonly reason: string
}

export type ImportRecord =
  | HeaderRecord
  | MessageRecord
  | ModelRecord
  | CallRecord
  | ResultRecord
  | EntryRecord
  | BrokenRecord

/** Formats that can be imported. */
export const TRANSCRIPT_FORMATS = ['pi-session', 'openai-messages'] as const
export type TranscriptFormat = (typeof TRANSCRIPT_FORMATS)[number]
