import type { EventId } from '../ids.ts'
import type { StateValue } from './value.ts'

/** The maps of a managed document. All hold {key, value, at} entries, of which the greatest `at` wins. */
export const MANAGED_MAPS = ['meta', 'state', 'artifacts'] as const
export type ManagedMap = (typeof MANAGED_MAPS)[number]

/** One write to a managed document. Without a value it is a deletion. */
export interface Delta {
  readonly map: ManagedMap
  readonly key: string
  readonly value?: StateValue
  /** The stamp: the id of the event that carries this delta. Ids sort by clock, then writer, so stamps are never equal. */
  readonly at: EventId
}

/** An entry of a managed map; without a value it is a deletion that still beats older writes. */
export interface Entry {
  readonly key: string
  readonly value?: StateValue
  readonly at: EventId
}
