/** The history of a simulation: what was tried, and what its caller was told. */
import type { StreamId } from '../../src/core/ids.ts'

/** What an operation leaves in the log when it is stored. */
export interface Trace {
  readonly stream?: StreamId
  readonly type: string
  /** Stands in the event's data; absent for what carries no words of its caller. */
  readonly marker?: string
}

export interface Attempt {
  readonly number: number
  readonly tab: string
  readonly operation: string
  /** Acknowledged only when it survives a power cut. */
  readonly isStrict: boolean
  readonly begunAt: number
  trace?: Trace
  /** `maybe`: its caller cannot know. */
  state: 'waiting' | 'stored' | 'refused' | 'maybe'
  settledAt?: number
  error?: unknown
}

/** A word that stands in nothing else. */
export function markerOf(number: number): string {
  return `m${number}m`
}

export const MARKERS = /m\d+m/g
