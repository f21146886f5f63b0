/**
 * Values on the timeline: inline where they are small, else in a content that the event names, chunked, shared and
 * verified like an artifact's bytes.
 */
import type { RowChange } from '../commit.ts'
import type { Recorded } from '../run/recorded.ts'
import type { StateValue } from '../state/value.ts'
import { sizeOfValue } from '../state/value-size.ts'
import { bytesSource } from './bytes-source.ts'
import type { ContentReader } from './content-reader.ts'
import { type Intake, type PreparedContent, rowsOfContent } from './intake.ts'
import { PLAIN_DOMAIN } from './references.ts'
import { decodeValue, encodeValue } from './value-bytes.ts'

/** Larger values go into a content: the log stays quick to read, whatever its steps return. */
export const INLINE_LIMIT_BYTES = 32_768

/** A value ready for the event that records it. */
export interface PreparedValue {
  readonly recorded: Recorded
  /** Present when the value is not inline: its rows belong into the event's commit, see {@link rowsOfValue}. */
  readonly content?: PreparedContent
}

/** Prepares a step's or a run's value for its event. Gives a promise only for a value that is too large to be inline. */
export function prepareValue(
  intake: Intake,
  value: StateValue,
  signal?: AbortSignal,
): PreparedValue | Promise<PreparedValue> {
  if (sizeOfValue(value) <= INLINE_LIMIT_BYTES) return { recorded: { inline: value } }
  return intake.take(bytesSource(encodeValue(value), signal)).then((content) => ({
    recorded: { content: content.hash, sizeBytes: content.sizeBytes },
    content,
  }))
}

/** What the decision that stores the event has to change beside; nothing for an inline value. */
export function rowsOfValue({ content }: { readonly content?: PreparedContent }): readonly RowChange[] {
  return content === undefined ? [] : rowsOfContent(content)
}

/**
 * The value that was recorded.
 *
 * @throws CONTENT_DAMAGED.
 */
export function readValue(
  reader: () => Promise<ContentReader>,
  recorded: Recorded,
): StateValue | Promise<StateValue> {
  return 'inline' in recorded ? recorded.inline : readLargeValue(reader, recorded)
}

async function readLargeValue(
  reader: () => Promise<ContentReader>,
  { content, sizeBytes }: Exclude<Recorded, { readonly inline: StateValue }>,
): Promise<StateValue> {
  const { whole } = await reader()
  const bytes = await whole({ domain: PLAIN_DOMAIN, hash: content, sizeBytes })
  return decodeValue(bytes)
}
