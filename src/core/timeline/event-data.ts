/** How an event's data stands in the event, and how it is read: values that are too large for it stand in contents. */
import { isContentReference } from '../artifact/references.ts'
import { isHoldfastError } from '../errors.ts'
import type { Recorded } from '../run/recorded.ts'
import { addUsage, nothingUsed } from '../session/counters.ts'
import type { StateValue } from '../state/value.ts'
import { type LargeFields, RESERVED_EVENT_PREFIXES } from './catalog.ts'
import type { TimelineEvent } from './event.ts'

/** Reads a recorded value, inline or not. */
export type ReadRecorded = (recorded: Recorded) => StateValue | Promise<StateValue>

/**
 * An event's data as it is stored, for events of the app's own: the data itself where it is small. Data that looks like
 * one of the two forms that are read otherwise is put inside the first of them.
 *
 * @param message the data where it is a message's: what it used counts also where the message stands in a content
 */
export function dataOfRecorded(recorded: Recorded, message?: StateValue): StateValue {
  if (!('inline' in recorded))
    return { content: recorded.content, sizeBytes: recorded.sizeBytes, ...usedBy(message) }
  const { inline } = recorded
  return isContentReference(inline) || isInline(inline) ? { inline } : inline
}

function usedBy(message: StateValue | undefined): Readonly<Record<string, StateValue>> {
  if (typeof message !== 'object' || message === null || !('usage' in message)) return {}
  const usage = nothingUsed()
  addUsage(usage, message)
  const { model } = message
  const isName = typeof model === 'string' && model.length <= MAX_MODEL_CHARACTERS
  return { usage, ...(isName ? { model } : {}) }
}

const MAX_MODEL_CHARACTERS = 255

/** What {@link dataOfRecorded} made of, so that a recorded value can be read. */
export function recordedOfData(data: StateValue): Recorded {
  if (isContentReference(data)) return data
  return isInline(data) ? data : { inline: data }
}

/** An event's data with the values of its large fields in their places. */
export async function readLargeFields<Data extends { readonly large?: LargeFields }>(
  readValue: ReadRecorded,
  data: Data,
): Promise<Omit<Data, 'large'>> {
  const { large = {}, ...rest } = data
  const read = Object.entries(large).map(async ([field, value]) => [field, await readValue(value)] as const)
  return { ...rest, ...Object.fromEntries(await Promise.all(read)) }
}

/**
 * An event with the data that was emitted or imported, wherever it stands. Where that is damaged the event is given as it
 * is stored, so that one of them does not hide the others.
 */
export function readEvent<Event extends TimelineEvent>(
  readValue: ReadRecorded,
  event: Event,
): Event | Promise<Event> {
  const { data, source, type } = event
  if (source === 'import') {
    if (!hasLarge(data)) return event
    return readLargeFields(readValue, data).then((read) => ({ ...event, data: read }), asStored(event))
  }
  if (RESERVED_EVENT_PREFIXES.some((prefix) => type.startsWith(prefix))) return event
  // What is stored went through the checks of emit.
  const recorded = recordedOfData(data as StateValue)
  if ('content' in recorded) {
    return Promise.resolve(readValue(recorded)).then((read) => ({ ...event, data: read }), asStored(event))
  }
  return recorded.inline === data ? event : { ...event, data: recorded.inline }
}

function asStored<Event>(event: Event): (error: unknown) => Event {
  return (error) => {
    if (isHoldfastError(error) && error.code === 'CONTENT_DAMAGED') return event
    throw error
  }
}

function hasLarge(data: unknown): data is { readonly large: LargeFields } {
  return typeof data === 'object' && data !== null && 'large' in data
}

function isInline(data: StateValue): data is { readonly inline: StateValue } {
  return typeof data === 'object' && data !== null && 'inline' in data && Object.keys(data).length === 1
}
