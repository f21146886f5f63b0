import { bytesSource } from '../artifact/bytes-source.ts'
import { type Intake, type PreparedContent, rowsOfContent } from '../artifact/intake.ts'
import { INLINE_LIMIT_BYTES } from '../artifact/recorded-value.ts'
import { encodeValue } from '../artifact/value-bytes.ts'
import type { RowChange } from '../commit.ts'
import type { LargeValue } from '../run/recorded.ts'
import { sizeOfValue } from '../state/value-size.ts'
import type { JsonObject } from './json.ts'

/** An event's data of which the largest fields stand in contents. */
export interface PreparedFields {
  readonly data: JsonObject
  readonly rows: readonly RowChange[]
  readonly contents: readonly PreparedContent[]
}

/** Takes the largest fields of an event's data out of it until the rest is small enough to stand on the timeline. */
export async function prepareFields(
  intake: Intake,
  data: JsonObject,
  fields: readonly string[],
): Promise<PreparedFields> {
  const large: Record<string, LargeValue> = {}
  const contents: PreparedContent[] = []
  let rest = data
  try {
    while (sizeOfValue(rest) > INLINE_LIMIT_BYTES) {
      const field = largestOf(rest, fields)
      if (field === undefined) break
      const content = await intake.take(bytesSource(encodeValue(rest[field] ?? null)))
      contents.push(content)
      large[field] = { content: content.hash, sizeBytes: content.sizeBytes }
      rest = { ...rest, [field]: null }
    }
  } catch (error) {
    for (const content of contents) await intake.abandon(content)
    throw error
  }
  if (contents.length === 0) return { data, rows: [], contents }
  return { data: { ...rest, large: toData(large) }, rows: contents.flatMap(rowsOfContent), contents }
}

function largestOf(data: JsonObject, fields: readonly string[]): string | undefined {
  let found: string | undefined
  let size = 0
  for (const field of fields) {
    const value = data[field]
    if (value === undefined || value === null || sizeOfValue(value) <= size) continue
    found = field
    size = sizeOfValue(value)
  }
  return found
}

function toData(large: Readonly<Record<string, LargeValue>>): JsonObject {
  return Object.fromEntries(
    Object.entries(large).map(([field, { content, sizeBytes }]) => [field, { content, sizeBytes }]),
  )
}
